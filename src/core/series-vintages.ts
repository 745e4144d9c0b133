import { compareBytes } from './bytes.ts'
import type { ColumnType } from './column.ts'
import type { ObjectReader } from './objects.ts'
import { diffEntries } from './prolly.ts'
import { formatOf, type Series } from './series.ts'
import { type DiffPiece, diffPieces } from './series-diff-rows.ts'
import { allSegments, hasKeysOf, overlapping } from './series-diff-segments.ts'
import { ALL_KEYS, afterPrefix, type KeyRange } from './series-range.ts'
import { matchPlanned, type PlannedVersion, type VintagePlan } from './vintage-plan.ts'
import { type VintageBatch, VintageRows } from './vintage-rows.ts'

/**
 * All rows that some versions of a series had in a range of keys, each with the versions between which it
 * was so; in key order. Of two consecutive versions only the segments that differ are read, and what all
 * versions share once. Holds the changes of the segments that overlap, in one version or another.
 */
export async function* seriesVintages(
  reader: ObjectReader,
  plan: VintagePlan,
  range: KeyRange = ALL_KEYS,
): AsyncGenerator<VintageBatch> {
  const { versions } = plan
  const newest = versions.at(-1)!
  let from = range.from
  for (const band of await findBands(reader, plan, range)) {
    const before = { from, to: band.range.from }
    // Where no version changed anything the newest stands for all.
    if (before.to !== undefined && isSome(before)) yield* sharedRows(reader, plan, newest, before)
    const rows = new VintageRows(plan.schema)
    for (const version of [firstVersion(versions), ...band.versions]) {
      await addChanges(reader, plan, version, band.range, rows)
    }
    yield rows.finish()
    from = band.range.to
    if (from === undefined) return
  }
  const after = { from, to: range.to }
  if (isSome(after)) yield* sharedRows(reader, plan, newest, after)
}

function isSome({ from, to }: KeyRange): boolean {
  return from === undefined || to === undefined || compareBytes(from, to) < 0
}

function firstVersion(versions: VintagePlan['versions']): number {
  return versions.findIndex((version) => version !== undefined)
}

/** Rows that all versions have. */
async function* sharedRows(
  reader: ObjectReader,
  plan: VintagePlan,
  version: PlannedVersion | undefined,
  range: KeyRange,
): AsyncGenerator<VintageBatch> {
  for await (const { new: segment, rows } of changes(reader, plan, undefined, version, range)) {
    const one = new VintageRows(plan.schema)
    const numbers = rows === 'all' ? rows : Uint32Array.from(rows.new)
    await one.add(firstVersion(plan.versions), segment!, version!.positions, numbers, false)
    yield one.finish()
  }
}

/** Adds what a version has otherwise than the one before it. */
async function addChanges(
  reader: ObjectReader,
  plan: VintagePlan,
  version: number,
  range: KeyRange,
  into: VintageRows,
): Promise<void> {
  const old = plan.versions[version - 1]
  const fresh = plan.versions[version]
  for await (const piece of changes(reader, plan, old, fresh, range)) {
    const { rows } = piece
    if (rows === 'all') {
      const [segment, of] = piece.new === undefined ? [piece.old!, old!] : [piece.new, fresh!]
      await into.add(version, segment, of.positions, rows, piece.new === undefined)
      continue
    }
    const gone = rows.old.filter((_, i) => rows.new[i]! < 0)
    if (gone.length > 0) {
      await into.add(version, piece.old!, old!.positions, Uint32Array.from(gone), true)
    }
    const here = rows.new.filter((row) => row >= 0)
    if (here.length > 0) {
      await into.add(version, piece.new!, fresh!.positions, Uint32Array.from(here), false)
    }
  }
}

async function* changes(
  reader: ObjectReader,
  plan: VintagePlan,
  old: PlannedVersion | undefined,
  fresh: PlannedVersion | undefined,
  range: KeyRange,
): AsyncGenerator<DiffPiece> {
  const a = old ?? emptied(fresh)
  const b = fresh ?? emptied(old)
  if (a === undefined || b === undefined) return
  yield* diffPieces(reader, a.series, b.series, matchPlanned(plan, a, b), { range })
}

