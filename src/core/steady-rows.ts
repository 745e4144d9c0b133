import { markDifferences } from './column-equal.ts'
import { operationsBetween } from './column-links.ts'
import type { Operation } from './encoding/delta-operations.ts'
import type { ObjectReader } from './objects.ts'
import { rangeEntries } from './prolly.ts'
import type { Schema } from './schema.ts'
import { formatOf, type Series } from './series.ts'
import { type ChunkList, sameChunks } from './series-columns.ts'
import { LoadedSegment } from './series-load.ts'
import { isAfter, type KeyRange } from './series-range.ts'
import type { SegmentEntry } from './series-segment.ts'

/** Row numbers: `from` to `to` (exclusive). */
interface Rows {
  readonly from: number
  readonly to: number
}

/** Where a range was in segments seen before: those of the last versions that were looked at. */
const REMEMBERED = 16

/**
 * Tells that the rows of a range are the same in two versions of a series: mostly from how the columns of the one are
 * stored as differences to those of the other, without making either; where that does not tell, from the values
 * of the column that it is about. For a range that is looked for in one version after another.
 */
export class SteadyRows {
  readonly #reader: ObjectReader
  /** By id of the index column and range, in order of use, the oldest first. */
  readonly #places = new Map<string, Rows>()
  readonly #texts = new WeakMap<KeyRange, string>()

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  /**
   * Whether it is certain that no row in the range differs; where it is not, they have to be compared.
   * @param names the value columns that count, which both have; all unless given
   */
  async areSame(
    old: Series,
    fresh: Series,
    range: KeyRange,
    names: readonly string[] | undefined,
  ): Promise<boolean> {
    const { schema } = fresh
    if (schema.indexCount !== 1 || schema.duplicates || !sameColumns(old.schema, schema)) {
      return false
    }
    const [x, y] = [await this.#entriesIn(old, range), await this.#entriesIn(fresh, range)]
    if (x.length === 0 && y.length === 0) return true
    if (x.length !== 1 || y.length !== 1) return false
    const wanted = schema.columns
      .map((_, i) => i)
      .filter((i) => i === 0 || names === undefined || names.includes(schema.columns[i]!.name))
    const segments = [segmentOf(this.#reader, old, x), segmentOf(this.#reader, fresh, y)] as const
    const [before, after] = [
      await segments[0].chunkLists(wanted),
      await segments[1].chunkLists(wanted),
    ]
    if (wanted.every((_, i) => sameChunks(before[i]!, after[i]!))) return true
    const here = await this.#find(segments[1], after[0]!, range)
    const kept = await this.#before(before[0]!, after[0]!, here)
    const there = kept ?? (await this.#find(segments[0], before[0]!, range))
    if (there.to - there.from !== here.to - here.from) return false
    this.#remember(this.#keyOf(before[0]!, range), there)
    for (const [i, position] of wanted.entries()) {
      if (i === 0 && kept !== undefined) continue
      if ((await this.#kept(before[i]!, after[i]!, here)) === there.from) continue
      const [x, y] = [await segments[0].column(position), await segments[1].column(position)]
      const marks = new Uint8Array(here.to - here.from)
      if (markDifferences(x, there.from, y, here.from, marks)) return false
    }
    return true
  }

  async #entriesIn(series: Series, range: KeyRange): Promise<SegmentEntry[]> {
    const found: SegmentEntry[] = []
    const { schema, root } = series
    for await (const entry of rangeEntries(this.#reader, formatOf(schema), root, {
      from: range.from,
    })) {
      if (isAfter(range, entry.key) || found.length > 1) break
      found.push(entry)
    }
    return found
  }

  async #find(segment: LoadedSegment, index: ChunkList, range: KeyRange): Promise<Rows> {
    const key = this.#keyOf(index, range)
    const known = this.#places.get(key)
    if (known !== undefined) return known
    const keys = await segment.keys()
    const from = range.from === undefined ? 0 : keys.lowerBound(range.from)
    const to = range.to === undefined ? keys.length : keys.lowerBound(range.to)
    const found = { from, to: Math.max(from, to) }
    this.#remember(key, found)
    return found
  }

  #keyOf(index: ChunkList, range: KeyRange): string {
    let text = this.#texts.get(range)
    if (text === undefined) {
      const { from, to } = range
      text = [from, to].map((key) => key && Buffer.from(key).toString('hex')).join(' ')
      this.#texts.set(range, text)
    }
    return [text, ...index.map(({ id }) => id)].join(' ')
  }

  #remember(key: string, rows: Rows): void {
    this.#places.delete(key)
    this.#places.set(key, rows)
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= REMEMBERED) break
      this.#places.delete(oldest)
    }
  }

  /** Where the rows of a range were; undefined where it is not certain that they are all, and no others. */
  async #before(old: ChunkList, fresh: ChunkList, rows: Rows): Promise<Rows | undefined> {
    const [before, after] = [countOf(old), countOf(fresh)]
    // With the rows on either side, none can have come or gone between them.
    const from = Math.max(0, rows.from - 1)
    const to = Math.min(after, rows.to + 1)
    const start = await this.#kept(old, fresh, { from, to })
    if (start === undefined) return undefined
    const end = start + to - from
    if ((rows.from === 0 && start !== 0) || (rows.to === after && end !== before)) return undefined
    const first = start + rows.from - from
    return { from: first, to: first + rows.to - rows.from }
  }

  /** The row from which on a column had the same values as in some rows now; undefined where that is not certain. */
  async #kept(old: ChunkList, fresh: ChunkList, rows: Rows): Promise<number | undefined> {
    if (sameChunks(old, fresh)) return rows.from
    if (old.length !== 1 || fresh.length !== 1) return undefined
    const operations = await operationsBetween(this.#reader, old[0]!.id, fresh[0]!.id)
    return operations && keptFrom(operations, countOf(old), countOf(fresh), rows)
  }
}

/** The row of the base that is the first of some rows, which are all kept, side by side; undefined where they are not. */
function keptFrom(
  operations: readonly Operation[],
  before: number,
  after: number,
  { from, to }: Rows,
): number | undefined {
  let old = 0
  let fresh = 0
  let found: number | undefined
  const look = (kept: number): void => {
    if (from >= fresh && to <= fresh + kept) found ??= old + from - fresh
    old += kept
    fresh += kept
  }
  for (const { kept, left, put } of operations) {
    look(kept)
    old += left
    fresh += put
  }
  const rest = before - old
  // Operations that do not fit the columns are another's to complain about.
  if (rest < 0 || fresh + rest !== after) return undefined
  look(rest)
  return found
}

function segmentOf(
  reader: ObjectReader,
  { schema }: Series,
  [entry]: readonly SegmentEntry[],
): LoadedSegment {
  return new LoadedSegment(reader, schema, entry!)
}

function countOf(chunks: ChunkList): number {
  return chunks.reduce((sum, { rows }) => sum + rows, 0)
}

/** Whether two series have the same columns at the same places. */
function sameColumns(a: Schema, b: Schema): boolean {
  return (
    a.indexCount === b.indexCount &&
    a.duplicates === b.duplicates &&
    a.columns.length === b.columns.length &&
    a.columns.every(
      ({ name, type }, i) => name === b.columns[i]!.name && type === b.columns[i]!.type,
    )
  )
}
