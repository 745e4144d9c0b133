/** Beyond 15 digits two decimals may have the same double, so that it does not say which it was. */
const LIMIT = 10n ** 15n

const fits = (digits: bigint): boolean => digits < LIMIT && digits > -LIMIT

/**
 * The double nearest to `number` / 10^`scale`, as the same digits in a text would be read; undefined
 * for a value of more than 15 digits, zeros at its end aside.
 */
export function decimalDouble(number: bigint, scale: number): number | undefined {
  let digits = number
  let places = scale
  while (!fits(digits) && digits % 10n === 0n) {
    digits /= 10n
    places--
  }
  return fits(digits) ? Number(`${digits}e${-places}`) : undefined
}

/** `number` / 10^`scale`, with all its digits. */
export function decimalText(number: bigint, scale: number): string {
  const text = String(number < 0n ? -number : number).padStart(scale + 1, '0')
  return `${number < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`
}
