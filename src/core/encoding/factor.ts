import { likelyExponents } from './decimals.ts'

/** Each value times a factor, rounded to so many decimals where that is told. */
export interface Multiplication {
  readonly factor: number
  readonly decimals: number | undefined
}

const SAMPLE = 24
/** Of the sample, rows that a factor must explain: rounding may have gone the other way. */
const EXPLAINED = 20
const MAX_DIGITS = 17

/**
 * What rows `from` to `to` (exclusive) may have been multiplied by, by a sample of them, factors of
 * few digits first.
 */
export function* likelyFactors(
  before: Float64Array,
  after: Float64Array,
  from: number,
  to: number,
): Generator<Multiplication> {
  const rows: number[] = []
  let largest = -1
  for (let i = 0; i < SAMPLE; i++) {
    const row = from + Math.floor((i * (to - from - 1)) / (SAMPLE - 1))
    const value = before[row]!
    if (value === 0 || !Number.isFinite(value) || !Number.isFinite(after[row]!)) continue
    rows.push(row)
    if (largest < 0 || Math.abs(value) > Math.abs(before[largest]!)) largest = row
  }
  if (rows.length < SAMPLE / 2) return
  const quotient = after[largest]! / before[largest]!
  if (quotient === 0 || !Number.isFinite(quotient)) return
  const [decimals] = likelyExponents(after.subarray(from, to)).likely
  const roundings = decimals === undefined ? [undefined] : [undefined, decimals]
  const needed = Math.ceil((rows.length * EXPLAINED) / SAMPLE)
  for (const factor of candidates(quotient)) {
    for (const rounding of roundings) {
      const found = { factor, decimals: rounding }
      if (explains(found, before, after, rows, needed)) yield found
    }
  }
}

/** Numbers that a factor may be whose quotient is known to about its last bit: short ones first. */
function* candidates(quotient: number): Generator<number> {
  let last = 0
  for (let digits = 1; digits <= MAX_DIGITS; digits++) {
    const factor = Number(quotient.toPrecision(digits))
    if (factor !== last && factor !== 0) yield factor
    last = factor
  }
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(quotient))) - 52)
  for (const steps of [-1, 1, -2, 2]) yield quotient + steps * ulp
}

function explains(
  { factor, decimals }: Multiplication,
  before: Float64Array,
  after: Float64Array,
  rows: readonly number[],
  needed: number,
): boolean {
  const power = 10 ** (decimals ?? 0)
  let others = rows.length - needed
  for (const row of rows) {
    const product = before[row]! * factor
    const value = decimals === undefined ? product : Math.floor(product * power + 0.5) / power
    if (value !== after[row] && --others < 0) return false
  }
  return true
}
