import type { ColumnType, Scalar } from './column.ts'
import { MAX_VALUE_BYTES } from './column-layout.ts'
import { VarveError } from './errors.ts'

const numberRanges = new Map<ColumnType, readonly [number, number]>([
  ['int8', [-0x80, 0x7f]],
  ['int16', [-0x8000, 0x7fff]],
  ['int32', [-0x8000_0000, 0x7fff_ffff]],
  ['uint8', [0, 0xff]],
  ['uint16', [0, 0xffff]],
  ['uint32', [0, 0xffff_ffff]],
  ['date', [-0x8000_0000, 0x7fff_ffff]],
])

/** Smallest and largest value of an integer type up to 32 bits, or of date; undefined for others. */
export function numberRange(type: ColumnType): readonly [number, number] | undefined {
  return numberRanges.get(type)
}

export const MIN_INT64 = -(2n ** 63n)
export const MAX_INT64 = 2n ** 63n - 1n
export const MAX_UINT64 = 2n ** 64n - 1n

// Under the u flag only a surrogate without its partner matches.
const hasLoneSurrogate = (text: string): boolean => /\p{Surrogate}/u.test(text)

/** Throws `invalid-value` unless `value` (not null) is of the type and in its range. */
export function checkScalar(value: Exclude<Scalar, null>, type: ColumnType): void {
  if (!isOfType(value, type)) {
    throw new VarveError('invalid-value', `not a value of type ${type}: ${describe(value)}`, {
      data: { type, found: describe(value) },
    })
  }
}

function isOfType(value: Exclude<Scalar, null>, type: ColumnType): boolean {
  switch (type) {
    case 'null':
      return false
    case 'bool':
      return typeof value === 'boolean'
    case 'float64':
      return typeof value === 'number'
    case 'float32':
      return (
        typeof value === 'number' && Number.isFinite(value) === Number.isFinite(Math.fround(value))
      )
    case 'string':
    case 'json':
      return typeof value === 'string' && !hasLoneSurrogate(value)
    case 'binary':
      return value instanceof Uint8Array && value.length <= MAX_VALUE_BYTES
    case 'uint64':
      return typeof value === 'bigint' && value >= 0n && value <= MAX_UINT64
    case 'int64':
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
      return typeof value === 'bigint' && value >= MIN_INT64 && value <= MAX_INT64
    default: {
      const [min, max] = numberRanges.get(type)!
      return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
    }
  }
}

function describe(value: Exclude<Scalar, null>): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return `${typeof value} ${value}`
}
