import { compareBytes, equalBytes } from './bytes.ts'
import { branchBit } from './key.ts'
import type { ObjectWriter } from './objects.ts'
import { applyEdits, ProllyCursor, type ProllyNode } from './prolly.ts'
import type { Schema } from './schema.ts'
import { formatOf, groupOf, lastKeyBytes, type Series } from './series.ts'
import { type ChunkList, type SegmentColumns, updateColumns } from './series-columns.ts'
import { type MutableCounts, noChanges } from './series-counts.ts'
import type { EditInput } from './series-input.ts'
import { LoadedSegment } from './series-load.ts'
import { compareMerged, mergeRows, type RemovalRule } from './series-merge.ts'
import { isAfter, isBefore } from './series-range.ts'
import {
  type EditRun,
  MergedRun,
  NO_ROW,
  type OldSegment,
  RevisedRun,
  rowNumbers,
  WholeRun,
} from './series-runs.ts'
import type { SegmentEntry } from './series-segment.ts'
import { agree, firstRow, sharedBits, treeEdits } from './series-touch.ts'
import { type EarlierSegment, writeColumn, writeSegment } from './series-write.ts'
import { countRows, RadixSplitter, type SplitLimits } from './split.ts'

/**
 * Edits a series by streaming its segments past the input, split again by the same rule.
 *
 * Segments that nothing touches are opaque units to the splitter. A key touches a segment when it
 * has all the bits that the segment's keys share; any other key leaves the segment whole, be it
 * alone or joined with neighbours.
 *
 * Only stretches around touched places are streamed. A boundary b rows away from an edit stays a
 * cut when b is more than the cap: the trie node over the boundary either does not contain the
 * edit, or contains all those b rows and is too large for one segment. So a stretch begins and ends
 * with more than `cap` untouched rows on both sides (or at an end of the series), at boundaries
 * whose branching bits are known from the keys on both sides.
 */
export class SeriesEditor {
  readonly counts: MutableCounts = noChanges()
  readonly #writer: ObjectWriter
  readonly #series: Series
  readonly #schema: Schema
  readonly #input: EditInput
  readonly #rule: RemovalRule
  readonly #limits: SplitLimits
  readonly #splitter: RadixSplitter<EditRun>
  readonly #cursor: ProllyCursor<SegmentColumns>
  readonly #oldEnd: Uint8Array | undefined
  readonly #removed: Uint8Array[] = []
  readonly #added: SegmentEntry[] = []
  /** Where the stretch around the next touched place begins, once that was asked. */
  #ahead: Approach | undefined
  /** Whether the removal range lies behind. */
  #removalDone: boolean
  /** Last key of the last old segment that streamed by. */
  #passed: Uint8Array | undefined
  /** Untouched rows since the last touched place. */
  #quiet = 0
  #ended = false

  constructor(
    writer: ObjectWriter,
    series: Series,
    input: EditInput,
    rule: RemovalRule,
    limits: SplitLimits,
  ) {
    this.#writer = writer
    this.#series = series
    this.#schema = series.schema
    this.#input = input
    this.#rule = rule
    this.#limits = limits
    this.#splitter = new RadixSplitter(limits.segmentRows)
    this.#cursor = new ProllyCursor(writer, formatOf(series.schema), series.root)
    this.#oldEnd = lastKeyBytes(series)
    this.#removalDone = rule.range === undefined
  }

