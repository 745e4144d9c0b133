import { compareBytes, equalBytes } from './bytes.ts'
import type { ColumnType } from './column.ts'
import type { Keys } from './key.ts'
import type { ObjectReader } from './objects.ts'
import { diffEntries } from './prolly.ts'
import { formatOf, type Series } from './series.ts'
import { differingColumns, sameChunks } from './series-columns.ts'
import { type DiffRows, onlyChanged } from './series-diff-changed.ts'
import { linkedRuns, type Run } from './series-diff-linked.ts'
import {
  allSegments,
  DiffSegment,
  hasKeysOf,
  overlapping,
  type SegmentPair,
} from './series-diff-segments.ts'
import type { ColumnPair, SchemaMatch } from './series-match.ts'
import { ALL_KEYS, isAfter, isBefore, type KeyRange } from './series-range.ts'
import { rowNumbers } from './series-runs.ts'
import type { SegmentEntry } from './series-segment.ts'

/**
 * Rows that differ, in key order, between at most one segment of either series. `rows` is 'all'
 * where a whole segment is on one side alone, which then need not be read to be counted.
 */
export interface DiffPiece {
  readonly old: DiffSegment | undefined
  readonly new: DiffSegment | undefined
  readonly rows: 'all' | DiffRows
}

export interface DiffPiecesOptions {
  readonly range?: KeyRange
  /** Whether pieces say in which columns rows differ. */
  readonly cells?: boolean
}

/** The rows in which two series with comparable keys differ. */
export async function* diffPieces(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
  match: SchemaMatch & { readonly indexTypes: readonly ColumnType[] },
  { range = ALL_KEYS, cells = false }: DiffPiecesOptions = {},
): AsyncGenerator<DiffPiece> {
  for await (const stretch of overlapping(pairsOf(reader, old, fresh, match, range), range)) {
    yield* mergeStretch(reader, stretch.old, stretch.new, { match, range, cells })
  }
}

/** Segments that may differ: where equal entries mean equal rows, only those of which the other has no equal one. */
async function* pairsOf(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
  { indexTypes: types, aligned }: SchemaMatch & { readonly indexTypes: readonly ColumnType[] },
  range: KeyRange,
): AsyncGenerator<SegmentPair> {
  const sameKeys = [old, fresh].every(({ schema }) => hasKeysOf(schema, types))
  if (!aligned || !sameKeys || old.rows === 0 || fresh.rows === 0) {
    yield* allSegments(reader, old, fresh, types, range)
    return
  }
  const open = (series: Series, entry: SegmentEntry | undefined) =>
    entry && new DiffSegment(reader, series, entry, types)
  for await (const pair of diffEntries(reader, formatOf(old.schema), old.root, fresh.root)) {
    yield { old: open(old, pair.old), new: open(fresh, pair.new) }
  }
}

/** One side of a stretch: its segments, and how far they are merged. */
class Side {
  readonly #segments: readonly DiffSegment[]
  readonly #range: KeyRange
  #index = 0
  #at = 0

  constructor(segments: readonly DiffSegment[], range: KeyRange) {
    this.#segments = segments
    this.#range = range
  }

  get segment(): DiffSegment | undefined {
    return this.#segments[this.#index]
  }

  get at(): number {
    return this.#at
  }

