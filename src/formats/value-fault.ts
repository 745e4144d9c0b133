import type { VarveError } from '../core/errors.ts'
import { badInput, quoteText } from './bad-input.ts'

/** A value that has no exact equal in its column's type. */
export class ValueFault extends Error {
  readonly found: string

  constructor(found: string, reason: string) {
    super(reason)
    this.found = found
  }
}

/** The fault as `bad-input`, where it is known what it is in. */
export function valueFaultIn(file: string, column: string, fault: ValueFault): VarveError {
  return badInput({
    file,
    found: `${fault.found} in column ${quoteText(column)}`,
    expected: 'a value of the type of its column',
    reason: fault.message,
    data: { field: column },
    cause: fault,
  })
}
