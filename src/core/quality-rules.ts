import { type ColumnType, isNumberType, isTimestampType, type Scalar } from './column.ts'
import { hasCode, VarveError } from './errors.ts'
import { parseScalar } from './scalar-text.ts'
import type { Schema } from './schema.ts'
import type { Json, JsonObject, Settings } from './settings.ts'

/** What the setting `quality` may say of a column. */
export const qualityRuleNames = [
  'not-null',
  'range',
  'monotonic',
  'max-gap',
  'max-revision',
  'stale-after',
] as const
export type QualityRuleName = (typeof qualityRuleNames)[number]

export const monotonicKinds = [
  'increasing',
  'decreasing',
  'strictly-increasing',
  'strictly-decreasing',
] as const
export type Monotonic = (typeof monotonicKinds)[number]

/** A length on an index: of time in nanoseconds, or of numbers. */
export interface Length {
  readonly text: string
  readonly nanoseconds?: bigint
  readonly amount?: number
}

/** The most that a value may change by: an amount, or a part of what it was. */
export interface MaxRevision {
  readonly text: string
  readonly amount?: number
  readonly part?: number
}

/** The rules for one column, as far as there are any. */
export interface ColumnQuality {
  readonly notNull: boolean
  /** Both ends belong to it; null leaves one open. */
  readonly range?: { readonly min: Json; readonly max: Json }
  readonly monotonic?: Monotonic
  readonly maxGap?: Length
  readonly maxRevision?: MaxRevision
  readonly staleAfter?: Length
}

export type QualityRules = ReadonlyMap<string, ColumnQuality>

/**
 * The rules that the setting `quality` gives: an object of columns, each with an object of rules.
 * `invalid-value` for anything else.
 */
export function qualityRules(settings: Settings): QualityRules {
  const quality = settings.get('quality')
  if (quality === undefined) return new Map()
  if (!isObject(quality)) throw badRule('quality', quality, 'an object of columns')
  return new Map(Object.entries(quality).map(([name, rules]) => [name, columnQuality(name, rules)]))
}

function columnQuality(name: string, rules: Json): ColumnQuality {
  if (!isObject(rules)) throw badRule(name, rules, 'an object of rules')
  const members = new Map(Object.entries(rules))
  for (const key of members.keys()) {
    if ((qualityRuleNames as readonly string[]).includes(key)) continue
    throw badRule(name, key, `one of ${qualityRuleNames.join(', ')}`)
  }
  const notNull = members.get('not-null')
  if (notNull !== undefined && typeof notNull !== 'boolean') {
    throw badRule(name, notNull, 'true or false for not-null')
  }
  const monotonic = members.get('monotonic')
  if (monotonic !== undefined && !(monotonicKinds as readonly Json[]).includes(monotonic)) {
    throw badRule(name, monotonic, `one of ${monotonicKinds.join(', ')} for monotonic`)
  }
  const range = members.get('range')
  const maxGap = members.get('max-gap')
  const maxRevision = members.get('max-revision')
  const staleAfter = members.get('stale-after')
  return {
    notNull: notNull === true,
    ...(range !== undefined && { range: rangeOf(name, range) }),
    ...(monotonic !== undefined && { monotonic: monotonic as Monotonic }),
    ...(maxGap !== undefined && { maxGap: lengthOf(name, 'max-gap', maxGap) }),
    ...(maxRevision !== undefined && { maxRevision: revisionOf(name, maxRevision) }),
    ...(staleAfter !== undefined && { staleAfter: lengthOf(name, 'stale-after', staleAfter) }),
  }
}

function rangeOf(name: string, range: Json): { readonly min: Json; readonly max: Json } {
  const expected = 'two ends for range, as [0,500] or [0,null]'
  if (!Array.isArray(range) || range.length !== 2) throw badRule(name, range, expected)
  const [min, max] = range as [Json, Json]
  for (const end of [min, max]) {
    if (end !== null && typeof end !== 'number' && typeof end !== 'string') {
      throw badRule(name, range, expected)
    }
  }
  return { min, max }
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['s', 1n],
  ['min', 60n],
  ['h', 3600n],
  ['d', 86_400n],
  ['w', 604_800n],
])

