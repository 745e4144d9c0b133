import { expect } from 'vitest'
import type { ErrorCode } from '../../src/core/errors.ts'

/** An error of this code that says what is wrong: its message does not end where the reason should begin. */
export function toldAs(code: ErrorCode): unknown {
  return expect.objectContaining({ code, message: expect.stringMatching(/[^\s:]$/) })
}
