import { usageError } from '../../cli/define-command.ts'

/** How many digits of an id to print: 4 to 64. */
export function abbreviation(text: string): number {
  const digits = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(digits)) throw usageError(`not a number of digits: ${JSON.stringify(text)}`)
  return Math.min(64, Math.max(4, digits))
}
