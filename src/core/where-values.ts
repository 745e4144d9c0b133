import { type ColumnType, isTimestampType, type Scalar, type TimestampType } from './column.ts'
import { type ErrorCode, hasCode, VarveError } from './errors.ts'
import { floorDiv } from './floor-div.ts'
import { nearest } from './nearest.ts'
import { parsePeriod } from './period.ts'
import { integerRanges, parseScalar } from './scalar-text.ts'
import type { Schema } from './schema.ts'
import { parseIso, unitsPerSecond } from './time.ts'
import { ALWAYS, accepted, type Comparing, compareInteger, compareWithin } from './where-compare.ts'
import type { Condition, WhereLiteral, WhereName } from './where-parse.ts'
import type { Zone } from './zone.ts'

/** The clocks of times without an offset; `several` where rows have more than one. */
export type WhereZone = Zone | 'several'

/** What a condition is read against. */
export interface WhereScope {
  readonly source: string
  readonly schema: Schema
  /** Of times without an offset; UTC where it is undefined. */
  readonly zone: WhereZone | undefined
}

export type Compare = Condition & { readonly kind: 'compare' }

/** Where a column is; `column-not-found` with the nearest name. */
export function positionOf({ schema }: WhereScope, { name }: WhereName): number {
  const position = schema.columns.findIndex((column) => column.name === name)
  if (position >= 0) return position
  const names = schema.columns.map((column) => column.name)
  const near = nearest(name, names)
  throw new VarveError('column-not-found', `--where: there is no column ${JSON.stringify(name)}`, {
    data: { column: name, columns: names },
    hint: near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
  })
}

/**
 * A comparison with a value of the column's type; `invalid-date` or `invalid-value` where the value
 * is none, `usage` where no value of that kind goes with the column.
 */
export function comparingOf(scope: WhereScope, condition: Compare): Comparing {
  const { column, comparison, literal } = condition
  const { type } = scope.schema.columns[positionOf(scope, column)]!
  // All of it is null.
  if (type === 'null') return { accept: ALWAYS, value: null }
  checkKind(scope, condition, type)
  if (isTimestampType(type)) {
    return compareWithin(type, comparison, unitsOf(scope, column, literal, type))
  }
  if (integerRanges.has(type)) {
    const comparing = compareInteger(type, comparison, literal.text)
    if (comparing !== undefined) return comparing
  }
  return { accept: accepted[comparison], value: literalOf(scope, condition, type) }
}

function checkKind(
  scope: WhereScope,
  { column, comparison, literal }: Compare,
  type: ColumnType,
): void {
  const { name } = column
  const isText = type === 'string' || type === 'json' || type === 'binary'
  if (isText && !literal.quoted) {
    throw valueError(
      scope,
      literal.at,
      `${name} is ${type}, and ${literal.shown} is no text`,
      { column: name, type, value: literal.shown },
      { hint: `text goes in single quotes: '${literal.text}'` },
    )
  }
  if ((type === 'bool' || type === 'json') && !['=', '!=', '<>'].includes(comparison)) {
    const message = `${name} is ${type}, which has no order: compare with = or !=`
    throw valueError(scope, column.at, message, { column: name, type, comparison })
  }
}

function literalOf(scope: WhereScope, { column, literal }: Compare, type: ColumnType): Scalar {
  const { text, at } = literal
  const value = withPlace(scope, column, literal, type, () => parseScalar(text, type))
  if (!Number.isNaN(value)) return value
  const facts = { column: column.name, type, value: text }
  const hint = 'write "is nan" or "is not nan"'
  throw valueError(scope, at, `${column.name}: nothing equals NaN`, facts, { hint })
}

/** The instant that a literal says, in units of a type: see `docs/where.md`. */
function unitsOf(
  scope: WhereScope,
  column: WhereName,
  literal: WhereLiteral,
  type: TimestampType,
): { readonly floor: bigint; readonly exact: boolean } {
  const { name } = column
  const { text, at } = literal
  const facts = { column: name, type, value: text }
  const parts = parseIso(text)
  const isNumber = /^[+-]?\d+$/.test(text)
  if (isNumber || (parts !== undefined && parts.day === undefined)) {
    const message = `${name}: ${text} is ${parts === undefined ? 'no time' : 'a period, not a time'}`
    throw valueError(scope, at, message, facts, {
      code: 'invalid-date',
      hint: isNumber
        ? `@SECONDS are seconds since 1970, a day is written 2026-08-17; of a year there are --from ${text.slice(0, 4)} and --to`
        : `of a month or year there are --from ${text} and --to ${text}`,
    })
  }
  if (scope.zone === 'several' && parts !== undefined && parts.offset === undefined) {
    throw valueError(scope, at, `${name}: the series are in several zones`, facts, {
      hint: `give an offset, as in '${text}Z', or one zone for all: --tz`,
    })
  }
  const zone = scope.zone === 'several' ? undefined : scope.zone
  const { start } = withPlace(scope, column, literal, type, () => parsePeriod(text, zone))
  const unit = 1_000_000_000n / unitsPerSecond[type]
  const floor = floorDiv(start, unit)
  return { floor, exact: floor * unit === start }
}

/** Says where in the condition a value stands that is none. */
function withPlace<T>(
  scope: WhereScope,
  { name }: WhereName,
  { at }: WhereLiteral,
  type: ColumnType,
  read: () => T,
): T {
  try {
    return read()
  } catch (cause) {
    if (!hasCode(cause, 'invalid-value') && !hasCode(cause, 'invalid-date')) throw cause
    const { code, hint } = cause
    const facts = { ...cause.data, column: name, type }
    throw valueError(scope, at, `${name}: ${cause.message}`, facts, { code, hint, cause })
  }
}

/** The error for a word of a condition that does not go with its column. */
export function valueError(
  { source }: WhereScope,
  at: number,
  message: string,
  data: Readonly<Record<string, unknown>>,
  options: {
    readonly code?: ErrorCode
    readonly hint?: string | undefined
    readonly cause?: unknown
  } = {},
): VarveError {
  const { code = 'usage', hint, cause } = options
  const character = [...source.slice(0, at)].length + 1
  return new VarveError(code, `--where, character ${character}: ${message}`, {
    data: { where: source, character, ...data },
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
  })
}
