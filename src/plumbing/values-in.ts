import { isUtf8 } from 'node:buffer'
import type { Column, ColumnType } from '../core/column.ts'
import { ColumnBuilder, columnOf } from '../core/column-builder.ts'
import { concatColumns } from '../core/column-ops.ts'
import { hasCode } from '../core/errors.ts'
import { parseScalar } from '../core/scalar-text.ts'
import { badInput, quoteText } from '../formats/bad-input.ts'
import { readValues as readCells } from '../formats/csv/index.ts'
import { forEachLine, LINE_FEED, NUL } from './byte-lines.ts'

export interface ValueTextOptions {
  /** The text that stands for null: the empty one unless said. */
  readonly nullText?: string
  /** Values end with a NUL instead of a line feed, and may hold line feeds. */
  readonly zero?: boolean
}

const CR = 0x0d

/**
 * Reads a column, one value a line, as it streams in:
 *
 * - An empty line is null. For string and binary a line `""` is the empty value; other strings
 *   are taken as they are, quotes included.
 * - With `nullText` exactly that text is null, and nothing else is special: then every string can
 *   be given.
 * - A carriage return before the line feed belongs to strings, not to other values.
 *
 * `bad-input` with file, line, what was found and what was expected where a line is not a value.
 * @param file what errors call the input
 */
export async function readValues(
  source: AsyncIterable<Uint8Array>,
  type: ColumnType,
  file: string,
  options: ValueTextOptions = {},
): Promise<Column> {
  const { nullText, zero = false } = options
  if (nullText === undefined && !zero && isPlain(type)) return readPlain(source, type, file)
  const builder = new ColumnBuilder(type)
  const nullBytes = Buffer.from(nullText ?? '', 'utf8')
  const quotedEmpty = nullText === undefined && (type === 'string' || type === 'binary')
  const keepsReturn = zero || type === 'string'

  const fault = (bytes: Buffer, start: number, end: number, expected: string) =>
    badInput({
      file,
      place: { line: builder.length + 1, column: 1 },
      found: quoteText(bytes.toString('utf8', start, Math.min(end, start + 256))),
      expected,
    })

  await forEachLine(source, zero ? NUL : LINE_FEED, (bytes, start, lineEnd) => {
    const end = !keepsReturn && lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd
    if (isText(bytes, start, end, nullBytes)) builder.appendNull()
    else if (quotedEmpty && isText(bytes, start, end, QUOTED_EMPTY))
      builder.appendBytes(bytes, 0, 0)
    else if (type === 'string') {
      builder.appendBytes(bytes, start, end)
    } else if (type === 'json' && !isUtf8(bytes.subarray(start, end))) {
      throw fault(bytes, start, end, 'valid UTF-8')
    } else {
      const text = bytes.toString(type === 'json' ? 'utf8' : 'latin1', start, end)
      try {
        builder.append(parseScalar(text, type))
      } catch (error) {
        if (!hasCode(error, 'invalid-value') && !hasCode(error, 'invalid-date')) throw error
        throw fault(bytes, start, end, type)
      }
    }
  })
  try {
    return builder.finish()
  } catch (error) {
    if (!hasCode(error, 'invalid-value')) throw error
    throw badInput({
      file,
      place: { line: Number(error.data.row) + 1, column: 1 },
      found: 'other bytes',
      expected: 'valid UTF-8',
    })
  }
}

/** Whether no value of the type has quotes or delimiters in it: then a line is as a CSV cell. */
export function isPlain(type: ColumnType): boolean {
  return type !== 'string' && type !== 'json' && type !== 'null'
}

async function readPlain(
  source: AsyncIterable<Uint8Array>,
  type: ColumnType,
  file: string,
): Promise<Column> {
  const bytes = await unlessEmpty(source)
  if (bytes === undefined) return columnOf(type, [])
  const columns: Column[] = []
  for await (const column of readCells(bytes, type, { file })) columns.push(column)
  return concatColumns(columns)
}

/** The same stream, or undefined when there is not a byte in it. */
async function unlessEmpty(
  source: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const rest = source[Symbol.asyncIterator]()
  let first = await rest.next()
  while (first.done !== true && first.value.length === 0) first = await rest.next()
  if (first.done === true) return undefined
  const begin = first.value
  return (async function* () {
    try {
      yield begin
      for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
        yield next.value
      }
    } finally {
      await rest.return?.()
    }
  })()
}

const QUOTED_EMPTY = Buffer.from('""')

function isText(bytes: Buffer, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false
  return true
}
