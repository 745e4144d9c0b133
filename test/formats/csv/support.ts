import type { Scalar } from '../../../src/core/column.ts'
import { scalarAt } from '../../../src/core/column-ops.ts'
import type { VarveError } from '../../../src/core/errors.ts'
import type { Frame, Schema } from '../../../src/core/schema.ts'
import { parseSchemaText } from '../../../src/core/schema-codec.ts'

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A stream of `whole` cut after the given numbers of bytes, each piece in a buffer used again. */
export async function* cut(whole: Uint8Array, sizes: readonly number[]) {
  const scratch = new Uint8Array(Math.max(1, ...sizes))
  let at = 0
  for (let i = 0; at < whole.length; i++) {
    const size = sizes.length === 0 ? whole.length : Math.max(1, sizes[i % sizes.length]!)
    if (sizes.length === 0) yield whole
    else {
      const piece = whole.subarray(at, at + size)
      scratch.set(piece)
      yield scratch.subarray(0, piece.length)
    }
    at += size
  }
}

export function schemaOf(text: string, index?: string[], duplicates = false): Schema {
  return parseSchemaText(text, { ...(index === undefined ? {} : { index }), duplicates })
}

/** All rows of frames, as values. */
export async function rowsOf(frames: AsyncIterable<Frame> | Iterable<Frame>): Promise<Scalar[][]> {
  const rows: Scalar[][] = []
  for await (const frame of frames) {
    for (let row = 0; row < frame.rows; row++) {
      rows.push(frame.columns.map((column) => scalarAt(column, row)))
    }
  }
  return rows
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString('utf8')
}

/** The message and facts of the `bad-input` that reading ends with. */
export async function faultOf(work: () => Promise<unknown>): Promise<VarveError> {
  try {
    await work()
  } catch (error) {
    return error as VarveError
  }
  throw new Error('there was no fault')
}
