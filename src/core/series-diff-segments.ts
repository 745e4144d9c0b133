import { compareBytes } from './bytes.ts'
import type { Column, ColumnType } from './column.ts'
import { widenColumn } from './column-ops.ts'
import { encodeKeys, type Keys } from './key.ts'
import type { ObjectReader } from './objects.ts'
import { rangeEntries } from './prolly.ts'
import { formatOf, type Series } from './series.ts'
import { LoadedSegment, ranks } from './series-load.ts'
import { isAfter, isBefore, type KeyRange } from './series-range.ts'
import type { SegmentEntry } from './series-segment.ts'

/** A segment of one of the two series. */
export class DiffSegment extends LoadedSegment {
  readonly #indexTypes: readonly ColumnType[]
  /** Whether the keys to compare by are those that the entry has. */
  readonly keysAreStored: boolean
  readonly #duplicates: boolean
  #comparable: Promise<Keys> | undefined

  constructor(
    reader: ObjectReader,
    series: Series,
    entry: SegmentEntry,
    indexTypes: readonly ColumnType[],
  ) {
    super(reader, series.schema, entry)
    this.#indexTypes = indexTypes
    this.keysAreStored = indexTypes.every((type, i) => type === series.schema.columns[i]!.type)
    this.#duplicates = series.schema.duplicates
  }

  /** Keys in the types that both series' index columns can have. */
  override keys(): Promise<Keys> {
    if (this.keysAreStored) return super.keys()
    this.#comparable ??= this.#widenedKeys()
    return this.#comparable
  }

  override async keysOf(rows: Int32Array): Promise<{ keys: Keys; places: Int32Array }> {
    return this.keysAreStored ? super.keysOf(rows) : { keys: await this.keys(), places: rows }
  }

  async #widenedKeys(): Promise<Keys> {
    const columns: Column[] = []
    for (const [i, type] of this.#indexTypes.entries()) {
      columns.push(widenColumn(await this.column(i), type))
    }
    const keys = encodeKeys(columns)
    return this.#duplicates ? encodeKeys(columns, ranks(keys, this.entry.key)) : keys
  }
}

/** Segments with the same first key, or one that the other series has not. */
export interface SegmentPair {
  readonly old: SegmentEntry | undefined
  readonly new: SegmentEntry | undefined
}

/** Some segments of either series that no others overlap. */
export interface Stretch {
  old: SegmentEntry[]
  new: SegmentEntry[]
}

/** Differing segments, by first key, as stretches; segments outside the range are left out. */
export async function* overlapping(
  changes: AsyncIterable<SegmentPair>,
  range: KeyRange,
): AsyncGenerator<Stretch> {
  let stretch: Stretch = { old: [], new: [] }
  let last: Uint8Array | undefined
  const inRange = (entry: SegmentEntry | undefined) =>
    entry === undefined || isBefore(range, entry.last) || isAfter(range, entry.key)
      ? undefined
      : entry
  for await (const change of changes) {
    const old = inRange(change.old)
    const fresh = inRange(change.new)
    const key = old?.key ?? fresh?.key
    if (key === undefined) continue
    if (last !== undefined && compareBytes(key, last) > 0) {
      yield stretch
      stretch = { old: [], new: [] }
      last = undefined
    }
    if (old !== undefined) stretch.old.push(old)
    if (fresh !== undefined) stretch.new.push(fresh)
    for (const entry of [old, fresh]) {
      if (entry !== undefined && (last === undefined || compareBytes(entry.last, last) > 0)) {
        last = entry.last
      }
    }
  }
  if (last !== undefined) yield stretch
}

/** The segments of both series by first key, those with equal first keys together. */
export async function* allEntries(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
): AsyncGenerator<SegmentPair> {
  const a = rangeEntries(reader, formatOf(old.schema), old.root)
  const b = rangeEntries(reader, formatOf(fresh.schema), fresh.root)
  let x = (await a.next()).value as SegmentEntry | undefined
  let y = (await b.next()).value as SegmentEntry | undefined
  while (x !== undefined || y !== undefined) {
    const order = x === undefined ? 1 : y === undefined ? -1 : compareBytes(x.key, y.key)
    yield { old: order <= 0 ? x : undefined, new: order >= 0 ? y : undefined }
    if (order <= 0) x = (await a.next()).value as SegmentEntry | undefined
    if (order >= 0) y = (await b.next()).value as SegmentEntry | undefined
  }
}

/** All segments as one stretch: where the keys of one side have to be made anew to compare. */
export async function* wholeSeries(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
): AsyncGenerator<Stretch> {
  const stretch: Stretch = { old: [], new: [] }
  for await (const { old: a, new: b } of allEntries(reader, old, fresh)) {
    if (a !== undefined) stretch.old.push(a)
    if (b !== undefined) stretch.new.push(b)
  }
  yield stretch
}
