import type { Context } from '../../cli/context.ts'
import { breakText, type SeriesBreak } from '../validate.ts'

/** Breaks that are named before a commit is refused. */
const SHOWN = 20

/** Tells the user where a change breaks rules, as far as the error that follows does not. */
export function noteBreaks(context: Context): (found: SeriesBreak) => void {
  let told = 0
  return (found) => {
    if (!context.json && told++ < SHOWN) context.note(breakText(found))
  }
}
