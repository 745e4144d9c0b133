import { bitmapBytes, lastByteMask, ones } from './bits.ts'
import type { KeyBounds } from './bounds.ts'
import type { Column, ColumnType } from './column.ts'
import { hasCode, VarveError } from './errors.ts'
import { takeFrame } from './frame.ts'
import { encodeKeyPrefix } from './key.ts'
import { nearest } from './nearest.ts'
import { integerRanges, parseScalar } from './scalar-text.ts'
import type { Frame, Schema } from './schema.ts'
import { intersectBounds } from './series-range.ts'
import {
  ALWAYS,
  accepted,
  type Comparing,
  compareInteger,
  comparisonBits,
  EQUAL,
  GREATER,
  LESS,
} from './where-compare.ts'
import type { Condition, Where, WhereLiteral, WhereName } from './where-parse.ts'

export { columnsOfWhere, parseWhere, type Where } from './where-parse.ts'

/** A condition over the columns of a schema. */
export interface RowFilter {
  /** No row outside these keys can fulfil it. */
  readonly bounds: KeyBounds
  /** The rows of a frame of the schema that fulfil it. */
  filter(frame: Frame): Frame
}

/** Rows of which a condition is true and of which it is false; it is neither beside a null. */
interface Truth {
  readonly yes: Uint8Array
  readonly no: Uint8Array
}

type Test = (frame: Frame) => Truth

/**
 * Makes a condition ready for frames of a schema. Comparing with a null is neither true nor false,
 * and only rows of which the condition is true fulfil it. NaN is neither less than, equal to, nor
 * greater than anything.
 *
 * `column-not-found` with the nearest name; `usage` where a value does not go with its column.
 */
export function bindWhere({ source, condition }: Where, schema: Schema): RowFilter {
  const test = new Binding(source, schema).test(condition)
  return {
    bounds: boundsOf(source, condition, schema),
    filter(frame) {
      const rows = rowsOf(test(frame).yes, frame.rows)
      return rows.length === frame.rows ? frame : takeFrame(frame, rows)
    },
  }
}

class Binding {
  readonly #source: string
  readonly #schema: Schema

  constructor(source: string, schema: Schema) {
    this.#source = source
    this.#schema = schema
  }

