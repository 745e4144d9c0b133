import { decodeColumn, encodeColumn } from '../core/column-codec.ts'
import type { Keys } from '../core/key.ts'
import type { Schema } from '../core/schema.ts'
import type { SpillFile } from '../core/spill.ts'
import {
  frameBytes,
  joinSourceFrames,
  keysOf,
  type RowSource,
  type SourceFrame,
  sliceSourceFrame,
  takeSourceFrame,
} from './source-frame.ts'

// A run is blocks of rows in order. A block in the spill file:
//
//   u32 rows, u32 1 where lines are known, one u32 for each column: its length; zeros to a
//   multiple of 8; each column's canonical bytes and zeros to a multiple of 8; the lines, u32 each
//
// in the order of the machine: nobody else reads it.

const BLOCK_BYTES = 256 * 1024
const FRAME_ROWS = 16_384

interface Block {
  readonly offset: number
  readonly length: number
}

/** Rows in order in a spill file. */
export interface Run {
  readonly blocks: readonly Block[]
}

/** Writes runs of frames of one schema into one spill file, and reads their blocks. */
export class RunWriter {
  readonly #spilled: SpillFile
  #offset = 0
  #schema: Schema | undefined
  #source: RowSource | undefined

  constructor(spilled: SpillFile) {
    this.#spilled = spilled
  }

  /** Writes frames in order as a run. */
  async write(frames: Iterable<SourceFrame>): Promise<Run> {
    const blocks: Block[] = []
    for (const frame of frames) {
      this.#schema ??= frame.schema
      this.#source ??= frame.source
      const rowBytes = frameBytes(frame) / frame.rows
      const rows = Math.max(1, Math.min(FRAME_ROWS, Math.floor(BLOCK_BYTES / rowBytes)))
      for (let from = 0; from < frame.rows; from += rows) {
        const part = sliceSourceFrame(frame, from, Math.min(from + rows, frame.rows))
        const bytes = encodeBlock(part)
        await this.#spilled.write(bytes)
        blocks.push({ offset: this.#offset, length: bytes.length })
        this.#offset += bytes.length
      }
    }
    return { blocks }
  }

  async read(block: Block): Promise<SourceFrame> {
    const bytes = await this.#spilled.range(block.offset, block.length)
    return decodeBlock(bytes, this.#schema!, this.#source)
  }

  discard(): Promise<void> {
    return this.#spilled.discard()
  }
}

function encodeBlock(frame: SourceFrame): Uint8Array {
  const columns = frame.columns.map(encodeColumn)
  const lines = frame.source?.lines
  const header = pad(4 * (2 + columns.length))
  const size = columns.reduce((sum, column) => sum + pad(column.length), header)
  const bytes = new Uint8Array(size + (lines === undefined ? 0 : 4 * frame.rows))
  const words = new Uint32Array(bytes.buffer, 0, 2 + columns.length)
  words[0] = frame.rows
  words[1] = lines === undefined ? 0 : 1
  let at = header
  for (const [i, column] of columns.entries()) {
    words[2 + i] = column.length
    bytes.set(column, at)
    at += pad(column.length)
  }
  if (lines !== undefined) new Uint32Array(bytes.buffer, at, frame.rows).set(lines)
  return bytes
}

function decodeBlock(
  given: Uint8Array,
  schema: Schema,
  source: RowSource | undefined,
): SourceFrame {
  const bytes = given.byteOffset % 8 === 0 ? given : new Uint8Array(given)
  const width = schema.columns.length
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 + width)
  const rows = words[0]!
  let at = pad(4 * (2 + width))
  const columns = schema.columns.map((_, i) => {
    const length = words[2 + i]!
    const column = decodeColumn(bytes.subarray(at, at + length))
    at += pad(length)
    return column
  })
  if (words[1] === 0 || source === undefined) return { schema, columns, rows }
  const lines = new Uint32Array(bytes.buffer, bytes.byteOffset + at, rows)
  return { schema, columns, rows, source: { ...source, lines } }
}

function pad(length: number): number {
  return (length + 7) & ~7
}

/** A run being merged: its current block, and the row of it that comes next. */
interface Cursor {
  readonly order: number
  readonly blocks: readonly Block[]
  next: number
  frame: SourceFrame
  keys: Keys
  row: number
}

/** The rows of all runs in order; of equal keys, those of earlier runs first. */
export async function* mergeRuns(
  writer: RunWriter,
  runs: readonly Run[],
): AsyncGenerator<SourceFrame, void, void> {
  const heap: Cursor[] = []
  for (const [order, { blocks }] of runs.entries()) {
    if (blocks.length === 0) continue
    const frame = await writer.read(blocks[0]!)
    const keys = keysOf(frame)
    heap.push({ order, blocks, next: 1, frame, keys, row: 0 })
  }
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at)
  const output = new Output()
  while (heap.length > 0) {
    const first = heap[0]!
    const rival = rivalOf(heap)
    const to = rival === undefined ? first.frame.rows : rowsBefore(first, rival)
    output.add(first.frame, first.row, to)
    first.row = to
    if (first.row === first.frame.rows) {
      if (first.next === first.blocks.length) {
        const last = heap.pop()!
        if (last !== first) heap[0] = last
      } else {
        first.frame = await writer.read(first.blocks[first.next++]!)
        first.keys = keysOf(first.frame)
        first.row = 0
      }
    }
    if (output.rows >= FRAME_ROWS || output.bytes >= 4 * BLOCK_BYTES) yield output.take()
    sink(heap, 0)
  }
  if (output.rows > 0) yield output.take()
}

/** Order of the next rows of two cursors. */
function compare(a: Cursor, b: Cursor): number {
  return a.keys.compare(a.row, b.keys, b.row) || a.order - b.order
}

/** Moves the cursor at `at` down until both below it come after it. */
function sink(heap: Cursor[], at: number): void {
  for (;;) {
    let least = at
    for (let child = 2 * at + 1; child <= 2 * at + 2 && child < heap.length; child++) {
      if (compare(heap[child]!, heap[least]!) < 0) least = child
    }
    if (least === at) return
    const moved = heap[at]!
    heap[at] = heap[least]!
    heap[least] = moved
    at = least
  }
}

/** The cursor that comes next but one. */
function rivalOf(heap: readonly Cursor[]): Cursor | undefined {
  const [, left, right] = heap
  return left !== undefined && right !== undefined && compare(right, left) < 0 ? right : left
}

/** The end of the rows of `first` that come before the next row of `rival`; at least one more. */
function rowsBefore(first: Cursor, rival: Cursor): number {
  const { keys, frame } = first
  const most = first.order < rival.order ? 0 : -1
  const isBefore = (row: number) => keys.compare(row, rival.keys, rival.row) <= most
  // Steps that double, then halves: few comparisons for one row as for a whole block.
  let low = first.row + 1
  let step = 1
  while (low + step < frame.rows && isBefore(low + step - 1)) {
    low += step
    step *= 2
  }
  let high = Math.min(frame.rows, low + step)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}

interface Part {
  readonly frame: SourceFrame
  readonly rowBytes: number
  readonly from: number
  to: number
}

/** Rows picked from blocks, in order, until they are a frame. */
class Output {
  rows = 0
  bytes = 0
  #parts = new Map<SourceFrame, Part>()
  /** Each pick: the part's number, and how many of its next rows. */
  #picks: [Part, number][] = []