  get isWhole(): boolean {
    if (this.#at !== 0) return false
    const { from, to } = this.#range
    if (from === undefined && to === undefined) return true
    const { first, last } = this.segment!
    return !isBefore(this.#range, first) && !isAfter(this.#range, last)
  }

  /** The rows of the segment in the range. */
  async bounds(): Promise<[number, number]> {
    const { from, to } = this.#range
    const keys = await this.segment!.keys()
    const start = from === undefined ? 0 : keys.lowerBound(from)
    return [Math.max(start, this.#at), to === undefined ? keys.length : keys.lowerBound(to)]
  }

  advance(to: number, end: number): void {
    this.#at = to
    if (to >= end) this.next()
  }

  next(): void {
    this.#index++
    this.#at = 0
  }
}

/** How the segments of a stretch are compared. */
interface Comparing {
  readonly match: SchemaMatch
  readonly range: KeyRange
  readonly cells: boolean
}

async function* mergeStretch(
  reader: ObjectReader,
  olds: readonly DiffSegment[],
  news: readonly DiffSegment[],
  { match, range, cells }: Comparing,
): AsyncGenerator<DiffPiece> {
  const a = new Side(olds, range)
  const b = new Side(news, range)
  while (a.segment !== undefined || b.segment !== undefined) {
    const x = a.segment
    const y = b.segment
    if (x === undefined || y === undefined || apart(x, y)) {
      const oldOnly = y === undefined || (x !== undefined && precedes(x, y))
      const piece = await takeAlone(oldOnly ? a : b, oldOnly ? 'old' : 'new')
      if (piece !== undefined) yield piece
      continue
    }
    const sameKeys = x.keysAreStored && y.keysAreStored
    if (a.at === 0 && b.at === 0 && sameKeys && (await sameIndex(x, y))) {
      const [from, to] = await clip(a, range)
      const runs = [{ old: from, new: from, count: Math.max(0, to - from) }]
      a.next()
      b.next()
      const pairs = await differingPairs(reader, x, y, match)
      const marks = cells ? pairs.map((pair) => match.pairs.indexOf(pair)) : undefined
      const changed = await onlyChanged(x, y, runs, pairs, cells)
      const rows = marks === undefined ? changed : placed(changed, marks, match.pairs.length)
      if (rows.old.length > 0) yield { old: x, new: y, rows }
      continue
    }
    const areAlone = sameKeys && olds.length === 1 && news.length === 1 && a.isWhole && b.isWhole
    const linked = areAlone ? await linkedRuns(reader, x, y) : undefined
    if (linked !== undefined) {
      a.next()
      b.next()
      const rows = await onlyChanged(x, y, linked, match.pairs, cells, reader)
      if (rows.old.length > 0) yield { old: x, new: y, rows }
      continue
    }
    const [oldFrom, oldTo] = await a.bounds()
    const [newFrom, newTo] = await b.bounds()
    const merged = mergeKeys(await x.keys(), oldFrom, oldTo, await y.keys(), newFrom, newTo)
    a.advance(merged.oldAt, oldTo)
    b.advance(merged.newAt, newTo)
    const rows = await onlyChanged(x, y, merged.runs, match.pairs, cells)
    if (rows.old.length > 0) yield { old: x, new: y, rows }
  }
}

/** The rows of a segment in the range; its keys are not read where that is all of them. */
async function clip(side: Side, range: KeyRange): Promise<[number, number]> {
  const { first, last, rows } = side.segment!
  if (!isBefore(range, first) && !isAfter(range, last)) return [0, rows]
  return side.bounds()
}

function apart(x: DiffSegment, y: DiffSegment): boolean {
  return precedes(x, y) || precedes(y, x)
}

function precedes(x: DiffSegment, y: DiffSegment): boolean {
  return compareBytes(x.last, y.first) < 0
}

async function takeAlone(side: Side, which: 'old' | 'new'): Promise<DiffPiece | undefined> {
  const segment = side.segment!
  const other = which === 'old' ? 'new' : 'old'
  const place = { [which]: segment, [other]: undefined } as Pick<DiffPiece, 'old' | 'new'>
  if (side.isWhole) {
    side.next()
    return { ...place, rows: 'all' }
  }
  const [from, to] = await side.bounds()
  side.next()
  if (from >= to) return undefined
  const here = rowNumbers(from, to)
  const none = new Int32Array(to - from).fill(-1)
  return { ...place, rows: { [which]: here, [other]: none } as unknown as DiffRows }
}

/** Whether two segments have the same keys, as far as that shows without reading them. */
async function sameIndex(x: DiffSegment, y: DiffSegment): Promise<boolean> {
  if (x.rows !== y.rows || !equalBytes(x.first, y.first)) return false
  if (!equalBytes(x.last, y.last)) return false
  const a = await x.chunkLists(x.indexPositions)
  const b = await y.chunkLists(y.indexPositions)
  return a.every((list, i) => sameChunks(list, b[i]!))
}

function mergeKeys(
  old: Keys,
  oldFrom: number,
  oldTo: number,
  fresh: Keys,
  newFrom: number,
  newTo: number,
): { runs: Run[]; oldAt: number; newAt: number } {
  const runs: Run[] = []
  let i = oldFrom
  let j = newFrom
  while (i < oldTo && j < newTo) {
    const count = old.equalRun(i, fresh, j, Math.min(oldTo - i, newTo - j))
    if (count > 0) {
      runs.push({ old: i, new: j, count })
      i += count
      j += count
    } else if (old.compare(i, fresh, j) < 0) {
      const start = i++
      while (i < oldTo && old.compare(i, fresh, j) < 0) i++
      runs.push({ old: start, new: -1, count: i - start })
    } else {
      const start = j++
      while (j < newTo && fresh.compare(j, old, i) < 0) j++
      runs.push({ old: -1, new: start, count: j - start })
    }
  }
  return { runs, oldAt: i, newAt: j }
}

/** Marks of some pairs at their places among all. */
function placed({ cells, ...rows }: DiffRows, places: readonly number[], count: number): DiffRows {
  const all: (Uint8Array | undefined)[] = new Array(count).fill(undefined)
  places.forEach((place, i) => {
    all[place] = cells?.[i]
  })
  return { ...rows, cells: all }
}

/** Of the columns of two segments with the same keys, those that are not stored alike. */
async function differingPairs(
  reader: ObjectReader,
  x: DiffSegment,
  y: DiffSegment,
  { pairs, aligned }: SchemaMatch,
): Promise<ColumnPair[]> {
  if (aligned) {
    const { value: a } = x.entry
    const { columnCount: count, rows } = x
    const differing = new Set(await differingColumns(reader, a, y.entry.value, count, rows))
    return pairs.filter((pair) => differing.has(pair.old!))
  }
  const [oldLists, newLists] = [
    await x.chunkLists(pairs.flatMap((pair) => pair.old ?? [])),
    await y.chunkLists(pairs.flatMap((pair) => pair.new ?? [])),
  ]
  let i = 0
  let j = 0
  return pairs.filter((pair) => {
    const a = pair.old === undefined ? undefined : oldLists[i++]
    const b = pair.new === undefined ? undefined : newLists[j++]
    return a === undefined || b === undefined || !sameChunks(a, b)
  })
}