function lengthOf(name: string, rule: QualityRuleName, length: Json): Length {
  if (typeof length === 'number' && length >= 0) return { text: String(length), amount: length }
  const match = typeof length === 'string' ? /^(\d{1,9}) ?(s|min|h|d|w)$/.exec(length) : null
  if (match === null) throw badRule(name, length, `a length for ${rule}, as "36h", "4d" or "2w"`)
  return {
    text: String(length),
    nanoseconds: BigInt(match[1]!) * UNITS.get(match[2]!)! * 1_000_000_000n,
  }
}

function revisionOf(name: string, revision: Json): MaxRevision {
  if (typeof revision === 'number' && revision >= 0) {
    return { text: String(revision), amount: revision }
  }
  const match = typeof revision === 'string' ? /^(\d+(?:\.\d+)?) ?%$/.exec(revision) : null
  if (match === null)
    throw badRule(name, revision, 'a number or a part for max-revision, as 5 or "10%"')
  return { text: String(revision), part: Number(match[1]) / 100 }
}

/** The rules of columns that a schema has, each checked against what its column is. */
export function rulesFor(rules: QualityRules, schema: Schema): Map<string, ColumnQuality> {
  const fitting = new Map<string, ColumnQuality>()
  for (const [at, { name, type }] of schema.columns.entries()) {
    const rule = rules.get(name)
    if (rule === undefined) continue
    const fault = faultOf(rule, type, at === 0)
    if (fault !== undefined) {
      throw new VarveError(
        'invalid-value',
        `a rule for ${JSON.stringify(name)} does not fit: ${fault}`,
        {
          data: { column: name, type, reason: fault },
          hint: 'varve schema set SERIES quality=… says it anew; quality= drops all rules',
        },
      )
    }
    fitting.set(name, rule)
  }
  return fitting
}

function faultOf(rule: ColumnQuality, type: ColumnType, isFirst: boolean): string | undefined {
  if (type === 'null') return undefined
  const isTime = type === 'date' || isTimestampType(type)
  const isNumber = isNumberType(type)
  if ((rule.maxGap ?? rule.staleAfter) !== undefined && !isFirst) {
    return 'max-gap and stale-after are for the first index column'
  }
  const gap = isTime ? rule.maxGap?.nanoseconds : isNumber ? rule.maxGap?.amount : undefined
  if (rule.maxGap !== undefined && gap === undefined) {
    return `max-gap is ${rule.maxGap.text} and the column ${type}`
  }
  if (rule.staleAfter !== undefined && !(isTime && rule.staleAfter.nanoseconds !== undefined)) {
    return 'stale-after is a length of time, for a column of times or dates'
  }
  if ((rule.monotonic ?? rule.range) !== undefined && !isNumber && !isTime) {
    return `monotonic and range are for numbers and times, and it is ${type}`
  }
  if (rule.maxRevision !== undefined && !isNumber)
    return `max-revision is for numbers, and it is ${type}`
  const bounds = boundsOf(rule, type)
  if (bounds === undefined) return 'an end of its range is not of its type'
  const { min, max } = bounds
  return min !== null && max !== null && min > max ? 'its range ends before it begins' : undefined
}

/** The ends of a column's range, as its values are. */
export interface RangeBounds {
  readonly min: Scalar
  readonly max: Scalar
}

/** Undefined where an end is no value of the column's type. */
export function boundsOf({ range }: ColumnQuality, type: ColumnType): RangeBounds | undefined {
  // A column without any value yet.
  if (range === undefined || type === 'null') return { min: null, max: null }
  try {
    return { min: endOf(range.min, type), max: endOf(range.max, type) }
  } catch (error) {
    if (hasCode(error, 'invalid-value') || hasCode(error, 'invalid-date')) return undefined
    throw error
  }
}

/** A number is compared as it is with whole numbers of any size; text is read as the column's cells. */
function endOf(end: Json, type: ColumnType): Scalar {
  if (end === null || typeof end === 'number') return end
  return parseScalar(String(end), type)
}

function badRule(name: string, found: Json, expected: string): VarveError {
  return new VarveError(
    'invalid-value',
    `not a quality rule for ${name}: expected ${expected}, found ${JSON.stringify(found)}`,
    {
      data: { column: name, found, expected },
      hint: `varve schema set SERIES 'quality={"price":{"not-null":true,"range":[0,500]},"date":{"max-gap":"4d"}}'`,
    },
  )
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
