import { rawColumn } from '../src/core/column-layout.ts'
import { concatFrames, sliceFrame } from '../src/core/frame.ts'
import type { Frame } from '../src/core/schema.ts'

/** Rows `from` to `to` (exclusive) of frames that follow each other, in frames of their own. */
export function sliceFrames(frames: readonly Frame[], from: number, to: number): Frame[] {
  const found: Frame[] = []
  let before = 0
  for (const frame of frames) {
    const [start, end] = [Math.max(from - before, 0), Math.min(to - before, frame.rows)]
    if (start < end) found.push(sliceFrame(frame, start, end))
    before += frame.rows
  }
  return found
}

/** The same rows with another second column, one of doubles. */
export function withValues(frame: Frame, change: (value: number, row: number) => number): Frame {
  const columns = [...frame.columns]
  const values = (columns[1]!.values as Float64Array).map(change)
  columns[1] = rawColumn('float64', frame.rows, values, undefined)
  return { ...frame, columns }
}

/** The same rows with larger values of two decimals. */
export function largerValues(frames: readonly Frame[], by: number): Frame[] {
  return frames.map((frame) => withValues(frame, (value) => Math.round((value + by) * 100) / 100))
}

/** One row, as a frame. */
export function rowAt(frames: readonly Frame[], row: number): Frame {
  return concatFrames(sliceFrames(frames, row, row + 1))
}
