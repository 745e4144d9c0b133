import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { Spill, SpillFile } from '../core/spill.ts'
import { badInput } from './bad-input.ts'
import { createMemorySpill } from './spill.ts'
import type { InputTable } from './table.ts'

/** What can be read once is kept in memory up to this size, and set aside on disk beyond it. */
const HELD_BYTES = 16 * 1024 * 1024
/** And where there is no disk, up to this one. */
const MOST_HELD_BYTES = 1024 * 1024 * 1024

/** A table whose bytes can be read at any place. */
export interface RandomAccess {
  /** Its size. */
  readonly bytes: number
  /** The bytes `from` to `to` (exclusive), all of them: `bad-input` where the table ends before. */
  read(from: number, to: number): Promise<Uint8Array>
  /** Lets go of what was set aside. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Opens a table for reading at any place; one that cannot be is read to its end and set aside.
 * `too-large` where it would take more than 1 GiB of memory, for there is no `spill`.
 */
export async function randomAccess(input: InputTable, spill?: Spill): Promise<RandomAccess> {
  const { name, bytes, range } = input
  if (range === undefined || bytes === undefined || input.once === true) {
    return setAside(input, spill)
  }
  return {
    bytes,
    async read(from, to) {
      const piece = await range.call(input, from, to)
      if (piece.length < to - from) throw shorter(name, from + piece.length)
      return piece
    },
    close: async () => undefined,
  }
}

async function setAside(input: InputTable, spill: Spill | undefined): Promise<RandomAccess> {
  let held: Uint8Array[] = []
  let size = 0
  let file: SpillFile | undefined
  try {
    for await (const piece of input.open()) {
      size += piece.length
      if (file === undefined && size > HELD_BYTES && spill !== undefined) {
        file = await spill.create()
        for (const before of held) await file.write(before)
        held = []
      }
      if (file === undefined && size > MOST_HELD_BYTES) {
        throw tooLarge(
          input.name,
          `it is read from its end, and has more than ${MOST_HELD_BYTES} bytes`,
          {
            size,
          },
        )
      }
      if (file === undefined) held.push(piece.slice())
      else await file.write(piece)
    }
    if (file === undefined) {
      file = await createMemorySpill().create()
      for (const piece of held) await file.write(piece)
    }
  } catch (error) {
    await file?.discard()
    throw error
  }
  const kept = file
  return {
    bytes: size,
    async read(from, to) {
      if (to > size) throw shorter(input.name, size)
      return kept.range(from, to - from)
    },
    close: () => kept.discard(),
  }
}

function shorter(file: string, size: number): VarveError {
  return badInput({
    file,
    found: `the end of the file after ${size} bytes`,
    expected: 'more of it',
    reason: 'it is cut short, or was changed while it was read',
  })
}

/** The error for a table that declares more than is taken into memory. */
export function tooLarge(file: string, what: string, data: Record<string, unknown>): VarveError {
  return new VarveError('too-large', `${escapeControl(file)}: ${what}`, { data: { file, ...data } })
}
