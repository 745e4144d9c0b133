import { type ColumnType, isTimestampType } from '../../core/column.ts'
import { VarveError } from '../../core/errors.ts'
import { parseScalar } from '../../core/scalar-text.ts'
import { formatSeconds } from '../../core/time.ts'
import { badInput, quoteText } from '../bad-input.ts'
import type { CellBatch } from './cell-batch.ts'
import type { CellForm } from './cell-form.ts'
import { cellText } from './cell-text.ts'
import { isMarker, layoutOffer, nullOption, numberAdvice, shortLayout } from './near-values.ts'
import { IS_DATE, NOT_A_TIME, scannedTime } from './scan.ts'
import { QUOTED } from './tokenizer.ts'

const LONGEST_VALUE = 1000

/** The first of `rows` records whose cell no index column can hold: null, or NaN. */
export function indexFault(
  batch: CellBatch,
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

function isNaNText(batch: CellBatch, cell: number, type: ColumnType): boolean {
  return /^[+-]?nan$/i.test(cellText(batch, cell, type))
}

/** What is known about a column, for the error about one of its cells. */
export interface FaultyColumn {
  readonly type: ColumnType
  readonly index: boolean
  readonly name?: string | undefined
  /** What it is said to hold, where nobody named its type: the type unless given. */
  readonly expected?: string | undefined
  /** How its cells are written. */
  readonly form?: CellForm | undefined
  /** The hint where there is no better one. */
  readonly advice?: string | undefined
}

/**
 * The error for a cell that is not of its column's type, or cannot be in an index. Its `data` also
 * has the column's name as `field` where that is known, and the value, unless it is long, as
 * `value`: the text or, of a value that is written otherwise, as it is usually written.
 */
export function cellFault(
  batch: CellBatch,
  row: number,
  column: number,
  { type, index, name, expected, form = {}, advice }: FaultyColumn,
): VarveError {
  const cell = row * batch.width + column
  const token = batch.starts[cell]!
  const quoted = (token & QUOTED) !== 0
  const place = batch.placeIn(row, (token >> 2) - (quoted ? 1 : 0))
  const text = cellText(batch, cell, type)
  const value = usualText(text, type, form)
  const facts = {
    file: batch.file,
    place,
    expected: expected ?? expectedOf(type, index, form, value !== text),
    data: {
      ...(name === undefined ? {} : { field: name }),
      ...(value.length > LONGEST_VALUE ? {} : { value }),
    },
  }
  if (index && text === '' && !quoted) {
    return badInput({
      ...facts,
      found: 'nothing',
      reason: 'the index cannot be null',
      // The type is still to be found: so the index may still be another.
      ...(type === 'null' && { hint: 'a new series may have another index: --index COLUMN' }),
    })
  }
  if (index && isNaNText(batch, cell, type)) {
    return badInput({ ...facts, found: quoteText(text), reason: 'the index cannot be NaN' })
  }
  const { reason, cause } = whyNot(text, value, type, form)
  const hint = hintFor(text, type, index, form) ?? advice
  return badInput({
    ...facts,
    found: quoteText(text),
    reason,
    hint: hint ?? (cause?.hint === reason ? undefined : cause?.hint),
    cause,
  })
}

/** The text of a value as it is usually written, where the column writes it otherwise. */
function usualText(text: string, type: ColumnType, { comma, layout }: CellForm): string {
  if (comma === true && isNumeric(type) && !text.includes('.')) return text.replace(',', '.')
  if (layout === undefined) return text
  const bytes = Buffer.from(`${text}\n`)
  const kind = layout.scan(bytes, 0, bytes.length - 1)
  if (kind === NOT_A_TIME || !Number.isSafeInteger(scannedTime[0])) return text
  const date = formatSeconds(BigInt(scannedTime[0]!))
  if (kind === IS_DATE) return date.slice(0, -9)
  const fraction = String(scannedTime[1]).padStart(9, '0').slice(0, scannedTime[2])
  const zone = scannedTime[3] === 1 ? 'Z' : ''
  return `${date}${fraction === '' ? '' : `.${fraction}`}${zone}`
}

function expectedOf(
  type: ColumnType,
  index: boolean,
  { layout }: CellForm,
  isDate: boolean,
): string {
  if (type === 'null') return index ? 'a value' : 'nothing'
  return layout === undefined || isDate ? type : `${type} as ${shortLayout(layout)}`
}

function hintFor(
  text: string,
  type: ColumnType,
  index: boolean,
  { comma, layout }: CellForm,
): string | undefined {
  if (type === 'null') return undefined
  if (!index && isMarker(text)) return `${nullOption([text])} takes it as no value`
  if (text === '') return 'a null is an empty cell without quotes'
  if (isNumeric(type)) {
    const advice = numberAdvice(text, comma === true ? ',' : '.')
    return advice ?? (index || !isWord(text) ? undefined : wordAdvice(text))
  }
  if ((type !== 'date' && !isTimestampType(type)) || layout !== undefined) return undefined
  const offer = layoutOffer(text)
  return offer === undefined ? undefined : `--date-format ${offer}`
}

/** Whether a text is a word, not a number that is written in some way. */
function isWord(text: string): boolean {
  return /\p{L}/u.test(text) && !/\d/.test(text)
}

function wordAdvice(text: string): string {
  const noValue = `where it stands for no value, ${nullOption([text])}`
  return `${noValue}; where the column is text from now on, give it another name: --rename OLD=NEW`
}

function isNumeric(type: ColumnType): boolean {
  return /^(u?int|float)/.test(type)
}

/** Why a text is not of a type, where saying the type does not say it. */
function whyNot(
  written: string,
  text: string,
  type: ColumnType,
  { layout }: CellForm,
): { reason?: string | undefined; cause?: VarveError } {
  if (type === 'json') return { reason: 'it is not valid JSON' }
  if (layout !== undefined && text === written) return { reason: layout.whyNot(written) }
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
