import type { ColumnType } from '../core/column.ts'
import type { BucketLine, Place } from '../core/plot-buckets.ts'
import type { Zone } from '../core/zone.ts'

/**
 * The values of a series over a range of its first index column, reduced to buckets of equal width: what a
 * chart of that many dots across can show, and no more.
 */
export interface PlotData {
  /** What the series is called. */
  readonly path: string
  /** What it is called in the other version; undefined where it is not there, or none is compared. */
  readonly against?: string | undefined
  readonly axis: PlotAxis
  /** The range that the buckets cover, ends included, in units of the axis. */
  readonly from: number
  readonly to: number
  /**
   * The same range where numbers may round it: nanoseconds since 1970 of times and dates, and of numbers
   * whole ones that a double may not hold.
   */
  readonly exact?: { readonly from: bigint; readonly to: bigint } | undefined
  /** From the first row of either version to the last; undefined where neither has one. */
  readonly extent: { readonly from: number; readonly to: number } | undefined
  readonly columns: readonly PlotColumn[]
  /** Rows of the newer version in the range, and of the other one. */
  readonly rows: number
  readonly rowsBefore?: number | undefined
}

/** What the horizontal axis counts. */
export interface PlotAxis {
  /** The index column. */
  readonly name: string
  /** `row` where the index is no time, date or number: positions are then row numbers from 0. */
  readonly kind: 'time' | 'date' | 'number' | 'row'
  readonly type: ColumnType
  /** The zone of ticks; UTC unless given. Positions of times are seconds since 1970, of dates days. */
  readonly zone?: Zone | undefined
}

export interface PlotColumn {
  readonly name: string
  /** From the settings of the series, where it says one. */
  readonly unit?: string | undefined
  /** Undefined where that version has no such column of numbers. */
  readonly after: PlotLine | undefined
  /** Only where two versions are compared. */
  readonly before?: PlotLine | undefined
}

/** One version of a column, a value a bucket. All arrays have as many entries as there are buckets. */
export interface PlotLine extends BucketLine {
  /** Different positions among the rows of the range: how far apart they mostly are follows from it. */
  readonly positions: number
  /**
   * Where the first and the last row of each bucket are, exact, whatever `from` and `to` round: in units of `exact`
   * where the plot has it, else positions. Undefined where there is no row.
   */
  readonly firstAt: readonly (Place | undefined)[]
  readonly lastAt: readonly (Place | undefined)[]
  /** Their keys, as texts; only where the axis counts rows. */
  readonly firstKey?: readonly (string | undefined)[] | undefined
  readonly lastKey?: readonly (string | undefined)[] | undefined
  /** How far rows of the whole series are apart in the mean; undefined where several may share a position. */
  readonly step?: number | undefined
  /** The nearest rows outside the range, towards which the line goes on; value NaN where it has none. */
  readonly previous?: PlotPoint | undefined
  readonly next?: PlotPoint | undefined
}

export interface PlotPoint {
  readonly at: number
  readonly value: number
}
