import type { Context } from '../../cli/context.ts'
import { breakText, type CheckChange, checkQuality, type SeriesBreak } from '../validate.ts'

/** Breaks that are named before a commit is refused. */
const SHOWN = 20

/** Refuses what breaks quality rules, and tells the user where; undefined under `--no-verify`. */
export function checkRules(context: Context, noVerify: boolean): CheckChange | undefined {
  if (noVerify) return undefined
  return (before, after, reader) =>
    checkQuality(reader, before, after, { onBreak: noteBreaks(context) })
}

/** Tells the user where a change breaks rules, as far as the error that follows does not. */
function noteBreaks(context: Context): (found: SeriesBreak) => void {
  let told = 0
  return (found) => {
    if (!context.json && told++ < SHOWN) context.note(breakText(found))
  }
}
