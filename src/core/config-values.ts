import { VarveError } from './errors.ts'

/** What a value of a key says; `invalid-value` for anything but yes or no. */
export function readBoolean(key: string, text: string): boolean {
  switch (text.toLowerCase()) {
    case 'true':
    case 'yes':
    case 'on':
    case '1':
      return true
    case 'false':
    case 'no':
    case 'off':
    case '0':
    case '':
      return false
    default:
      throw badValue(key, text, 'true or false')
  }
}

const NUMBER = /^(-?\d{1,15})([kmg]?)$/i

/** A whole number; sizes may end in k, m, g (powers of 1024). `invalid-value` for anything else. */
export function readNumber(key: string, text: string): number {
  const match = NUMBER.exec(text.trim())
  if (match === null) throw badValue(key, text, 'a whole number, such as 10, 64k, 256m')
  const power = ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase())
  return Number(match[1]) * 1024 ** power
}

export function badValue(key: string, value: string, expected: string): VarveError {
  return new VarveError(
    'invalid-value',
    `${key} is ${JSON.stringify(value)}; expected ${expected}`,
    { data: { key, value, expected } },
  )
}

/** Whether a key says what others may push. It names no program or place, so it holds whoever has written it. */
export function isServeKey(key: string): boolean {
  return key.toLowerCase().startsWith('receive.')
}
