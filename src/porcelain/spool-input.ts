import type { InputTable } from '../formats/table.ts'
import { temporarySpill } from '../plumbing/series-files.ts'

/** A table that can be read again and again, and at any place. */
export interface SpooledInput extends InputTable {
  /** Lets go of what was set aside. */
  discard(): Promise<void>
}

const PIECE_BYTES = 1024 * 1024

/** The same table, set aside first where it can be opened only once. */
export async function spoolInput(input: InputTable): Promise<SpooledInput> {
  if (input.once !== true) return { ...input, discard: async () => undefined }
  const file = await temporarySpill().create()
  let bytes = 0
  try {
    for await (const piece of input.open()) {
      await file.write(piece)
      bytes += piece.length
    }
  } catch (error) {
    await file.discard()
    throw error
  }
  const range = (from: number, to: number): Promise<Uint8Array> =>
    file.range(from, Math.max(0, Math.min(to, bytes) - from))
  return {
    ...input,
    bytes,
    once: false,
    async *open() {
      for (let from = 0; from < bytes; from += PIECE_BYTES) {
        yield await range(from, from + PIECE_BYTES)
      }
    },
    range,
    discard: () => file.discard(),
  }
}
