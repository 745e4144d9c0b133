import type { Column } from '../core/column.ts'
import { rawColumn } from '../core/column-layout.ts'
import { MAX_INT64, MIN_INT64 } from '../core/scalar.ts'
import { ValueFault } from './value-fault.ts'

/** Digits of a decimal of 256 bits, as most programs have at most. */
export const MOST_DIGITS = 76

/** Beyond 15 digits two decimals may have the same double, so that it does not say which it was. */
const LIMIT = 10n ** 15n

const fits = (digits: bigint): boolean => digits < LIMIT && digits > -LIMIT

/**
 * The double nearest to `number` / 10^`scale`, as the same digits in a text would be read; undefined
 * for a value of more than 15 digits, zeros at its end aside.
 */
function decimalDouble(number: bigint, scale: number): number | undefined {
  let digits = number
  let places = scale
  while (!fits(digits) && digits % 10n === 0n) {
    digits /= 10n
    places--
  }
  return fits(digits) ? Number(`${digits}e${-places}`) : undefined
}

/** What decimals with so many places become. */
export function decimalType(scale: number): 'int64' | 'float64' {
  return scale === 0 ? 'int64' : 'float64'
}

/**
 * Decimals, given as whole numbers of which the last `scale` digits are behind the point, without
 * nulls. A `ValueFault` for the first that is not exact in the column's type.
 */
export function decimalColumn(
  count: number,
  scale: number,
  numberAt: (row: number) => bigint,
): Column {
  if (decimalType(scale) === 'float64') {
    const doubles = Float64Array.from({ length: count }, (_, row) => {
      const number = numberAt(row)
      const double = decimalDouble(number, scale)
      if (double !== undefined) return double
      throw new ValueFault(decimalText(number, scale), 'as a double it would be rounded')
    })
    return rawColumn('float64', count, doubles, undefined)
  }
  const integers = BigInt64Array.from({ length: count }, (_, row) => {
    const number = numberAt(row)
    if (number >= MIN_INT64 && number <= MAX_INT64) return number
    throw new ValueFault(String(number), 'it is beyond 64 bits')
  })
  return rawColumn('int64', count, integers, undefined)
}

/** `number` / 10^`scale`, with all its digits. */
function decimalText(number: bigint, scale: number): string {
  const text = String(number < 0n ? -number : number).padStart(scale + 1, '0')
  return `${number < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`
}
