import type { Connect, TransferProgress } from '../plumbing/connect.ts'

/** How the other side is reached, and what is told of a transfer. */
export interface TransferOptions {
  readonly connect: Connect
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}
