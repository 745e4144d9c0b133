import { type BoundTexts, boundsFor, type KeyBounds } from '../core/bounds.ts'
import { scalarAt } from '../core/column-ops.ts'
import { encodeKeyPrefix } from '../core/key.ts'
import type { ObjectReader } from '../core/objects.ts'
import type { PlaceRange } from '../core/plot-buckets.ts'
import type { Series } from '../core/series.ts'
import { diffStat } from '../core/series-diff.ts'
import { countRows, readRows } from '../core/series-read.ts'
import type { Zone } from '../core/zone.ts'
import { type AxisPlaces, hull, keyBoundsOf, overlap } from './plot-range.ts'
import type { PlotVersions } from './plot-versions.ts'

/** A range in units of the axis. */
export interface PositionRange {
  readonly from: number
  readonly to: number
}

/**
 * What a chart shows: bounds as texts, of which it shows what has rows; a range, which it shows as it is; or
 * `change`: around the rows that differ between the versions.
 */
export type PlotRange = BoundTexts | PositionRange | 'change'

/** Row numbers of one version, `end` excluded. */
export interface RowSpan {
  readonly start: number
  readonly end: number
}

export interface PlotPlan {
  /** Undefined where there is no row to show. */
  readonly range: PlaceRange | undefined
  /** What all rows lie in. */
  readonly extent: PlaceRange | undefined
  /** Which rows are in the range, of each version. */
  spanOf(series: Series): RowSpan
}

export interface Planning {
  readonly reader: ObjectReader
  readonly places: AxisPlaces
  /** The newer one first. */
  readonly drawn: readonly Series[]
  readonly zone: Zone | undefined
}

/** Finds the rows that a range means. Reads index columns of at most four segments of each version. */
export async function planPlot(
  planning: Planning,
  versions: Pick<PlotVersions, 'after' | 'before'>,
  asked: PlotRange | undefined,
): Promise<PlotPlan> {
  const { places, drawn } = planning
  const extent = extentOf(planning)
  const whole = new Map(drawn.map((series) => [series, { start: 0, end: series.rows }]))
  const all: PlotPlan = { range: extent, extent, spanOf: (series) => whole.get(series)! }
  if (asked === undefined || extent === undefined) return all
  if (asked === 'change') {
    const range = await changedRange(planning, versions, extent)
    return range === undefined ? all : { ...(await within(planning, range)), extent }
  }
  if (isPositions(asked)) {
    const [from, to] = [places.placeAt(asked.from), places.placeAt(asked.to)]
    const range = (from <= to ? { from, to } : { from: to, to: from }) as PlaceRange
    return { ...(await within(planning, range)), extent }
  }
  return { ...(await withinTexts(planning, asked)), extent }
}

function isPositions(range: BoundTexts | PositionRange): range is PositionRange {
  return typeof range.from === 'number' && typeof range.to === 'number'
}

function extentOf({ places, drawn }: Planning): PlaceRange | undefined {
  if (places.kind !== 'row') return places.extent(drawn)
  const rows = Math.max(...drawn.map((series) => series.rows))
  return rows === 0 ? undefined : { from: 0, to: rows - 1 }
}

async function within(planning: Planning, range: PlaceRange): Promise<Omit<PlotPlan, 'extent'>> {
  const { reader, places, drawn } = planning
  const spans = new Map<Series, RowSpan>()
  for (const series of drawn) {
    if (places.kind === 'row') {
      const start = Math.max(0, Math.ceil(Number(range.from)))
      spans.set(series, { start, end: Math.min(series.rows, Math.floor(Number(range.to)) + 1) })
    } else {
      const bounds = keyBoundsOf(series.schema.columns[0]!.type, range)
      spans.set(series, bounds ? await rowsWithin(reader, series, bounds) : NO_ROWS)
    }
  }
  return { range, spanOf: (series) => spans.get(series)! }
}

const NO_ROWS: RowSpan = { start: 0, end: 0 }

