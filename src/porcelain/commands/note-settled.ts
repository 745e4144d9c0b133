import type { Context } from '../../cli/context.ts'
import type { SeriesConflicts } from '../../plumbing/merge-state.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { conflictCount } from '../three-way.ts'

/** Series that are named one by one. */
const MOST_SERIES = 5

/** Says which conflicts of a merge were settled by what is staged. */
export function noteSettled(context: Context, settled: readonly SeriesConflicts[]): void {
  for (const { series, conflicts } of settled.slice(0, MOST_SERIES)) {
    context.note(`${conflictCount(conflicts)} of ${readablePath(series)} settled by what is staged`)
  }
  const more = settled.length - MOST_SERIES
  if (more > 0) context.note(`and those of ${more.toLocaleString('en-US')} more series`)
}
