import { usageError } from '../../cli/define-command.ts'
import { readNumber } from '../../core/config-values.ts'
import { hasCode } from '../../core/errors.ts'

/** An option that bounds what is taken: bytes, with k, m or g for 1,024 times as many each. */
export function sizeOption(name: string, describe: string) {
  return { value: 'size', coerce: (text: string) => parseSize(name, text), describe } as const
}

function parseSize(name: string, text: string): number {
  try {
    const bytes = readNumber(name, text)
    if (bytes > 0) return bytes
  } catch (error) {
    if (hasCode(error, 'invalid-value')) throw usageError(error.message)
    throw error
  }
  throw usageError(`${name} takes a number of bytes, such as 500m, not ${JSON.stringify(text)}`)
}

/** The most that `index-pack` and `unpack-objects` read. */
export const maxInputSize = sizeOption('--max-input-size', 'The most bytes to take: 500m, 2g')
