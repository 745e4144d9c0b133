import type { ColumnClock } from './column-clock.ts'
import type { DateLayout } from './date-layout.ts'

/** How the cells of a column are written, where that is not as usual. */
export interface CellForm {
  /** The mark in front of a fraction is a comma. */
  readonly comma?: boolean | undefined
  /** How dates and times are written; ISO 8601 unless given. */
  readonly layout?: DateLayout | undefined
  /** The clock that times without an offset are of; UTC unless given. */
  readonly clock?: ColumnClock | undefined
}
