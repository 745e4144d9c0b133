import { Buffer } from 'node:buffer'
import type { ColumnType, Scalar } from './column.ts'
import { isTimestampType } from './column.ts'
import { hasCode, VarveError } from './errors.ts'
import { ceilDiv, floorDiv } from './floor-div.ts'
import { encodeKeyPrefix } from './key.ts'
import { type Period, parsePeriod } from './period.ts'
import { integerRanges, parseScalar } from './scalar-text.ts'
import type { Schema } from './schema.ts'
import { unitsPerSecond } from './time.ts'
import type { Zone } from './zone.ts'

/** Which ends of a range belong to it. */
export const closedSides = ['left', 'right', 'both', 'none'] as const
export type ClosedSide = (typeof closedSides)[number]

/**
 * The value of the first index column, or those of the first few, one each; or a text that is the
 * first of these or, where there are several, all of them as a key is shown: `a,2026-08-17`.
 */
export type BoundText = string | readonly string[] | { readonly shown: string }

export interface BoundTexts {
  readonly from?: BoundText | undefined
  readonly to?: BoundText | undefined
  /** These keys alone. Not beside from or to. */
  readonly at?: BoundText | undefined
  /** What messages call `at` where it is no option: `--at` unless given. */
  readonly atName?: string | undefined
  /** Which of `from` and `to` are in the range themselves; `left` when not given. */
  readonly closed?: ClosedSide | undefined
}

/**
 * One end of a range of keys, as the beginning of encoded keys. Every key that begins with it is
 * in the range when it is inclusive, and none is otherwise, at either end.
 */
export interface KeyBound {
  readonly key: Uint8Array
  readonly inclusive: boolean
}

/** Ends of a range of keys; one that is absent leaves that side open. */
export interface KeyBounds {
  readonly from?: KeyBound
  readonly to?: KeyBound
}

/** The values that a text of bounds stands for, one for each of the first index columns. */
export function boundValues({ indexCount }: Schema, text: BoundText): readonly string[] {
  if (typeof text === 'string') return [text]
  if (!('shown' in text)) return text
  const values = text.shown.split(',')
  return values.length === indexCount ? values : [text.shown]
}

/**
 * The range of keys that bounds in words mean, over a series' first index columns: as a rule the
 * first, and with more values the keys that begin with all but the last of them.
 *
 * - On a time or a date, a partial date is a period, whatever `closed` says: `from` starts with
 *   it, `to` ends with it, `at` is all of it. A full date is a period of one day: `from:
 *   '2026-08-17', to: '2026-08-21'` has all of both days, on a date index as on a timestamp.
 * - A full instant (from minutes on, or `@SECONDS`), a number, a string or any other value is
 *   taken as it is: in the range where `closed` says so. By default `from` is and `to` is not.
 * - Times without an offset are those of `zone`, or UTC. Dates of a date index have no zone.
 * - A bound past all that the type can hold is no bound on that side, or an empty range.
 *
 * `usage` when a bound is empty, has more values than there are index columns, or has another behind
 * a period, when `at` stands beside another, or when `from` is after `to`; `invalid-date` or
 * `invalid-value` when a text is not a value of the column's type.
 */
export function boundsFor(schema: Schema, texts: BoundTexts, zone?: Zone): KeyBounds {
  const closed = texts.closed ?? 'left'
  if (texts.at !== undefined) return boundsAt(schema, texts, texts.at, zone)
  const from = readBound('--from', texts.from, schema, zone, (text, place) =>
    lowerBound(text, place, closed === 'left' || closed === 'both', zone),
  )
  const to = readBound('--to', texts.to, schema, zone, (text, place) =>
    upperBound(text, place, closed === 'right' || closed === 'both', zone),
  )
  if (from?.bound !== undefined && to?.bound !== undefined && isAfter(from, to)) {
    const [first, last] = [texts.from!, texts.to!].map((text) => boundValues(schema, text).join())
    throw new VarveError('usage', `--from ${first} is after --to ${last}`, {
      data: { from: first, to: last },
    })
  }
  return {
    ...(from?.bound !== undefined && { from: from.bound }),
    ...(to?.bound !== undefined && { to: to.bound }),
  }
}

