/** A place on a scale that is labelled. */
export interface ValueTick {
  readonly value: number
  readonly label: string
}

/** Letters of powers of 1000, from 10³ on. */
const POWERS = ['k', 'M', 'G', 'T', 'P', 'E']
/** From here on numbers are written with a letter, or a power of ten. */
const LARGE = 1_000_000
const SMALL = 1e-4
/** A label is not longer than this, but for one that others count from. */
const LONGEST = 10

/**
 * Round values between two others, both finite: multiples of 1, 2 or 5 and a power of ten, about
 * `most` of them. Labels differ from each other.
 *
 * @param isWhole whether only whole numbers are wanted
 */
export function valueTicks(
  low: number,
  high: number,
  most: number,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): ValueTick[] {
  if (!(low < high)) return [{ value: low, label: plainLabel(low) }]
  // Halves, as the span of numbers of both signs may be larger than any number.
  const half = high / 2 - low / 2
  const magnitude = Math.log10(half / Math.max(1, most))
  if (magnitude < -300) return endTicks(low, high)
  let finer: Step | undefined
  for (let exponent = Math.max(isWhole ? 0 : -302, Math.floor(magnitude) - 1); ; exponent++) {
    for (const digit of [1, 2, 5]) {
      const step: Step = { digit, exponent }
      const count = countOf(low, high, step)
      if (count > most) {
        finer = step
        continue
      }
      // Steps of 2 and 5 are so far apart that one gives too many and the next hardly any.
      const tooFew =
        count < Math.max(2, most / 2) &&
        finer !== undefined &&
        countOf(low, high, finer) <= 1.5 * most + 1
      return labelled(low, high, tooFew ? finer! : step)
    }
  }
}

interface Step {
  readonly digit: number
  readonly exponent: number
}

function countOf(low: number, high: number, step: Step): number {
  const [first, last] = multiplesBetween(low, high, step)
  return last - first + 1
}

/** The first and the last multiple of a step in a range, as how often the step is in them. */
function multiplesBetween(low: number, high: number, step: Step): [number, number] {
  let first = Math.ceil(over(low, step))
  let last = Math.floor(over(high, step))
  // The quotient may be rounded over a whole number.
  if (multiple(first - 1, step) >= low) first--
  if (multiple(first, step) < low) first++
  if (multiple(last + 1, step) <= high) last++
  if (multiple(last, step) > high) last--
  return [first, last]
}

function over(value: number, { digit, exponent }: Step): number {
  return exponent < 0 ? (value / digit) * power(-exponent) : value / power(exponent) / digit
}

/** So many steps, rounded once: 3 of 0.1 are 0.3. */
function multiple(count: number, { digit, exponent }: Step): number {
  if (exponent >= 0) return count * digit * power(exponent)
  if (exponent >= -22) return (count * digit) / power(-exponent)
  return Number(`${count * digit}e${exponent}`)
}

const power = (exponent: number) => Number(`1e${exponent}`)

function labelled(low: number, high: number, step: Step): ValueTick[] {
  const [first, last] = multiplesBetween(low, high, step)
  const isExact = Number.isSafeInteger(first) && Number.isSafeInteger(last)
  if (last < first || !isExact) return endTicks(low, high)
  const values = Array.from({ length: last - first + 1 }, (_, i) => multiple(first + i, step) + 0)
  const labels = stepLabels(values, step)
  if (labels.every((label) => label.length <= LONGEST)) {
    return values.map((value, i) => ({ value, label: labels[i]! }))
  }
  return values.map((value, i) => ({
    value,
    label: i === 0 ? plainLabel(value) : `+${plainLabel(multiple(i, step))}`,
  }))
}

/** Where no step fits: a range that numbers hardly divide. */
function endTicks(low: number, high: number): ValueTick[] {
  return [low, high].map((value) => ({ value, label: plainLabel(value) }))
}

function stepLabels(values: readonly number[], { exponent }: Step): string[] {
  const largest = Math.max(...values.map(Math.abs))
  if (largest === 0) return values.map(() => '0')
  if (largest < SMALL || largest >= 1000 ** (POWERS.length + 1)) {
    const shift = Math.floor(Math.log10(largest))
    const decimals = Math.max(0, shift - exponent)
    return values.map((value) => {
      if (value === 0) return '0'
      return `${decimalsOf(value, shift, decimals)}e${shift}`
    })
  }
  const thousands = largest < LARGE ? 0 : Math.floor(Math.log10(largest) / 3)
  const decimals = Math.max(0, thousands * 3 - exponent)
  const letter = thousands === 0 ? '' : POWERS[thousands - 1]!
  return values.map((value) => {
    const text = decimalsOf(value, thousands * 3, decimals)
    return Number(text) === 0 ? '0' : `${text}${letter}`
  })
}

function decimalsOf(value: number, shift: number, decimals: number): string {
  const shifted = shift < 0 ? value * power(-shift) : value / power(shift)
  return shifted.toFixed(Math.min(decimals, 20))
}

/** A number as it is, in at most some ten characters where that loses nothing that one would see. */
export function plainLabel(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  const text = size >= 1e15 || size < SMALL ? value.toExponential() : String(value)
  if (text.length <= LONGEST + 4) return text
  const digits = size >= 1e15 || size < SMALL ? value.toExponential(6) : value.toPrecision(12)
  return digits.replace(/\.?0+(e|$)/, '$1')
}