  /** Runs the edit and returns the root of the edited tree of segments. */
  async run(): Promise<ProllyNode<SegmentColumns>> {
    while (!this.#ended) {
      const place = await this.#nextPlace()
      if (place === undefined) break
      await this.#stretch(place)
    }
    const edits = treeEdits(this.#removed, this.#added)
    return applyEdits(this.#writer, formatOf(this.#schema), this.#series.root, edits)
  }

  /** The least key that is still to be touched. */
  async #nextPlace(): Promise<Uint8Array | undefined> {
    const head = (await this.#input.peek()) && this.#input.head
    if (this.#removalDone) return head
    const from = this.#rule.range!.from ?? new Uint8Array(0)
    return head === undefined || compareBytes(from, head) < 0 ? from : head
  }

  /** Streams from before `place` until enough untouched rows have gone by and are to come. */
  async #stretch(place: Uint8Array): Promise<void> {
    const { left, padding } = await this.#approach(place)
    const before = [...padding]
    this.#splitter.begin(left)
    this.#quiet = 0
    let more = await this.#cursor.seek(place)
    for (;;) {
      const padded = before.pop()
      const entry = padded ?? (more ? this.#cursor.entry : undefined)
      await this.#pushInputBefore(entry)
      if (entry === undefined) break
      const touched = await this.#isTouched(entry)
      if (!touched && padded === undefined && (await this.#isFarFromNext(entry))) {
        await this.#emit(this.#splitter.finish(branchBit(this.#passed!, entry.key)))
        return
      }
      if (touched) await this.#pushTouched(entry)
      else await this.#pushWhole(entry)
      this.#passed = entry.last
      if (padded === undefined) more = await this.#cursor.next()
    }
    await this.#emit(this.#splitter.finish())
    this.#ended = true
  }

  /** Whether the boundary before an entry is far from the last touched place and from the next. */
  async #isFarFromNext(entry: SegmentEntry): Promise<boolean> {
    if (this.#quiet <= this.#limits.segmentRows) return false
    const place = await this.#nextPlace()
    if (place === undefined) return true
    const { start } = await this.#approach(place)
    return start !== undefined && compareBytes(entry.key, start) <= 0
  }

  /**
   * How a stretch around `place` begins. The segment right before the place may be touched itself,
   * so it does not count as padding.
   */
  async #approach(place: Uint8Array): Promise<Approach> {
    if (this.#ahead !== undefined && equalBytes(this.#ahead.place, place)) return this.#ahead
    const back = new ProllyCursor(this.#writer, formatOf(this.#schema), this.#series.root)
    await back.seek(place)
    const padding: SegmentEntry[] = []
    let start = back.entry?.key
    let rows = 0
    let left = -1
    while (await back.previous()) {
      const entry = back.entry!
      if (rows > this.#limits.segmentRows) {
        left = branchBit(entry.last, start!)
        break
      }
      if (padding.length > 0) rows += entry.weight
      padding.push(entry)
      start = entry.key
    }
    this.#ahead = { place, start, left, padding }
    return this.#ahead
  }

  /** Takes the rows of the input that come before a segment and do not touch it; all, at the end. */
  async #pushInputBefore(entry: SegmentEntry | undefined): Promise<void> {
    const shared = entry === undefined ? 0 : sharedBits(entry)
    for (let block = await this.#input.peek(); block; block = await this.#input.peek()) {
      const from = this.#input.at
      let to = block.rows
      if (entry !== undefined) {
        to = Math.max(from, block.keys.lowerBound(entry.key))
        to = firstRow(from, to, (row) => agree(block.keys.at(row), entry.key, shared))
      }
      if (to > from) {
        this.#input.take(to)
        this.#quiet = 0
        for (const [start, end] of addedRows(block.removed, from, to)) {
          const newRows = rowNumbers(start, end)
          const oldRows = new Int32Array(end - start).fill(NO_ROW)
          this.#countInserted(block.keys.slice(start, end))
          const run = new MergedRun({ schema: this.#schema, block, oldRows, newRows })
          await this.#emit(this.#splitter.push(run))
        }
      }
      if (to < block.rows) return
    }
  }

  #countInserted(keys: { length: number; upperBound(prefix: Uint8Array): number }): void {
    const end = this.#oldEnd
    const before = end === undefined ? 0 : keys.upperBound(end)
    this.counts.backfilled += before
    this.counts.appended += keys.length - before
  }

  async #isTouched(entry: SegmentEntry): Promise<boolean> {
    const falls = (await this.#input.peek()) !== undefined && this.#headTouches(entry)
    return this.#removes(entry, 'some') || falls
  }

  /** Whether the next row of the input, which is not before the segment, falls into it. */
  #headTouches(entry: SegmentEntry): boolean {
    const head = this.#input.head!
    return compareBytes(head, entry.last) <= 0 || agree(head, entry.last, sharedBits(entry))
  }

  /** Whether some, or all, rows of a segment go (or are blanked) apart from what the input brings. */
  #removes(entry: SegmentEntry, which: 'some' | 'all'): boolean {
    const { range, betweenInput, restOfGroup } = this.#rule
    if (range !== undefined) {
      if (isAfter(range, entry.key)) this.#removalDone = true
      else if (which === 'some' ? !isBefore(range, entry.last) : covers(range, entry)) return true
    }
    const group = this.#input.lastGroup
    if (group === undefined) return false
    if (betweenInput && this.#input.head !== undefined) return true
    if (!restOfGroup) return false
    const key = which === 'some' ? entry.key : entry.last
    return equalBytes(groupOf(this.#schema, key), group)
  }

  async #pushWhole(entry: SegmentEntry): Promise<void> {
    this.#quiet += entry.weight
    const segment = new LoadedSegment(this.#writer, this.#schema, entry)
    await this.#emit(this.#splitter.push(new WholeRun(segment)))
  }

  async #pushTouched(entry: SegmentEntry): Promise<void> {
    this.#quiet = 0
    this.#removed.push(entry.key)
    const fallsInto = (await this.#input.peek()) !== undefined && this.#headTouches(entry)
    if (!fallsInto && this.#rule.blank === undefined && this.#removes(entry, 'all')) {
      this.counts.deleted += entry.weight
      return
    }
    const loaded = new LoadedSegment(this.#writer, this.#schema, entry)
    const old: OldSegment = { loaded, keys: await loaded.keys(), changed: new Set() }
    let oldFrom = 0
    for (;;) {
      const block = await this.#input.peek()
      const falls = block !== undefined && this.#headTouches(entry)
      const newFrom = this.#input.at
      const newTo = falls ? this.#endOfTouching(entry, block.keys, newFrom) : newFrom
      const place = { lastGroup: this.#input.lastGroup, moreInput: block !== undefined }
      const { run, oldTo } = mergeRows(
        this.#schema,
        old,
        { oldFrom, block: falls ? block : undefined, newFrom, newTo, takeRest: !falls },
        this.#rule,
        place,
        this.counts,
      )
      oldFrom = oldTo
      if (falls) this.#input.take(newTo)
      if (run !== undefined) {
        this.#countMerged(run)
        await compareMerged(run, this.counts)
        await this.#emit(this.#splitter.push(run))
      }
      if (!falls) return
    }
  }

  #countMerged(run: MergedRun | RevisedRun): void {
    if (run instanceof RevisedRun) return
    const { block, oldRows, newRows } = run.source
    const end = this.#oldEnd!
    for (let i = 0; i < oldRows.length; i++) {
      if (oldRows[i] !== NO_ROW) continue
      if (block!.keys.compareTo(newRows[i]!, end) > 0) this.counts.appended++
      else this.counts.backfilled++
    }
  }

  /** The first row of a block, from one that touches the segment on, that no longer does. */
  #endOfTouching(
    entry: SegmentEntry,
    keys: { length: number; at(row: number): Uint8Array },
    from: number,
  ): number {
    const shared = sharedBits(entry)
    return firstRow(from, keys.length, (row) => {
      const key = keys.at(row)
      return compareBytes(key, entry.last) > 0 && !agree(key, entry.last, shared)
    })
  }

  async #emit(segments: Iterable<EditRun[]>): Promise<void> {
    for (const runs of segments) await this.#emitSegment(runs)
  }

  async #emitSegment(runs: EditRun[]): Promise<void> {
    const first = runs[0]!
    if (runs.length === 1 && first instanceof WholeRun) return
    const same = sameSegment(runs)
    if (same !== undefined) {
      this.#added.push(await this.#rewriteColumns(same, runs))
      return
    }
    const opened: (MergedRun | RevisedRun)[] = []
    for (const run of runs) {
      if (run instanceof WholeRun) {
        this.#removed.push(run.first)
        opened.push(await run.open(this.#schema))
      } else {
        opened.push(run)
      }
    }
    for (const { old } of opened) await old?.loaded.locateAll()
    const earlier = await this.#earlier(opened)
    this.#added.push(
      await writeSegment<EditRun>(this.#writer, this.#schema, opened, this.#limits, earlier),
    )
  }

  /** The old segment that most of the rows, or the rows before them, were in. */
  async #earlier(runs: readonly (MergedRun | RevisedRun)[]): Promise<EarlierSegment | undefined> {
    let most: MergedRun | RevisedRun | undefined
    for (const run of runs) {
      if (run.old !== undefined && run.rows > (most?.rows ?? 0)) most = run
    }
    const loaded = most?.old?.loaded
    if (loaded === undefined) return undefined
    const lists = await loaded.chunkLists(this.#schema.columns.map((_, i) => i))
    return { columns: loaded.entry.value, lists }
  }

  /** A segment that keeps its keys: only the columns with other values are stored again. */
  async #rewriteColumns(old: OldSegment, runs: EditRun[]): Promise<SegmentEntry> {
    const { entry } = old.loaded
    const changes = new Map<number, ChunkList>()
    for (const position of old.changed) {
      const [earlier] = await old.loaded.chunkLists([position])
      changes.set(position, await writeColumn(this.#writer, runs, position, this.#limits, earlier))
    }
    const count = this.#schema.columns.length
    const value = await updateColumns(this.#writer, entry.value, count, entry.weight, changes)
    return { ...entry, value }
  }
}

/** How a stretch around a touched place begins. */
interface Approach {
  readonly place: Uint8Array
  /** Key of its first segment; undefined in an empty series. */
  readonly start: Uint8Array | undefined
  /** Branching bit of the boundary that it begins at. */
  readonly left: number
  /** The segments before the place, last first. */
  readonly padding: readonly SegmentEntry[]
}

/** The old segment whose rows, all of them and no others, the runs are. */
function sameSegment(runs: readonly EditRun[]): OldSegment | undefined {
  let old: OldSegment | undefined
  for (const run of runs) {
    if (run instanceof WholeRun || !run.isAllOld) return undefined
    old ??= run.old
    if (run.old !== old) return undefined
  }
  return old !== undefined && countRows(runs) === old.loaded.rows ? old : undefined
}

/** Of rows of the input, in runs, those that do not only say that there is to be none. */
function* addedRows(
  removed: Uint8Array | undefined,
  from: number,
  to: number,
): Generator<[number, number]> {
  for (let start = from; start < to; ) {
    const gone = removed === undefined ? -1 : removed.subarray(0, to).indexOf(1, start)
    const end = gone < 0 ? to : gone
    if (end > start) yield [start, end]
    start = end + 1
  }
}

function covers(range: NonNullable<RemovalRule['range']>, entry: SegmentEntry): boolean {
  return !isBefore(range, entry.key) && !isAfter(range, entry.last)
}