/** Where in a key a bound is: behind the values of the index columns before it. */
interface Place {
  readonly head: readonly ColumnType[]
  readonly values: readonly Scalar[]
  readonly type: ColumnType
}

/** One side as it was meant, beside the bound it makes: the period of a time. */
interface Side {
  readonly bound: KeyBound | undefined
  /** Of a bound in the first index column. */
  readonly period?: Period
}

/** Whether two sides are the wrong way round; sides that only touch are an empty range. */
function isAfter(from: Side, to: Side): boolean {
  if (from.period === undefined || to.period === undefined) {
    return Buffer.compare(from.bound!.key, to.bound!.key) > 0
  }
  const hasLength = to.period.start < to.period.end
  return hasLength ? from.period.start >= to.period.end : from.period.start > to.period.start
}

function boundsAt(
  schema: Schema,
  texts: BoundTexts,
  at: BoundText,
  zone: Zone | undefined,
): KeyBounds {
  if (texts.from !== undefined || texts.to !== undefined) {
    throw new VarveError('usage', '--at means one key: it does not go with --from or --to')
  }
  const name = texts.atName ?? '--at'
  const { text, place } = placeOf(name, boundValues(schema, at), schema, zone)
  const found = named(name, text, place.type, () => valueAt(text, place, zone))
  if (!('value' in found)) return found.bounds
  const same = bound(place, found.value, true)
  return { from: same, to: same }
}

/** Where the last of some values is in a key; those before it have to be values, no periods. */
function placeOf(
  name: string,
  texts: readonly string[],
  schema: Schema,
  zone: Zone | undefined,
): { readonly text: string; readonly place: Place } {
  if (texts.length === 0 || texts.length > schema.indexCount) {
    const takes = schema.indexCount === 1 ? 'one value' : `1 to ${schema.indexCount} values`
    throw new VarveError('usage', `${name} takes ${takes} here`, {
      data: { found: texts.length, expected: schema.indexCount },
    })
  }
  const types = schema.columns.slice(0, texts.length).map((column) => column.type)
  const values: Scalar[] = []
  const last = texts.length - 1
  for (const [position, text] of texts.slice(0, last).entries()) {
    const place: Place = { head: types.slice(0, position), values, type: types[position]! }
    const found = named(name, text, place.type, () => valueAt(text, place, zone))
    if (!('value' in found)) {
      throw new VarveError('usage', `${name} ${text} is a period: no other value can follow it`, {
        data: { value: text },
        hint: 'a full time is one key: 2026-08-17T10:30:00Z',
      })
    }
    values.push(found.value)
  }
  return { text: texts[last]!, place: { head: types.slice(0, last), values, type: types[last]! } }
}

/** What `--at` means in one index column: a value, or a period with its bounds. */
function valueAt(
  text: string,
  place: Place,
  zone: Zone | undefined,
): { readonly value: Scalar } | { readonly bounds: KeyBounds } {
  const { type } = place
  const unit = unitNanoseconds(type)
  if (unit === undefined) return { value: keyScalar(text, type) }
  const { start, end } = parsePeriod(text, isTimestampType(type) ? zone : undefined)
  const [first, last] = [ceilDiv(start, unit), ceilDiv(end, unit)]
  const [min, max] = rangeOf(type)
  if (start < end && last - first !== 1n) {
    const from = timeBoundAbove(place, first, true)
    const to = timeBoundBelow(place, last, false)
    return { bounds: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) } }
  }
  if ((start === end && first * unit !== start) || first < min || first > max) {
    throw new VarveError('invalid-value', `no ${type} is ${JSON.stringify(text)}`, {
      data: { value: text, type },
    })
  }
  return { value: type === 'date' ? Number(first) : first }
}

function lowerBound(text: string, place: Place, closed: boolean, zone: Zone | undefined): Side {
  const { type } = place
  const unit = unitNanoseconds(type)
  if (unit === undefined) return { bound: bound(place, keyScalar(text, type), closed) }
  const period = parsePeriod(text, isTimestampType(type) ? zone : undefined)
  const { start, end } = period
  const open = start === end && !closed
  return {
    period,
    bound: open
      ? timeBoundAbove(place, floorDiv(start, unit), false)
      : timeBoundAbove(place, ceilDiv(start, unit), true),
  }
}

