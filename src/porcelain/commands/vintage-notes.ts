import type { Context } from '../../cli/context.ts'
import { count } from '../change-summary.ts'
import type { VintageNotes } from '../select-vintages.ts'

/** Says which versions of a series are not among its vintages. */
export function noteVintages({ passing, otherKeys }: VintageNotes, context: Context): void {
  if (passing > 0) {
    const were = passing === 1 ? 'was' : 'were'
    context.note(
      `${count(passing, 'version')} ${were} followed by another in the same second: left out`,
    )
  }
  if (otherKeys > 0) {
    context.note(
      `${count(otherKeys, 'version')} at the beginning had other index columns: left out`,
    )
  }
}
