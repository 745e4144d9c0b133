import { bitmapBytes, lastByteMask, ones } from './bits.ts'
import type { KeyBounds } from './bounds.ts'
import type { Column } from './column.ts'
import { takeFrame } from './frame.ts'
import { encodeKeyPrefix } from './key.ts'
import type { Frame, Schema } from './schema.ts'
import { intersectBounds } from './series-range.ts'
import { comparisonBits, EQUAL, GREATER, LESS } from './where-compare.ts'
import type { Condition, Where, WhereName } from './where-parse.ts'
import {
  comparingOf,
  positionOf,
  valueError,
  type WhereScope,
  type WhereZone,
} from './where-values.ts'

export { columnsOfWhere, parseWhere, type Where } from './where-parse.ts'
export type { WhereZone } from './where-values.ts'

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
 * greater than anything. Times without an offset are those of `zone`, or UTC; of several zones they
 * are `usage`.
 *
 * `column-not-found` with the nearest name; `invalid-date` or `invalid-value` where a value is none of
 * its column's type, `usage` where no value of its kind goes with the column.
 */
export function bindWhere(where: Where, schema: Schema, zone?: WhereZone): RowFilter {
  const test = testOf({ source: where.source, schema, zone }, where.condition)
  return {
    bounds: boundsOfWhere(where, schema, zone),
    filter(frame) {
      const rows = rowsOf(test(frame).yes, frame.rows)
      return rows.length === frame.rows ? frame : takeFrame(frame, rows)
    },
  }
}

/** The test that a condition is, over frames of a scope's schema. */
function testOf(scope: WhereScope, condition: Condition): Test {
  switch (condition.kind) {
    case 'not': {
      const test = testOf(scope, condition.part)
      return (frame) => {
        const { yes, no } = test(frame)
        return { yes: no, no: yes }
      }
    }
    case 'and':
    case 'or': {
      const tests = condition.parts.map((part) => testOf(scope, part))
      const join = condition.kind === 'and' ? both : either
      return (frame) => {
        let truth = tests[0]!(frame)
        for (let i = 1; i < tests.length; i++) truth = join(truth, tests[i]!(frame))
        return truth
      }
    }
    case 'null': {
      const position = positionOf(scope, condition.column)
      return (frame) => {
        const valid = validityOf(frame.columns[position]!)
        return { yes: complement(valid, frame.rows), no: valid }
      }
    }
    case 'nan':
      return nanTest(scope, condition.column)
    case 'compare': {
      const position = positionOf(scope, condition.column)
      const comparing = comparingOf(scope, condition)
      return (frame) => {
        const column = frame.columns[position]!
        return known(comparisonBits(column, comparing), column)
      }
    }
  }
}

function nanTest(scope: WhereScope, name: WhereName): Test {
  const position = positionOf(scope, name)
  const { type } = scope.schema.columns[position]!
  if (type !== 'float64' && type !== 'float32') {
    const message = `${name.name} is ${type}: only floats can be NaN`
    throw valueError(scope, name.at, message, { column: name.name, type })
  }
  return (frame) => {
    const column = frame.columns[position]!
    // Everything but NaN is less than, equal to or greater than 0.
    const bits = comparisonBits(column, { accept: LESS | EQUAL | GREATER, value: 0 })
    return known(complement(bits, frame.rows), column)
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

/** Longer texts bound no keys: one must not outgrow what a key can be. */
const LONGEST_BOUND = 256

/** The keys of a series that a condition can be true of, by what it says of the first column. */
export function boundsOfWhere(
  { source, condition }: Where,
  schema: Schema,
  zone?: WhereZone,
): KeyBounds {
  return boundsOf({ source, schema, zone }, condition)
}

function boundsOf(scope: WhereScope, condition: Condition): KeyBounds {
  if (condition.kind === 'and') {
    return condition.parts
      .map((part) => boundsOf(scope, part))
      .reduce((bounds, more) => intersectBounds(bounds, more))
  }
  const { name, type } = scope.schema.columns[0]!
  if (condition.kind !== 'compare' || condition.column.name !== name) return {}
  const { accept, value } = comparingOf(scope, condition)
  const long = typeof value === 'string' || value instanceof Uint8Array
  if (accept === 0 || (long && value.length > LONGEST_BOUND)) return {}
  const bound = { key: encodeKeyPrefix([type], [value]), inclusive: (accept & EQUAL) !== 0 }
  return {
    ...((accept & LESS) === 0 && { from: bound }),
    ...((accept & GREATER) === 0 && { to: bound }),
  }
}
