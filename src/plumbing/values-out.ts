import { Buffer } from 'node:buffer'
import { type Column, type ColumnType, isNull, type Scalar } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { formatScalar, scalarToJson } from '../core/scalar-text.ts'
import { writeValues } from '../formats/csv/index.ts'
import { LINE_FEED, NUL } from './byte-lines.ts'
import { isPlain, type ValueTextOptions } from './values-in.ts'

const CHUNK_CHARACTERS = 64 * 1024

/**
 * The text of columns that follow one another, a value a line, as `readValues` takes it: null is
 * an empty line (or `nullText`), the empty string `""`. A string that holds a line feed, or is
 * `""` itself, is only told apart under `zero` and `nullText`.
 */
export async function* valueLines(
  type: ColumnType,
  columns: AsyncIterable<Column>,
  options: ValueTextOptions = {},
): AsyncGenerator<Uint8Array | string> {
  const { nullText, zero = false } = options
  if (nullText === undefined && !zero && isPlain(type)) {
    yield* writeValues(columns)
    return
  }
  if (type === 'string' || type === 'json') {
    for await (const column of columns) yield* textLines(column, options)
    return
  }
  const end = zero ? '\0' : '\n'
  const quotesEmpty = nullText === undefined && type === 'binary'
  for await (const column of columns) {
    let text = ''
    for (let row = 0; row < column.length; row++) {
      const value = scalarAt(column, row)
      if (value === null) text += nullText ?? ''
      else if (quotesEmpty && isEmpty(value)) text += '""'
      else text += formatScalar(value, type)
      text += end
      if (text.length >= CHUNK_CHARACTERS) {
        yield text
        text = ''
      }
    }
    if (text !== '') yield text
  }
}

/** The values of a string or json column: their bytes as they are, gathered into chunks. */
function* textLines(column: Column, { nullText, zero = false }: ValueTextOptions) {
  const end = zero ? NUL : LINE_FEED
  const empty = nullText === undefined && column.type === 'string' ? '""' : ''
  const nullBytes = Buffer.from(nullText ?? '')
  const emptyBytes = Buffer.from(empty)
  const offsets = column.offsets!
  const values = column.values as Uint8Array
  let chunk = Buffer.allocUnsafe(CHUNK_CHARACTERS)
  let at = 0
  for (let row = 0; row < column.length; row++) {
    const start = offsets[row]!
    const special = start === offsets[row + 1] && (isNull(column, row) ? nullBytes : emptyBytes)
    const bytes = special || values.subarray(start, offsets[row + 1])
    if (at + bytes.length + 1 > chunk.length) {
      yield chunk.subarray(0, at)
      chunk = Buffer.allocUnsafe(Math.max(CHUNK_CHARACTERS, bytes.length + 1))
      at = 0
    }
    chunk.set(bytes, at)
    at += bytes.length
    chunk[at++] = end
  }
  yield chunk.subarray(0, at)
}

/** The same values as one JSON array, a value a line. */
export async function* valuesAsJson(columns: AsyncIterable<Column>): AsyncGenerator<string> {
  let text = '['
  let separator = '\n'
  for await (const column of columns) {
    for (let row = 0; row < column.length; row++) {
      text += separator + jsonText(scalarAt(column, row), column.type)
      separator = ',\n'
      if (text.length >= CHUNK_CHARACTERS) {
        yield text
        text = ''
      }
    }
  }
  yield separator === '\n' ? '[]\n' : `${text}\n]\n`
}

function jsonText(value: Scalar, type: ColumnType): string {
  // JSON.stringify(-0) is 0, but JSON knows -0.
  return Object.is(value, -0) ? '-0' : JSON.stringify(scalarToJson(value, type))
}

function isEmpty(value: Scalar): boolean {
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length === 0
}
