import type { ColumnType } from '../../core/column.ts'
import { VarveError } from '../../core/errors.ts'
import { parseScalar } from '../../core/scalar-text.ts'
import { badInput, quoteText } from '../bad-input.ts'
import { cellText } from './cells.ts'
import { QUOTED, type Tokenizer } from './tokenizer.ts'

const LONGEST_VALUE = 1000

/** The first of `rows` records whose cell no index column can hold: null, or NaN. */
export function indexFault(
  batch: Tokenizer,
  column: number,
  rows: number,
  type: ColumnType,
): number {
  const { starts, ends, width } = batch
  const bytes: Uint8Array = batch.bytes
  const float = type === 'float64' || type === 'float32'
  for (let row = 0, cell = column; row < rows; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    if (start === ends[cell] && token === start << 2) return row
    if (!float) continue
    let first = start
    while (bytes[first]! < 0x30 && first < ends[cell]!) first++
    if (bytes[first]! > 0x39 && isNaNText(batch, cell, type)) return row
  }
  return rows
}

function isNaNText(batch: Tokenizer, cell: number, type: ColumnType): boolean {
  return /^[+-]?nan$/i.test(cellText(batch, cell, type))
}

/**
 * The error for a cell that is not of its column's type, or cannot be in an index. Its `data` also
 * has the column's name as `field` where that is known, and the text, unless it is long, as `value`.
 * `advice` is the hint where there is no better one.
 */
export function cellFault(
  batch: Tokenizer,
  row: number,
  column: number,
  type: ColumnType,
  index: boolean,
  name?: string,
  advice?: string,
): VarveError {
  const cell = row * batch.width + column
  const token = batch.starts[cell]!
  const quoted = (token & QUOTED) !== 0
  const place = batch.placeIn(row, (token >> 2) - (quoted ? 1 : 0))
  const text = cellText(batch, cell, type)
  const facts = {
    file: batch.file,
    place,
    expected: type === 'null' ? (index ? 'a value' : 'nothing') : type,
    data: {
      ...(name === undefined ? {} : { field: name }),
      ...(text.length > LONGEST_VALUE ? {} : { value: text }),
    },
  }
  if (index && text === '' && !quoted) {
    return badInput({ ...facts, found: 'nothing', reason: 'the index cannot be null' })
  }
  if (index && isNaNText(batch, cell, type)) {
    return badInput({ ...facts, found: quoteText(text), reason: 'the index cannot be NaN' })
  }
  const hint = text === '' ? 'a null is an empty cell without quotes' : advice
  const { reason, cause } = whyNot(text, type)
  return badInput({
    ...facts,
    found: quoteText(text),
    reason,
    hint: hint ?? (cause?.hint === reason ? undefined : cause?.hint),
    cause,
  })
}

/** Why a text is not of a type, where saying the type does not say it. */
function whyNot(text: string, type: ColumnType): { reason?: string; cause?: VarveError } {
  if (type === 'json') return { reason: 'it is not valid JSON' }
  try {
    parseScalar(text, type)
  } catch (cause) {
    if (!(cause instanceof VarveError)) throw cause
    const expected = String(cause.data.expected ?? '')
    const bracketed = /\(([^()]*)\)$/.exec(cause.message)?.[1]
    if (/^a whole number from|that fits/.test(expected)) return { reason: `not ${expected}`, cause }
    if (/^not a (date|time)/.test(cause.message)) {
      return bracketed === undefined ? { cause } : { reason: bracketed, cause }
    }
    if (cause.data.min !== undefined) {
      return { reason: `it reaches from ${cause.data.min} to ${cause.data.max}`, cause }
    }
    if (cause.hint !== undefined) return { reason: cause.hint, cause }
    return { cause }
  }
  return {}
}
