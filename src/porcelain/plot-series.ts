import type { ValueArray } from '../core/column.ts'
import { VarveError } from '../core/errors.ts'
import { sliceFrame } from '../core/frame.ts'
import type { ObjectReader } from '../core/objects.ts'
import {
  bucketStarts,
  type Place,
  type PlaceRange,
  PlotBuckets,
  plainNumbers,
} from '../core/plot-buckets.ts'
import type { Frame } from '../core/schema.ts'
import type { Series } from '../core/series.ts'
import { readRows } from '../core/series-read.ts'
import { unitOf } from '../core/settings.ts'
import { settingsFor } from '../core/tree.ts'
import { openZoneUnlessUtc, type Zone } from '../core/zone.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { AsOfResult } from '../plumbing/resolve-as-of.ts'
import type { SeriesName } from '../plumbing/resolve-series.ts'
import { shownZone } from '../plumbing/series-zone.ts'
import type { PlotData, PlotLine, PlotPoint } from './plot-data.ts'
import { BucketKeys } from './plot-keys.ts'
import { type PlotRange, planPlot, type RowSpan } from './plot-plan.ts'
import { AxisPlaces, placeUnit, shareAxis } from './plot-range.ts'
import { type PlotVersion, plottedColumns, plotVersions } from './plot-versions.ts'
import { watched } from './read-rows.ts'

