import { type ColumnType, isTimestampType, type Scalar } from './column.ts'
import { hasCode, VarveError } from './errors.ts'
import { nearest } from './nearest.ts'
import { parsePeriod } from './period.ts'
import { integerRanges, parseScalar } from './scalar-text.ts'
import type { Schema } from './schema.ts'
import { parseIso, unitsPerSecond } from './time.ts'
import { ALWAYS, accepted, type Comparing, compareInteger } from './where-compare.ts'
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

/** A comparison with a value of the column's type; `usage` where the value is none. */
export function comparingOf(scope: WhereScope, condition: Compare): Comparing {
  const { column, comparison, literal } = condition
  const { type } = scope.schema.columns[positionOf(scope, column)]!
  // All of it is null.
  if (type === 'null') return { accept: ALWAYS, value: null }
  checkKind(scope, condition, type)
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
      `text goes in single quotes: '${literal.text}'`,
    )
  }
  if ((type === 'bool' || type === 'json') && !['=', '!=', '<>'].includes(comparison)) {
    const message = `${name} is ${type}, which has no order: compare with = or !=`
    throw valueError(scope, column.at, message, { column: name, type, comparison })
  }
}

function literalOf(scope: WhereScope, { column, literal }: Compare, type: ColumnType): Scalar {
  const { text, at } = literal
  try {
    const value = parseScalar(text, type)
    if (typeof value === 'bigint') return instantOf(scope, column, literal, value, type)
    if (!Number.isNaN(value)) return value
  } catch (cause) {
    if (!hasCode(cause, 'invalid-value') && !hasCode(cause, 'invalid-date')) throw cause
    const facts = { ...cause.data, column: column.name, type }
    throw valueError(scope, at, `${column.name}: ${cause.message}`, facts, cause.hint, cause)
  }
  const facts = { column: column.name, type, value: text }
  const hint = 'write "is nan" or "is not nan"'
  throw valueError(scope, at, `${column.name}: nothing equals NaN`, facts, hint)
}

/** The instant at which a zone's clocks show a time that was read as UTC. */
function instantOf(
  scope: WhereScope,
  { name }: WhereName,
  { text, at }: WhereLiteral,
  value: bigint,
  type: ColumnType,
): bigint {
  const { zone } = scope
  if (zone === undefined || !isTimestampType(type) || /^[+-]?\d+$/.test(text)) return value
  if (zone === 'several') {
    if (parseIso(text)?.offset !== undefined) return value
    const facts = { column: name, type, value: text }
    const hint = `give an offset, as in '${text}Z', or one zone for all: --tz`
    throw valueError(scope, at, `${name}: the series are in several zones`, facts, hint)
  }
  return parsePeriod(text, zone).start / (1_000_000_000n / unitsPerSecond[type])
}

/** The error for a word of a condition that does not go with its column. */
export function valueError(
  { source }: WhereScope,
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
