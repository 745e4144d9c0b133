/** The quotient rounded down, where `/` rounds towards zero; `divisor` is positive. */
export function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient
}

/** The quotient rounded up; `divisor` is positive. */
export function ceilDiv(value: bigint, divisor: bigint): bigint {
  return -floorDiv(-value, divisor)
}