export interface PlotSeriesOptions extends SeriesName {
  /** The version to lay beside it: a revision, or `REV:SERIES`. */
  readonly against?: string | undefined
  /** All columns of numbers unless given. */
  readonly columns?: readonly string[] | undefined
  /** All rows unless given. */
  readonly range?: PlotRange | undefined
  /** How many values a line has. */
  readonly buckets: number
  /** The zone of bounds without an offset and of ticks; the series' own unless given. */
  readonly zone?: string | undefined
  /** Told how many rows were read, some thousand at a time. */
  readonly onRows?: ((rows: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PlotSeriesResult extends PlotData {
  /** The commit that `asOf` chose. */
  readonly asOf?: AsOfResult | undefined
}

/** More than any chart has dots, and few enough to hold. */
const MOST_BUCKETS = 100_000

/**
 * The values of a series over a range, reduced to buckets; of two versions where they are compared. Only
 * segments in the range and the columns wanted are read, a frame at a time.
 *
 * Errors as `resolveSeries` and `boundsFor`; `column-not-found`; `usage` for columns without numbers and for
 * a range that is none; `interrupted`.
 */
export async function plotSeries(
  repo: Repository,
  options: PlotSeriesOptions,
): Promise<PlotSeriesResult> {
  const { buckets } = options
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > MOST_BUCKETS) {
    throw new VarveError('usage', `a chart has 1 to ${MOST_BUCKETS} buckets, not ${buckets}`)
  }
  const found = await plotVersions(repo, options, options.against)
  const columns = await plottedColumns(repo, found, options.columns)
  const newest = (found.after ?? found.before)!
  const index = newest.series.schema.columns[0]!
  const isComparable =
    found.before !== undefined && shareAxis(index.type, typeOf(found.before.series))
  const versions = { after: found.after, before: isComparable ? found.before : undefined }
  const drawn = [versions.after, versions.before].flatMap((version) => version?.series ?? [])
  const zone = await zoneOf(repo, newest, options)
  const settings = await settingsFor(repo.objects, newest.tree, newest.path)
  const places = new AxisPlaces(drawn)
  const planning = { reader: repo.objects, places, drawn, zone }
  const plan = await planPlot(planning, versions, options.range)
  const range = places.widened(plan.range ?? { from: 0, to: 1 })
  const read = async (version: PlotVersion | undefined, side: 'after' | 'before') =>
    version &&
    readLines(repo.objects, version.series, {
      ...options,
      columns: columns.flatMap((column) => column[side] ?? []),
      places,
      range,
      shownIn: zone,
      span: plan.spanOf(version.series),
    })
  const after = await read(versions.after, 'after')
  const before = await read(versions.before, 'before')
  const positions = ({ from, to }: PlaceRange) => ({
    from: places.positionOf(from),
    to: places.positionOf(to),
  })
  return {
    path: found.path,
    against: found.before?.path,
    axis: { name: index.name, kind: places.kind, type: index.type, zone },
    ...positions(range),
    exact:
      typeof range.from === 'bigint' ? { from: range.from, to: range.to as bigint } : undefined,
    extent: plan.extent && positions(plan.extent),
    columns: columns.map((column) => ({
      name: column.name,
      unit: unitOf(settings, column.name),
      after: column.after === undefined ? undefined : after?.lines.get(column.after),
      before: column.before === undefined ? undefined : before?.lines.get(column.before),
    })),
    rows: after?.rows ?? 0,
    rowsBefore: before?.rows,
    asOf: found.asOf,
  }
}

const typeOf = (series: Series) => series.schema.columns[0]!.type

async function zoneOf(
  repo: Repository,
  { tree, path }: PlotVersion,
  { zone }: PlotSeriesOptions,
): Promise<Zone | undefined> {
  return zone === undefined ? shownZone(repo.objects, tree, path) : openZoneUnlessUtc(zone)
}

interface Reading extends Pick<PlotSeriesOptions, 'buckets' | 'onRows' | 'signal'> {
  readonly columns: readonly string[]
  readonly places: AxisPlaces
  readonly range: PlaceRange
  readonly shownIn: Zone | undefined
  readonly span: RowSpan
}

interface ReadLines {
  readonly lines: ReadonlyMap<string, PlotLine>
  readonly rows: number
}

/** Reads the rows of a span, and the one before and behind it. */
async function readLines(
  reader: ObjectReader,
  series: Series,
  { columns, places, range, shownIn, span, buckets, onRows, signal }: Reading,
): Promise<ReadLines> {
  const type = typeOf(series)
  const starts = bucketStarts(range, buckets, places.isExact ? placeUnit(type) : 1n)
  const reduced = new PlotBuckets(starts, columns.length)
  const { schema } = series
  const { indexCount } = schema
  const keys = places.kind === 'row' ? new BucketKeys(buckets, schema, shownIn) : undefined
  const offset = Math.max(0, span.start - 1)
  const window = { offset, limit: Math.min(series.rows, span.end + 1) - offset, columns }
  let row = offset
  let previous: PlotPoint[] | undefined
  let next: PlotPoint[] | undefined
  const placeOf = (value: Place) => (places.kind === 'row' ? value : places.placeOf(value, type))
  const pointsOf = (frame: Frame, at: number): PlotPoint[] => {
    const position = places.positionOf(placeOf(placesOf(frame, row, places)[at]!))
    return frame.columns.slice(indexCount).map((column) => {
      const number = plainNumbers(column)[at]!
      return { at: position, value: Number.isFinite(number) ? number : Number.NaN }
    })
  }
  for await (const frame of watched(readRows(reader, series, window), { onRows, signal })) {
    if (row < span.start) previous = pointsOf(frame, 0)
    if (row + frame.rows > span.end) next = pointsOf(frame, frame.rows - 1)
    const from = Math.max(0, span.start - row)
    const inside = sliceFrame(frame, from, Math.max(from, Math.min(frame.rows, span.end - row)))
    reduced.add(placesOf(inside, row + from, places), inside.columns.slice(indexCount))
    keys?.add(inside, row + from, reduced)
    row += frame.rows
  }
  const { positions } = reduced
  const placed = (values: readonly (Place | undefined)[]) =>
    values.map((value) => (value === undefined ? undefined : placeOf(value)))
  const shared = {
    positions,
    firstAt: placed(reduced.firstAt),
    lastAt: placed(reduced.lastAt),
    ...(keys && { firstKey: keys.first, lastKey: keys.last }),
  }
  const step = meanStep(series, places)
  return {
    lines: new Map(
      columns.map((name, i) => [
        name,
        { ...reduced.lines[i]!, ...shared, step, previous: previous?.[i], next: next?.[i] },
      ]),
    ),
    rows: reduced.rows,
  }
}

function meanStep(series: Series, places: AxisPlaces): number | undefined {
  const { schema, rows } = series
  if (schema.duplicates || schema.indexCount > 1 || rows < 2) return undefined
  if (places.kind === 'row') return 1
  const { from, to } = places.extent([series])!
  return (places.positionOf(to) - places.positionOf(from)) / (rows - 1)
}

/** Where the rows of a frame lie, in units of its index type. */
function placesOf(frame: Frame, row: number, { kind }: AxisPlaces): ValueArray {
  if (kind !== 'row') return frame.columns[0]!.values
  return Float64Array.from({ length: frame.rows }, (_, i) => row + i)
}
