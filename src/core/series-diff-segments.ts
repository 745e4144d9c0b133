import { compareBytes } from './bytes.ts'
import type { Column, ColumnType } from './column.ts'
import { columnOf } from './column-builder.ts'
import { scalarAt, widenColumn } from './column-ops.ts'
import { encodeKeyPrefix, encodeKeys, type Keys } from './key.ts'
import type { ObjectReader } from './objects.ts'
import { rangeEntries } from './prolly.ts'
import type { Schema } from './schema.ts'
import { formatOf, keyValues, type Series } from './series.ts'
import { LoadedSegment, ranks } from './series-load.ts'
import { isAfter, isBefore, type KeyRange } from './series-range.ts'
import type { SegmentEntry } from './series-segment.ts'

/** Whether the keys of a series are those of index columns of these types. */
export function hasKeysOf({ columns }: Schema, types: readonly ColumnType[]): boolean {
  return types.every((type, i) => type === columns[i]!.type)
}

/** An encoded key of a series as it is with index columns of wider types. */
export function keyAs(schema: Schema, key: Uint8Array, types: readonly ColumnType[]): Uint8Array {
  if (hasKeysOf(schema, types)) return key
  const values = keyValues(schema, key)
  const widened = types.map((type, i) =>
    scalarAt(widenColumn(columnOf(schema.columns[i]!.type, [values[i]!]), type), 0),
  )
  const prefix = encodeKeyPrefix(types, widened)
  return schema.duplicates ? Buffer.concat([prefix, key.subarray(-4)]) : prefix
}

/** A segment of one of the two series. */
export class DiffSegment extends LoadedSegment {
  readonly #indexTypes: readonly ColumnType[]
  /** Whether the keys to compare by are those that the entry has. */
  readonly keysAreStored: boolean
  /** The first key, and the last, as they are compared. */
  readonly first: Uint8Array
  readonly last: Uint8Array
  readonly #duplicates: boolean
  #comparable: Promise<Keys> | undefined

  constructor(
    reader: ObjectReader,
    series: Series,
    entry: SegmentEntry,
    indexTypes: readonly ColumnType[],
  ) {
    const { schema } = series
    super(reader, schema, entry)
    this.#indexTypes = indexTypes
    this.keysAreStored = hasKeysOf(schema, indexTypes)
    this.first = keyAs(schema, entry.key, indexTypes)
    this.last = keyAs(schema, entry.last, indexTypes)
    this.#duplicates = schema.duplicates
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
  readonly old: DiffSegment | undefined
  readonly new: DiffSegment | undefined
}

/** Some segments of either series that no others overlap. */
export interface Stretch {
  readonly old: DiffSegment[]
  readonly new: DiffSegment[]
}

/** Segments, by first key, as stretches; segments outside the range are left out. */
export async function* overlapping(
  pairs: AsyncIterable<SegmentPair>,
  range: KeyRange,
): AsyncGenerator<Stretch> {
  let stretch: Stretch = { old: [], new: [] }
  let last: Uint8Array | undefined
  const inRange = (segment: DiffSegment | undefined) =>
    segment === undefined || isBefore(range, segment.last) || isAfter(range, segment.first)
      ? undefined
      : segment
  for await (const pair of pairs) {
    const old = inRange(pair.old)
    const fresh = inRange(pair.new)
    const first = old?.first ?? fresh?.first
    if (first === undefined) continue
    if (last !== undefined && compareBytes(first, last) > 0) {
      yield stretch
      stretch = { old: [], new: [] }
      last = undefined
    }
    if (old !== undefined) stretch.old.push(old)
    if (fresh !== undefined) stretch.new.push(fresh)
    for (const segment of [old, fresh]) {
      if (segment !== undefined && (last === undefined || compareBytes(segment.last, last) > 0)) {
        last = segment.last
      }
    }
  }
  if (last !== undefined) yield stretch
}

/** The segments of both series by first key, those with equal first keys together. */
export async function* allSegments(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
  indexTypes: readonly ColumnType[],
  range: KeyRange,
): AsyncGenerator<SegmentPair> {
  const a = segmentsOf(reader, old, indexTypes, range)
  const b = segmentsOf(reader, fresh, indexTypes, range)
  let x = (await a.next()).value as DiffSegment | undefined
  let y = (await b.next()).value as DiffSegment | undefined
  while (x !== undefined || y !== undefined) {
    const order = x === undefined ? 1 : y === undefined ? -1 : compareBytes(x.first, y.first)
    yield { old: order <= 0 ? x : undefined, new: order >= 0 ? y : undefined }
    if (order <= 0) x = (await a.next()).value as DiffSegment | undefined
    if (order >= 0) y = (await b.next()).value as DiffSegment | undefined
  }
}

/** The segments that may hold keys in the range, and perhaps others. */
async function* segmentsOf(
  reader: ObjectReader,
  series: Series,
  indexTypes: readonly ColumnType[],
  range: KeyRange,
): AsyncGenerator<DiffSegment> {
  const { schema, root } = series
  // A range of other keys says nothing of where they are.
  const within = hasKeysOf(schema, indexTypes) ? range : {}
  for await (const entry of rangeEntries(reader, formatOf(schema), root, within)) {
    yield new DiffSegment(reader, series, entry, indexTypes)
  }
}
