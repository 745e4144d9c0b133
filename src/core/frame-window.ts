import { VarveError } from './errors.ts'
import { concatFrames, sliceFrame } from './frame.ts'
import type { Frame } from './schema.ts'

/** Which of a table's rows are wanted, counted in their order. */
export interface RowWindow {
  /** Rows left out at the beginning. Not beside `tail`. */
  readonly offset?: number | undefined
  /** At most this many rows: the first of those after `offset`, or of the last `tail`. */
  readonly limit?: number | undefined
  /** Only this many last rows. */
  readonly tail?: number | undefined
}

/** `usage` where a window makes no sense. */
export function checkWindow({ offset, limit, tail }: RowWindow): void {
  for (const [option, count] of Object.entries({ offset, limit, tail })) {
    if (count === undefined || (Number.isSafeInteger(count) && count >= 0)) continue
    throw new VarveError('usage', `--${option} takes a whole number of rows`, {
      data: { option, found: count },
    })
  }
  if (offset === undefined || tail === undefined) return
  throw new VarveError('usage', '--offset counts from the first row, --tail from the last', {
    hint: '--tail with --limit gives the first rows of the tail',
  })
}

/** The rows of a window as `start` and `end` (exclusive) among `rows` of them. */
export function windowRange({ offset = 0, limit, tail }: RowWindow, rows: number) {
  const start = tail === undefined ? Math.min(offset, rows) : Math.max(rows - tail, 0)
  return { start, end: limit === undefined ? rows : Math.min(start + limit, rows) }
}

/** The rows of a window over frames. Of `tail` rows so many are held at a time, and of others none. */
export async function* windowFrames(
  frames: AsyncIterable<Frame>,
  { offset = 0, limit = Number.POSITIVE_INFINITY, tail }: RowWindow,
): AsyncGenerator<Frame> {
  let skip = offset
  let left = limit
  if (left === 0) return
  for await (const frame of tail === undefined ? frames : lastRows(frames, tail)) {
    const from = Math.min(skip, frame.rows)
    skip -= from
    const to = Math.min(frame.rows, from + left)
    if (from < to) yield sliceFrame(frame, from, to)
    left -= to - from
    if (left === 0) return
  }
}

async function* lastRows(frames: AsyncIterable<Frame>, count: number): AsyncGenerator<Frame> {
  let held: Frame[] = []
  let first = 0
  let rows = 0
  for await (const frame of frames) {
    held.push(frame)
    rows += frame.rows
    while (rows - (held[first]?.rows ?? 0) >= count && first < held.length) {
      rows -= held[first]!.rows
      first++
    }
    // Frames that are out are let go of now and then, all at once.
    if (first > held.length / 2) {
      held = held.slice(first)
      first = 0
    }
  }
  let extra = Math.max(rows - count, 0)
  for (const frame of held.slice(first)) {
    if (extra < frame.rows) yield sliceFrame(frame, extra, frame.rows)
    extra = Math.max(extra - frame.rows, 0)
  }
}

const FEW_ROWS = 8192
const FEW_BYTES = 1 << 20

/** The same rows, small frames joined: formats write each frame as a piece of its own. */
export async function* gatherFrames(frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  let held: Frame[] = []
  let rows = 0
  let bytes = 0
  for await (const frame of frames) {
    if (frame.rows === 0) continue
    held.push(frame)
    rows += frame.rows
    for (const { values } of frame.columns) bytes += values.byteLength
    if (rows < FEW_ROWS && bytes < FEW_BYTES) continue
    yield concatFrames(held)
    held = []
    rows = 0
    bytes = 0
  }
  if (held.length > 0) yield concatFrames(held)
}
