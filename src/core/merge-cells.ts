import { compareBytes, equalBytes } from './bytes.ts'
import { type ColumnType, isNumberType, isTimestampType, type Scalar } from './column.ts'
import { columnOf } from './column-builder.ts'
import { scalarAt, widenColumn } from './column-ops.ts'
import { VarveError } from './errors.ts'
import type { Json, JsonObject, Settings } from './settings.ts'
import { isWithinTolerance } from './tolerance.ts'

/** How a cell that both sides changed differently is settled without asking. */
export const mergePolicies = ['ours', 'theirs', 'newest', 'min', 'max'] as const
export type MergePolicy = (typeof mergePolicies)[number]

/** What a column's settings say of merging. */
export interface ColumnRule {
  readonly policy?: MergePolicy
  /** Numbers that differ by no more than this are not a conflict: ours stays. */
  readonly tolerance?: number
}

/** By the names of columns. */
export type ColumnRules = ReadonlyMap<string, ColumnRule>

/**
 * The rules that the setting `merge` gives: an object of columns, each with a policy (`"max"`) or an
 * object such as `{"policy":"ours","tolerance":0.01}`. `invalid-value` for anything else.
 */
export function columnRules(settings: Settings): ColumnRules {
  const merge = settings.get('merge')
  if (merge === undefined) return new Map()
  if (!isObject(merge)) throw badRule('merge', merge)
  return new Map(Object.entries(merge).map(([name, rule]) => [name, columnRule(name, rule)]))
}

function columnRule(name: string, rule: Json): ColumnRule {
  if (typeof rule === 'string') return { policy: policyOf(name, rule) }
  if (!isObject(rule)) throw badRule(name, rule)
  const members = new Map(Object.entries(rule))
  const policy = members.get('policy')
  const tolerance = members.get('tolerance')
  for (const key of members.keys()) {
    if (key !== 'policy' && key !== 'tolerance') throw badRule(name, rule)
  }
  if (tolerance !== undefined && !(typeof tolerance === 'number' && tolerance >= 0)) {
    throw badRule(name, rule)
  }
  return {
    ...(policy !== undefined && { policy: policyOf(name, policy) }),
    ...(tolerance !== undefined && { tolerance }),
  }
}

function policyOf(name: string, policy: Json): MergePolicy {
  if ((mergePolicies as readonly Json[]).includes(policy)) return policy as MergePolicy
  throw badRule(name, policy)
}

function badRule(name: string, found: Json): VarveError {
  return new VarveError(
    'invalid-value',
    `not a rule for merging ${name}: ${JSON.stringify(found)}`,
    {
      data: { column: name, found, expected: mergePolicies },
      hint: 'varve schema set SERIES \'merge={"level":"max","price":{"policy":"ours","tolerance":0.01}}\'',
    },
  )
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether two values of one type are the same, bit for bit. */
export function sameValue(a: Scalar, b: Scalar): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b)
  return Object.is(a, b)
}

export function sameRow(a: readonly Scalar[], b: readonly Scalar[]): boolean {
  return a.length === b.length && a.every((value, i) => sameValue(value, b[i]!))
}

/** A value in a wider type; `invalid-value` where it has no equal there. */
export function widenScalar(value: Scalar, from: ColumnType, to: ColumnType): Scalar {
  if (from === to || value === null) return value
  return scalarAt(widenColumn(columnOf(from, [value]), to), 0)
}

/** The lesser or greater of two values: a null and a NaN give way to anything else. */
export function extreme(which: 'min' | 'max', ours: Scalar, theirs: Scalar): Scalar {
  if (ours === null || Number.isNaN(ours)) return theirs
  if (theirs === null || Number.isNaN(theirs)) return ours
  const order = compareScalars(ours, theirs)
  return order === 0 || order < 0 === (which === 'min') ? ours : theirs
}

function compareScalars(a: Scalar, b: Scalar): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  if (typeof a === 'string' && typeof b === 'string') {
    return compareBytes(Buffer.from(a), Buffer.from(b))
  }
  return a! < b! ? -1 : a! > b! ? 1 : 0
}

/** Whether two numbers, or times in units of their type, differ by no more than a tolerance. */
export function isWithin(
  type: ColumnType,
  ours: Scalar,
  theirs: Scalar,
  tolerance: number | undefined,
): boolean {
  if (tolerance === undefined || !(isNumberType(type) || isTimestampType(type))) return false
  const isNumber = (value: Scalar) => typeof value === 'bigint' || typeof value === 'number'
  return (
    isNumber(ours) &&
    isNumber(theirs) &&
    isWithinTolerance(ours, theirs, { atol: tolerance, rtol: 0 })
  )
}