function upperBound(text: string, place: Place, closed: boolean, zone: Zone | undefined): Side {
  const { type } = place
  const unit = unitNanoseconds(type)
  if (unit === undefined) return { bound: bound(place, keyScalar(text, type), closed) }
  const period = parsePeriod(text, isTimestampType(type) ? zone : undefined)
  const { start, end } = period
  return {
    period,
    bound:
      start === end && closed
        ? timeBoundBelow(place, floorDiv(end, unit), true)
        : timeBoundBelow(place, ceilDiv(end, unit), false),
  }
}

/** Keys from `value` on; a value below all that the type holds bounds nothing more. */
function timeBoundAbove(place: Place, value: bigint, inclusive: boolean): KeyBound | undefined {
  const [min, max] = rangeOf(place.type)
  if (value < min) return boundBefore(place)
  return value > max ? timeBound(place, max, false) : timeBound(place, value, inclusive)
}

/** Keys up to `value`; a value above all that the type holds bounds nothing more. */
function timeBoundBelow(place: Place, value: bigint, inclusive: boolean): KeyBound | undefined {
  const [min, max] = rangeOf(place.type)
  if (value > max) return boundBefore(place)
  return value < min ? timeBound(place, min, false) : timeBound(place, value, inclusive)
}

function timeBound(place: Place, value: bigint, inclusive: boolean): KeyBound {
  return bound(place, place.type === 'date' ? Number(value) : value, inclusive)
}

/** The bound by the columns before alone, if there are any. */
function boundBefore({ head, values }: Place): KeyBound | undefined {
  return head.length === 0 ? undefined : { key: encodeKeyPrefix(head, values), inclusive: true }
}

function bound({ head, values, type }: Place, value: Scalar, inclusive: boolean): KeyBound {
  return { key: encodeKeyPrefix([...head, type], [...values, value]), inclusive }
}

/** Nanoseconds in one step of a time or date type; undefined for any other type. */
function unitNanoseconds(type: ColumnType): bigint | undefined {
  if (type === 'date') return 86_400_000_000_000n
  return isTimestampType(type) ? 1_000_000_000n / unitsPerSecond[type] : undefined
}

function rangeOf(type: ColumnType): readonly [bigint, bigint] {
  return integerRanges.get(type === 'date' ? 'int32' : 'int64')!
}

function keyScalar(text: string, type: ColumnType): Scalar {
  const value = parseScalar(text, type)
  if (Number.isNaN(value)) {
    throw new VarveError('invalid-value', 'NaN is never a key', { data: { value: text, type } })
  }
  return value
}

function readBound(
  option: string,
  bound: BoundText | undefined,
  schema: Schema,
  zone: Zone | undefined,
  read: (text: string, place: Place) => Side,
): Side | undefined {
  if (bound === undefined) return undefined
  const { text, place } = placeOf(option, boundValues(schema, bound), schema, zone)
  const isFirst = place.head.length === 0
  const side = named(option, text, isFirst ? undefined : place.type, () => read(text, place))
  return isFirst ? side : { bound: side.bound }
}

const isBound = (option: string) => option === '--from' || option === '--to'

/** Says which bound was wrong. The empty text is one where it is a value of `type`. */
function named<T>(option: string, text: string, type: ColumnType | undefined, read: () => T): T {
  if (text === '' && type !== 'string') {
    throw new VarveError('usage', `${option} is empty`, {
      data: { option },
      ...(isBound(option) && { hint: `leave ${option} out for everything on that side` }),
    })
  }
  try {
    return read()
  } catch (cause) {
    if (!hasCode(cause, 'invalid-value') && !hasCode(cause, 'invalid-date')) throw cause
    throw new VarveError(cause.code, `${option}: ${cause.message}`, {
      data: { ...cause.data, option },
      cause,
      ...(cause.hint !== undefined && { hint: cause.hint }),
    })
  }
}