  /** Rows `from` to `to` of a block; of each block they come in order and without a gap. */
  add(frame: SourceFrame, from: number, to: number): void {
    let part = this.#parts.get(frame)
    if (part === undefined) {
      part = { frame, rowBytes: frameBytes(frame) / frame.rows, from, to: from }
      this.#parts.set(frame, part)
    }
    part.to = to
    this.rows += to - from
    this.bytes += part.rowBytes * (to - from)
    this.#picks.push([part, to - from])
  }

  take(): SourceFrame {
    const parts = [...this.#parts.values()]
    const slices = parts.map(({ frame, from, to }) => sliceSourceFrame(frame, from, to))
    const joined = joinSourceFrames(slices)
    const result = parts.length === 1 ? joined : takeSourceFrame(joined, this.#order(parts))
    this.#parts = new Map()
    this.#picks = []
    this.rows = 0
    this.bytes = 0
    return result
  }

  #order(parts: readonly Part[]): Uint32Array {
    const next = new Map<Part, number>()
    let start = 0
    for (const part of parts) {
      next.set(part, start)
      start += part.to - part.from
    }
    const order = new Uint32Array(this.rows)
    let at = 0
    for (const [part, count] of this.#picks) {
      let row = next.get(part)!
      for (const end = row + count; row < end; row++) order[at++] = row
      next.set(part, row)
    }
    return order
  }
}
