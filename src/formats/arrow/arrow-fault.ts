import { VarveError } from '../../core/errors.ts'
import { badInput } from '../bad-input.ts'

/** The error for bytes that are not Arrow's. `reason` says what is wrong with them. */
export function arrowFault(file: string, reason: string, cause?: unknown): VarveError {
  return badInput({
    file,
    found: 'something else',
    expected: 'an Arrow IPC stream or file',
    reason,
    cause,
  })
}

/** What `read` gives; what it throws that is no error of ours is a fault of the bytes. */
export function guarded<T>(file: string, what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof VarveError) throw cause
    throw arrowFault(file, `${what} cannot be read`, cause)
  }
}