  test(condition: Condition): Test {
    switch (condition.kind) {
      case 'not': {
        const test = this.test(condition.part)
        return (frame) => {
          const { yes, no } = test(frame)
          return { yes: no, no: yes }
        }
      }
      case 'and':
      case 'or': {
        const tests = condition.parts.map((part) => this.test(part))
        const join = condition.kind === 'and' ? both : either
        return (frame) => {
          let truth = tests[0]!(frame)
          for (let i = 1; i < tests.length; i++) truth = join(truth, tests[i]!(frame))
          return truth
        }
      }
      case 'null': {
        const position = positionOf(this.#schema, condition.column)
        return (frame) => {
          const valid = validityOf(frame.columns[position]!)
          return { yes: complement(valid, frame.rows), no: valid }
        }
      }
      case 'nan':
        return this.#nan(condition.column)
      case 'compare': {
        const position = positionOf(this.#schema, condition.column)
        const comparing = comparingOf(this.#source, condition, this.#schema)
        return (frame) => {
          const column = frame.columns[position]!
          return known(comparisonBits(column, comparing), column)
        }
      }
    }
  }

  #nan(name: WhereName): Test {
    const position = positionOf(this.#schema, name)
    const { type } = this.#schema.columns[position]!
    if (type !== 'float64' && type !== 'float32') {
      throw valueError(this.#source, name.at, `${name.name} is ${type}: only floats can be NaN`, {
        column: name.name,
        type,
      })
    }
    return (frame) => {
      const column = frame.columns[position]!
      // Everything but NaN is equal to itself, less or greater than 0.
      const bits = comparisonBits(column, { accept: LESS | EQUAL | GREATER, value: 0 })
      return known(complement(bits, frame.rows), column)
    }
  }
}

/** What is true of the rows that have a value. */
function known(bits: Uint8Array, column: Column): Truth {
  const yes = validityOf(column)
  const no = yes.slice()
  for (let at = 0; at < yes.length; at++) {
    no[at]! &= ~bits[at]!
    yes[at]! &= bits[at]!
  }
  return { yes, no }
}

function validityOf(column: Column): Uint8Array {
  if (column.type === 'null') return new Uint8Array(bitmapBytes(column.length))
  return column.validity?.slice() ?? ones(column.length)
}

function complement(bits: Uint8Array, rows: number): Uint8Array {
  const result = bits.map((byte) => ~byte)
  if (result.length > 0) result[result.length - 1]! &= lastByteMask(rows)
  return result
}

function both(a: Truth, b: Truth): Truth {
  return {
    yes: a.yes.map((byte, i) => byte & b.yes[i]!),
    no: a.no.map((byte, i) => byte | b.no[i]!),
  }
}

function either(a: Truth, b: Truth): Truth {
  return {
    yes: a.yes.map((byte, i) => byte | b.yes[i]!),
    no: a.no.map((byte, i) => byte & b.no[i]!),
  }
}

/** The numbers of the bits that are 1. */
function rowsOf(bits: Uint8Array, rows: number): Uint32Array {
  const found = new Uint32Array(rows)
  let count = 0
  for (let at = 0; at < bits.length; at++) {
    for (let byte = bits[at]!; byte !== 0; byte &= byte - 1) {
      found[count++] = 8 * at + 31 - Math.clz32(byte & -byte)
    }
  }
  return found.subarray(0, count)
}

function positionOf(schema: Schema, { name }: WhereName): number {
  const position = schema.columns.findIndex((column) => column.name === name)
  if (position >= 0) return position
  const names = schema.columns.map((column) => column.name)
  const near = nearest(name, names)
  throw new VarveError('column-not-found', `--where: there is no column ${JSON.stringify(name)}`, {
    data: { column: name, columns: names },
    hint: near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
  })
}

type Compare = Condition & { readonly kind: 'compare' }

/** A comparison with a value of the column's type. */
function comparingOf(source: string, condition: Compare, schema: Schema): Comparing {
  const { column, comparison, literal } = condition
  const { type } = schema.columns[positionOf(schema, column)]!
  // All of it is null.
  if (type === 'null') return { accept: ALWAYS, value: null }
  checkKind(source, condition, type)
  if (integerRanges.has(type)) {
    const comparing = compareInteger(type, comparison, literal.text)
    if (comparing !== undefined) return comparing
  }
  return { accept: accepted[comparison], value: literalOf(source, column, literal, type) }
}

function checkKind(source: string, { column, comparison, literal }: Compare, type: ColumnType) {
  const { name } = column
  const isText = type === 'string' || type === 'json' || type === 'binary'
  if (isText && !literal.quoted) {
    throw valueError(
      source,
      literal.at,
      `${name} is ${type}, and ${literal.shown} is no text`,
      { column: name, type, value: literal.shown },
      `text goes in single quotes: '${literal.text}'`,
    )
  }
  if ((type === 'bool' || type === 'json') && !['=', '!=', '<>'].includes(comparison)) {
    throw valueError(
      source,
      column.at,
      `${name} is ${type}, which has no order: compare with = or !=`,
      {
        column: name,
        type,
        comparison,
      },
    )
  }
}

function literalOf(
  source: string,
  column: WhereName,
  { text, at }: WhereLiteral,
  type: ColumnType,
) {
  try {
    const value = parseScalar(text, type)
    if (!Number.isNaN(value)) return value
  } catch (cause) {
    if (!hasCode(cause, 'invalid-value') && !hasCode(cause, 'invalid-date')) throw cause
    const facts = { ...cause.data, column: column.name, type }
    throw valueError(source, at, `${column.name}: ${cause.message}`, facts, cause.hint, cause)
  }
  const facts = { column: column.name, type, value: text }
  const hint = 'write "is nan" or "is not nan"'
  throw valueError(source, at, `${column.name}: nothing equals NaN`, facts, hint)
}

function valueError(
  source: string,
  at: number,
  message: string,
  data: Readonly<Record<string, unknown>>,
  hint?: string,
  cause?: unknown,
): VarveError {
  const character = [...source.slice(0, at)].length + 1
  return new VarveError('usage', `--where, character ${character}: ${message}`, {
    data: { where: source, character, ...data },
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
  })
}

/** Longer texts bound no keys: one must not outgrow what a key can be. */
const LONGEST_BOUND = 256

/** The keys of a series that a condition can be true of, by what it says of the first column. */
export function boundsOfWhere({ source, condition }: Where, schema: Schema): KeyBounds {
  return boundsOf(source, condition, schema)
}

/** The keys that are left by what the first index column must be for the whole to be true. */
function boundsOf(source: string, condition: Condition, schema: Schema): KeyBounds {
  if (condition.kind === 'and') {
    return condition.parts
      .map((part) => boundsOf(source, part, schema))
      .reduce((bounds, more) => intersectBounds(bounds, more))
  }
  const { name, type } = schema.columns[0]!
  if (condition.kind !== 'compare' || condition.column.name !== name) return {}
  const { accept, value } = comparingOf(source, condition, schema)
  const long = typeof value === 'string' || value instanceof Uint8Array
  if (accept === 0 || (long && value.length > LONGEST_BOUND)) return {}
  const bound = { key: encodeKeyPrefix([type], [value]), inclusive: (accept & EQUAL) !== 0 }
  return {
    ...((accept & LESS) === 0 && { from: bound }),
    ...((accept & GREATER) === 0 && { to: bound }),
  }
}