/** The rows between bounds of keys. Without rows, the place where they would be. */
async function rowsWithin(
  reader: ObjectReader,
  series: Series,
  { from, to }: KeyBounds,
): Promise<RowSpan> {
  const start =
    from === undefined
      ? 0
      : await countRows(reader, series, { to: { ...from, inclusive: !from.inclusive } })
  const end = to === undefined ? series.rows : await countRows(reader, series, { to })
  return { start, end: Math.max(start, end) }
}

async function withinTexts(
  { reader, places, drawn, zone }: Planning,
  texts: BoundTexts,
): Promise<Omit<PlotPlan, 'extent'>> {
  const spans = new Map<Series, RowSpan>()
  let range: PlaceRange | undefined
  for (const series of drawn) {
    const span = await rowsWithin(reader, series, boundsFor(series.schema, texts, zone))
    spans.set(series, span)
    if (span.start === span.end) continue
    const [from, to] = [span.start, span.end - 1]
    const own =
      places.kind === 'row'
        ? { from, to }
        : ({
            from: places.placeOf(await indexValue(reader, series, from), typeOf(series)),
            to: places.placeOf(await indexValue(reader, series, to), typeOf(series)),
          } as PlaceRange)
    range = range === undefined ? own : hull(range, own)
  }
  return { range, spanOf: (series) => spans.get(series)! }
}

const typeOf = (series: Series) => series.schema.columns[0]!.type

/** The first index value of a row. */
async function indexValue(reader: ObjectReader, series: Series, row: number) {
  const window = { offset: row, limit: 1, columns: [] }
  for await (const { columns } of readRows(reader, series, window)) return scalarAt(columns[0]!, 0)
  return null
}

/** How much of what is around a change is shown with it: a part of its length, and steps between rows. */
const MARGIN_PART = 0.15
const MARGIN_ROWS = 15

/** The rows that differ, with a margin; undefined where none do, or no row of one can be one of the other. */
async function changedRange(
  { reader, places, drawn }: Planning,
  { after, before }: Pick<PlotVersions, 'after' | 'before'>,
  extent: PlaceRange,
): Promise<PlaceRange | undefined> {
  if (after === undefined || before === undefined) return undefined
  const types = [after, before].map(({ series }) => typeOf(series))
  if (types[0] !== types[1]) return undefined
  const { firstKey, lastKey } = await diffStat(reader, before.id, after.id)
  if (firstKey === undefined || lastKey === undefined) return undefined
  const newest = after.series.rows > 0 ? after.series : before.series
  const placeOf = async (key: typeof firstKey) => {
    if (places.kind !== 'row') return places.placeOf(key[0]!, types[0]!)
    const { columns, indexCount } = newest.schema
    const ofIndex = columns.slice(0, indexCount).map(({ type }) => type)
    const bound = { key: encodeKeyPrefix(ofIndex, key), inclusive: false }
    return countRows(reader, newest, { to: bound })
  }
  const changed = { from: await placeOf(firstKey), to: await placeOf(lastKey) } as PlaceRange
  const rows = Math.max(...drawn.map((series) => series.rows))
  return overlap(extent, withMargin(changed, extent, rows)) ?? changed
}

function withMargin(changed: PlaceRange, extent: PlaceRange, rows: number): PlaceRange {
  if (typeof changed.from === 'bigint') {
    const [from, to] = [changed.from, changed.to as bigint]
    const step = ((extent.to as bigint) - (extent.from as bigint)) / BigInt(Math.max(1, rows - 1))
    const part = ((to - from) * BigInt(Math.round(MARGIN_PART * 100))) / 100n
    const margin = part > step * BigInt(MARGIN_ROWS) ? part : step * BigInt(MARGIN_ROWS)
    return { from: from - margin, to: to + margin }
  }
  const [from, to] = [changed.from, changed.to as number]
  const step = ((extent.to as number) - (extent.from as number)) / Math.max(1, rows - 1)
  const margin = Math.max((to - from) * MARGIN_PART, step * MARGIN_ROWS)
  return { from: from - margin, to: to + margin }
}
