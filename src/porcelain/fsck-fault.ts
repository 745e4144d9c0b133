import { type ErrorCode, VarveError } from '../core/errors.ts'

const FAULTS: ReadonlySet<ErrorCode> = new Set([
  'corrupt-object',
  'corrupt-pack',
  'corrupt-log',
  'corrupt-file',
  'object-not-found',
  'unsupported-format',
] as const)

/** An error about what is stored. One about looking at it, as of the disk, is thrown again. */
export function asFault(error: unknown): VarveError {
  if (error instanceof VarveError && FAULTS.has(error.code)) return error
  throw error
}
