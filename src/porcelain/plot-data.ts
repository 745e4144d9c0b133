import type { ColumnType } from '../core/column.ts'
import type { Zone } from '../core/zone.ts'

/**
 * The values of a series over a range of its first index column, reduced to buckets of equal width: what a
 * chart of that many dots across can show, and no more.
 */
export interface PlotData {
  /** What the series is called. */
  readonly path: string
  readonly axis: PlotAxis
  /** The range that the buckets cover, ends included, in units of the axis. */
  readonly from: number
  readonly to: number
  /** What the newer version has at its ends; undefined where neither version has a row. */
  readonly extent: { readonly from: number; readonly to: number } | undefined
  readonly columns: readonly PlotColumn[]
  /** Rows of the newer version in the range. */
  readonly rows: number
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
export interface PlotLine {
  /** The smallest and the largest value of the bucket; NaN where there is none. */
  readonly low: Float64Array
  readonly high: Float64Array
  /** The first and last value, so that lines join where they do; NaN where there is none. */
  readonly first: Float64Array
  readonly last: Float64Array
  /** Rows of the bucket, and how many of them have null, NaN or an infinity in this column. */
  readonly rows: Uint32Array
  readonly missing: Uint32Array
}
