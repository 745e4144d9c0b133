import { hasCode, VarveError } from '../core/errors.ts'
import { concatFrames, indexColumns, sliceFrame, takeFrame } from '../core/frame.ts'
import { encodeKeys, type Keys } from '../core/key.ts'
import { escapeControl } from '../core/names.ts'
import type { Frame } from '../core/schema.ts'

/** Where a frame's rows were read from, for messages about them. */
export interface RowSource {
  readonly file: string
  /** The line that each row begins on, from 1; 0 where it is not known. */
  readonly lines: Uint32Array
  /** Whether the file is no text, and what `lines` has are the numbers of rows, from 1. */
  readonly rows?: boolean | undefined
}

/** Where a row was read from, as messages begin, and as facts; undefined where it is not known. */
export function placeOfRow(
  { source }: SourceFrame,
  row: number,
): { readonly text: string; readonly data: Readonly<Record<string, unknown>> } | undefined {
  const line = source?.lines[row] ?? 0
  if (source === undefined || line === 0) return undefined
  const { file } = source
  if (source.rows === true) {
    return { text: `${escapeControl(file)}, row ${line}`, data: { file, row: line } }
  }
  return { text: `${escapeControl(file)}:${line}:1`, data: { file, line, column: 1 } }
}

/** A frame that may know the lines its rows come from. */
export interface SourceFrame extends Frame {
  readonly source?: RowSource
  /** No key of a later frame comes before these bytes. Known of few frames. */
  readonly floor?: Uint8Array
}

/**
 * The keys of a frame's rows, as `encodeKeys` makes them; its errors about a row name the line too,
 * where it is known.
 */
export function keysOf(frame: SourceFrame): Keys {
  try {
    return encodeKeys(indexColumns(frame))
  } catch (error) {
    if (!hasCode(error, 'bad-input') || typeof error.data.row !== 'number') throw error
    const place = placeOfRow(frame, error.data.row)
    if (place === undefined) throw error
    throw new VarveError('bad-input', `${place.text}: ${error.message}`, {
      data: { ...error.data, ...place.data },
      cause: error,
    })
  }
}

/** Bytes that a frame holds in memory, about. */
export function frameBytes(frame: SourceFrame): number {
  let bytes = 4 * frame.rows
  for (const { length, type, values, validity, offsets } of frame.columns) {
    bytes += validity?.byteLength ?? 0
    if (offsets === undefined) bytes += type === 'null' ? 0 : values.byteLength
    else bytes += offsets.byteLength + offsets[length]! - offsets[0]!
  }
  return bytes
}

/** {@link sliceFrame} that keeps lines. */
export function sliceSourceFrame(frame: SourceFrame, from: number, to: number): SourceFrame {
  return withSource(
    sliceFrame(frame, from, to),
    frame.source,
    frame.source?.lines.subarray(from, to),
  )
}

/** {@link concatFrames} that keeps lines. They are of one file: the first that is named. */
export function joinSourceFrames(frames: readonly SourceFrame[]): SourceFrame {
  const source = frames.find((frame) => frame.source !== undefined)?.source
  if (frames.length === 1 || source === undefined) return concatFrames(frames) as SourceFrame
  const joined = concatFrames(frames)
  const lines = new Uint32Array(joined.rows)
  let at = 0
  for (const frame of frames) {
    if (frame.source?.file === source.file) lines.set(frame.source.lines, at)
    at += frame.rows
  }
  return { ...joined, source: { ...source, lines } }
}

/** {@link takeFrame} that keeps lines. */
export function takeSourceFrame(frame: SourceFrame, indices: Uint32Array): SourceFrame {
  const lines = frame.source?.lines
  return withSource(
    takeFrame(frame, indices),
    frame.source,
    lines && indices.map((row) => lines[row]!),
  )
}

function withSource(
  frame: Frame,
  source: RowSource | undefined,
  lines: Uint32Array | undefined,
): SourceFrame {
  const { schema, columns, rows } = frame
  if (source === undefined || lines === undefined) return { schema, columns, rows }
  return { schema, columns, rows, source: { ...source, lines } }
}
