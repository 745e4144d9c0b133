import type { Column, ColumnType, Scalar } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { formatScalar, scalarToJson } from '../core/scalar-text.ts'
import { writeValues } from '../formats/csv/index.ts'
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
  const end = zero ? '\0' : '\n'
  const quotesEmpty = nullText === undefined && (type === 'string' || type === 'binary')
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
