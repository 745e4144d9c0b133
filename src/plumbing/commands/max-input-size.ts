import { usageError } from '../../cli/define-command.ts'
import { readNumber } from '../../core/config-values.ts'
import { hasCode } from '../../core/errors.ts'

/** The option that bounds what is read: bytes, with k, m or g for 1,024 times as many each. */
export const maxInputSize = {
  value: 'size',
  coerce: parseSize,
  describe: 'The most bytes to take: 500m, 2g',
} as const

function parseSize(text: string): number {
  try {
    return readNumber('--max-input-size', text)
  } catch (error) {
    if (hasCode(error, 'invalid-value')) throw usageError(error.message)
    throw error
  }
}
