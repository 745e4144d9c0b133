import { VarveError } from '../core/errors.ts'
import type { Connect, TransferProgress } from '../plumbing/connect.ts'

/** How the other side is reached, and what is told of a transfer. */
export interface TransferOptions {
  readonly connect: Connect
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The error of a command that has nowhere to go to. */
export function noRemote(name: string): VarveError {
  return new VarveError('ref-not-found', `there is no remote ${JSON.stringify(name)}`, {
    data: { remote: name },
    hint: 'varve remote add origin URL makes one; or name a URL',
  })
}
