import { Buffer } from 'node:buffer'
import type { ColumnType, Scalar } from './column.ts'
import { VarveError } from './errors.ts'
import { MAX_INT64, MAX_UINT64, MIN_INT64 } from './scalar.ts'
import { formatDate, formatInstant, parseDate, parseInstant } from './time.ts'
import type { Zone } from './zone.ts'

/** The range of each integer type, inclusive. */
export const integerRanges: ReadonlyMap<ColumnType, readonly [bigint, bigint]> = new Map([
  ['int8', [-128n, 127n]],
  ['int16', [-32_768n, 32_767n]],
  ['int32', [-(2n ** 31n), 2n ** 31n - 1n]],
  ['int64', [MIN_INT64, MAX_INT64]],
  ['uint8', [0n, 255n]],
  ['uint16', [0n, 65_535n]],
  ['uint32', [0n, 2n ** 32n - 1n]],
  ['uint64', [0n, MAX_UINT64]],
])

const INTEGER = /^[+-]?\d+$/
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const NOT_FINITE = /^([+-]?)(nan|inf|infinity)$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * Reads one value from text. What stands for null is for the caller to know (in CSV: nothing at
 * all); here the empty text is a value of string and binary alone, and null only for type null.
 *
 * | type | text |
 * |---|---|
 * | bool | `true`, `false` (any case), `1`, `0` |
 * | integers | decimal digits with an optional sign, within the type's range |
 * | float32, float64 | decimal, with or without exponent; `NaN`, `inf`, `infinity`, ±, any case |
 * | date | `YYYY-MM-DD` |
 * | timestamp_* | ISO 8601 (without an offset: UTC), or an integer: units of the type since 1970 |
 * | string | itself |
 * | json | itself, when it is valid JSON: kept to the letter |
 * | binary | base64 (RFC 4648, with padding) |
 *
 * A float32 is the nearest to the double that the text reads as. A finite number past the type's
 * range is an error, not infinity. `invalid-value` with `data { value, type, expected }` otherwise.
 */
export function parseScalar(text: string, type: ColumnType): Scalar {
  switch (type) {
    case 'null':
      if (text === '') return null
      throw invalidValue(text, type, 'nothing')
    case 'bool':
      return parseBool(text)
    case 'int64':
    case 'uint64':
      return parseInteger(text, type)
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return Number(parseInteger(text, type))
    case 'float32':
    case 'float64':
      return parseFloating(text, type)
    case 'date':
      return parseDate(text)
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
      return INTEGER.test(text) ? parseInteger(text, type) : parseInstant(text, type)
    case 'string':
      if (/\p{Surrogate}/u.test(text)) throw invalidValue(text, type, 'valid UTF-8')
      return text
    case 'json':
      return parseJson(text)
    case 'binary':
      if (!BASE64.test(text)) throw invalidValue(text, type, 'base64')
      return new Uint8Array(Buffer.from(text, 'base64'))
  }
}

/**
 * Writes one value so that {@link parseScalar} reads back the same bits: doubles and float32 as
 * the shortest decimal that does (as JavaScript prints them, with `-0`), `NaN`, `inf`, `-inf`;
 * timestamps as ISO 8601 with `Z`, or the offset that they have in `zone`; dates `YYYY-MM-DD`; binary
 * as base64; strings and json as they are. Null is the empty text.
 */
export function formatScalar(value: Scalar, type: ColumnType, zone?: Zone): string {
  if (value === null) return ''
  switch (type) {
    case 'null':
      return ''
    case 'float32':
      return formatFloat32(value as number)
    case 'float64':
      return formatFloat64(value as number)
    case 'date':
      return formatDate(value as number)
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
      return formatInstant(value as bigint, type, zone)
    case 'binary':
      return Buffer.from(value as Uint8Array).toString('base64')
    default:
      return String(value)
  }
}

/** A value as JSON has it, see {@link scalarToJson}. */
export type JsonScalar = null | boolean | number | string

/**
 * One value for JSON. Numbers up to 32 bits, float32 and float64 are numbers; int64 and uint64
 * are decimal strings, `NaN`, `inf` and `-inf` strings; everything else is the text of
 * {@link formatScalar}: json too, as its own text, because parsing it could lose digits. Null is
 * null. A −0 is the number −0, which `JSON.stringify` prints as 0: who prints must see to it.
 */
export function scalarToJson(value: Scalar, type: ColumnType, zone?: Zone): JsonScalar {
  if (value === null) return null
  switch (type) {
    case 'bool':
      return value as boolean
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return value as number
    case 'float32':
      return Number.isFinite(value)
        ? Number(formatFloat32(value as number))
        : formatFloat32(value as number)
    case 'float64':
      return Number.isFinite(value) ? (value as number) : formatFloat64(value as number)
    default:
      return formatScalar(value, type, zone)
  }
}

/** The shortest decimal that reads back as this double; `NaN`, `inf`, `-inf`, `-0`. */
export function formatFloat64(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf'
}

/** As {@link formatFloat64}, for a value that is a float32: `0.1`, not `0.10000000149011612`. */
export function formatFloat32(value: number): string {
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) < 2 ** 24)) {
    return formatFloat64(value)
  }
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits))
    if (Math.fround(shorter) === value) return formatFloat64(shorter)
  }
  return formatFloat64(Number(value.toPrecision(9)))
}

function parseBool(text: string): boolean {
  switch (text.toLowerCase()) {
    case 'true':
    case '1':
      return true
    case 'false':
    case '0':
      return false
    default:
      throw invalidValue(text, 'bool', 'true or false')
  }
}

function parseInteger(text: string, type: ColumnType): bigint {
  // Longer than any 64-bit integer, leading zeros apart: refused before BigInt takes it on.
  if (!INTEGER.test(text)) throw invalidValue(text, type, 'a whole number')
  const digits = text.replace(/^[+-]?0*/, '')
  const [min, max] = integerRanges.get(type) ?? integerRanges.get('int64')!
  if (digits.length <= 20) {
    const value = BigInt(text[0] === '-' ? `-${digits || '0'}` : digits || '0')
    if (value >= min && value <= max) return value
  }
  throw invalidValue(text, type, `a whole number from ${min} to ${max}`)
}

function parseFloating(text: string, type: 'float32' | 'float64'): number {
  const special = NOT_FINITE.exec(text)
  if (special !== null) {
    if (special[2]!.toLowerCase() === 'nan') return Number.NaN
    return special[1] === '-' ? -Infinity : Infinity
  }
  if (!FLOAT.test(text)) throw invalidValue(text, type, 'a number')
  const double = Number(text)
  const value = type === 'float32' ? Math.fround(double) : double
  if (!Number.isFinite(value)) throw invalidValue(text, type, `a number that fits ${type}`)
  return value
}

function parseJson(text: string): string {
  try {
    JSON.parse(text)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw invalidValue(text, 'json', 'valid JSON')
  }
  if (/\p{Surrogate}/u.test(text)) throw invalidValue(text, 'json', 'valid UTF-8')
  return text
}

function invalidValue(text: string, type: ColumnType, expected: string): VarveError {
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text)
  return new VarveError('invalid-value', `not ${expected}: ${shown} (for type ${type})`, {
    data: { value: text.length > 1000 ? text.slice(0, 1000) : text, type, expected },
  })
}
