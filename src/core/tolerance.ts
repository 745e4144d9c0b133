/** How far numbers may be apart: `atol`, or `rtol` as part of the first, or the sum of both. */
export interface Tolerance {
  readonly atol: number
  readonly rtol: number
}

/**
 * Whether two numbers differ by no more than a tolerance; those that are not finite never do. Doubles
 * as numpy's `isclose`; whole numbers of which one is a bigint exactly, where a fraction of a tolerance is
 * the decimal that its double is written as.
 */
export function isWithinTolerance(
  a: number | bigint,
  b: number | bigint,
  tolerance: Tolerance,
): boolean {
  const isExact = (typeof a === 'bigint' || typeof b === 'bigint') && isWhole(a) && isWhole(b)
  if (isExact) return isExactlyWithin(BigInt(a), BigInt(b), tolerance)
  const [x, y] = [Number(a), Number(b)]
  const { atol, rtol } = tolerance
  return Number.isFinite(x) && Number.isFinite(y) && Math.abs(y - x) <= atol + rtol * Math.abs(x)
}

function isWhole(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isInteger(value)
}

function isExactlyWithin(a: bigint, b: bigint, { atol, rtol }: Tolerance): boolean {
  const [fixed, part] = [decimalOf(atol), decimalOf(rtol)]
  const places = Math.max(fixed.places, part.places)
  const scaled = ({ digits, places: own }: Decimal) => digits * 10n ** BigInt(places - own)
  const distance = size(b - a) * 10n ** BigInt(places)
  return distance <= scaled(fixed) + scaled(part) * size(a)
}

const size = (value: bigint): bigint => (value < 0n ? -value : value)

/** `digits` / 10^`places`. */
interface Decimal {
  readonly digits: bigint
  readonly places: number
}

/** A finite double that is not negative: a whole one as it is, another as it is written. */
function decimalOf(value: number): Decimal {
  if (Number.isInteger(value)) return { digits: BigInt(value), places: 0 }
  const [mantissa = '', exponent = '0'] = String(value).split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  return { digits: BigInt(`${whole}${fraction}`), places: fraction.length - Number(exponent) }
}