function emptied(version: PlannedVersion | undefined): PlannedVersion | undefined {
  if (version === undefined) return undefined
  const series: Series = { ...version.series, root: { level: 0, entries: [] }, rows: 0 }
  return { ...version, series }
}

/** Keys whose rows some version changed, and which did. */
interface Band {
  readonly range: KeyRange
  readonly versions: number[]
}

interface Interval {
  readonly from: Uint8Array | undefined
  /** Exclusive. */
  readonly to: Uint8Array | undefined
  readonly version: number
}

/** Ascending and apart; found by ids of segments and nodes alone. */
async function findBands(
  reader: ObjectReader,
  plan: VintagePlan,
  range: KeyRange,
): Promise<Band[]> {
  const intervals: Interval[] = []
  for (let version = firstVersion(plan.versions) + 1; version < plan.versions.length; version++) {
    const old = plan.versions[version - 1]
    const fresh = plan.versions[version]
    if (old === undefined && fresh === undefined) continue
    for await (const interval of intervalsOf(reader, plan, old, fresh, range)) {
      const from = later(interval.from, range.from)
      const to = earlier(interval.to, range.to)
      if (isSome({ from, to })) intervals.push({ from, to, version })
    }
  }
  intervals.sort((a, b) => compareStarts(a.from, b.from) || a.version - b.version)
  const bands: { range: { from: KeyRange['from']; to: KeyRange['to'] }; versions: Set<number> }[] =
    []
  for (const { from, to, version } of intervals) {
    const last = bands.at(-1)
    if (last !== undefined && overlaps(last.range.to, from)) {
      last.range.to =
        last.range.to === undefined || to === undefined ? undefined : latest(last.range.to, to)
      last.versions.add(version)
    } else {
      bands.push({ range: { from, to }, versions: new Set([version]) })
    }
  }
  return bands.map(({ range, versions }) => ({
    range,
    versions: [...versions].sort((a, b) => a - b),
  }))
}

async function* intervalsOf(
  reader: ObjectReader,
  plan: VintagePlan,
  old: PlannedVersion | undefined,
  fresh: PlannedVersion | undefined,
  range: KeyRange,
): AsyncGenerator<KeyRange> {
  const a = (old ?? emptied(fresh))!
  const b = (fresh ?? emptied(old))!
  const { aligned, indexTypes } = matchPlanned(plan, a, b)
  if (old === undefined || !aligned || !hasKeysOf(b.series.schema, indexTypes)) {
    yield* allIntervals(reader, a.series, b.series, indexTypes, range)
    return
  }
  const { schema, root } = b.series
  for await (const change of diffEntries(reader, formatOf(schema), a.series.root, root)) {
    const ends = [change.old?.last, change.new?.last].filter((last) => last !== undefined)
    const last = ends.reduce((a, b) => latest(a, b))
    yield { from: change.key, to: afterPrefix(last) }
  }
}

/** Rows of the two versions that are held at once, where equal segments do not mean equal rows. */
const HELD_ROWS = 131_072

/** All keys of either series, some segments at a time. */
async function* allIntervals(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
  indexTypes: readonly ColumnType[],
  range: KeyRange,
): AsyncGenerator<KeyRange> {
  let from: Uint8Array | undefined
  let last: Uint8Array | undefined
  let rows = 0
  const pairs = allSegments(reader, old, fresh, indexTypes, range)
  for await (const stretch of overlapping(pairs, range)) {
    for (const segment of [...stretch.old, ...stretch.new]) {
      from = from === undefined ? segment.first : earliest(from, segment.first)
      last = last === undefined ? segment.last : latest(last, segment.last)
      rows += segment.rows
    }
    if (rows < HELD_ROWS) continue
    yield { from, to: afterPrefix(last!) }
    from = undefined
    last = undefined
    rows = 0
  }
  if (last !== undefined) yield { from, to: afterPrefix(last) }
}

function earliest(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) <= 0 ? a : b
}

function latest(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) >= 0 ? a : b
}

function later(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  return a === undefined || b === undefined ? (a ?? b) : latest(a, b)
}

function earlier(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return earliest(a, b)
}

function compareStarts(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  return compareBytes(a, b)
}

function overlaps(end: Uint8Array | undefined, from: Uint8Array | undefined): boolean {
  return end === undefined || from === undefined || compareBytes(from, end) < 0
}
