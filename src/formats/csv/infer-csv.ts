import type { Spill } from '../../core/spill.ts'
import type { SourceFrame } from '../source-frame.ts'
import { FirstPass, type FirstPassOptions, type FoundTable } from './first-pass.ts'
import { guessTable } from './guessed-table.ts'
import { KeptBytes } from './kept-bytes.ts'
import { readCsv } from './read-csv.ts'
import type { ByteSource, CsvDialect } from './stream.ts'

const MEMORY_BYTES = 64 * 1024 * 1024
const GUESS_BYTES = 1024 * 1024

export interface InferCsvOptions extends FirstPassOptions {
  /** Where what does not fit the memory limit waits, when the source can be read only once. */
  readonly spill?: Spill | undefined
  /** Bytes of the source kept in memory at most; 64 MiB when not given. */
  readonly memoryLimit?: number | undefined
  /** Whether the caller bears that the schema is a guess: it calls `settle`, where there is one. */
  readonly mayGuess?: boolean | undefined
  /** Bytes of rows from which the schema is guessed; 1 MiB when not given. */
  readonly guessBytes?: number | undefined
}

export interface InferredCsv extends FoundTable {
  /** The rows under `schema`. Once. Afterwards, or when it is left early, nothing is kept. */
  frames(): AsyncGenerator<SourceFrame, void, void>
  /** Lets go of what was kept, where `frames` is not to be called. */
  discard(): Promise<void>
  /** As an `InferredTable` has it: of a table whose schema is a guess. */
  settle?(): Promise<InferredCsv | undefined>
}

/**
 * Finds the narrowest type of every column of a table by reading all of it, and reads it again
 * under those types; or, where it may guess, finds them by its first rows, and reads it again only
 * where the others are otherwise. A source given as a function is opened each time; any other is
 * read once and kept meanwhile. Types are inferred as `docs/csv.md` says. `bad-input` where the
 * input is no table, has no rows, has a null in the index, or a date that does not exist in a column
 * of dates; where the schema is a guess, `frames` or `settle` may be who says so.
 */
export async function inferCsv(
  source: ByteSource | (() => ByteSource),
  options: InferCsvOptions = {},
): Promise<InferredCsv> {
  const { memoryLimit = MEMORY_BYTES, guessBytes = GUESS_BYTES, spill } = options
  const kept = new KeptBytes(memoryLimit, spill)
  const first = typeof source === 'function' ? source() : keep(source, kept)
  /** What the whole table is, to be read once more. */
  const toRead = (found: FoundTable): InferredCsv => ({
    ...found,
    async *frames() {
      const again = typeof source === 'function' ? source() : kept.read()
      try {
        const { schema, delimiter, layouts } = found
        yield* readCsv(again, { ...dialectIn(options), schema, delimiter, layouts })
      } finally {
        await kept.discard()
      }
    },
    discard: () => kept.discard(),
  })
  try {
    if (options.mayGuess !== true) return toRead(await findAll(first, options))
    const looked = await guessTable(first, options, guessBytes, new KeptBytes(memoryLimit, spill))
    if ('whole' in looked) return toRead(looked.whole)
    const { guess } = looked
    return {
      ...guess.assumed,
      get emptyRows() {
        return guess.emptyRows
      },
      frames: () => guess.frames(),
      async settle() {
        const found = await guess.settle()
        return found && toRead(found)
      },
      async discard() {
        await guess.close()
        await kept.discard()
      },
    }
  } catch (error) {
    await kept.discard()
    throw error
  }
}

async function findAll(source: ByteSource, options: FirstPassOptions): Promise<FoundTable> {
  const pass = await FirstPass.open(source, options)
  try {
    return await pass.finish()
  } finally {
    await pass.close()
  }
}

async function* keep(source: ByteSource, kept: KeptBytes): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    await kept.add(chunk)
    yield chunk
  }
}

/** Of the options those that say how the table is written down. */
function dialectIn(options: InferCsvOptions): CsvDialect {
  const {
    index,
    duplicates,
    known,
    subset,
    types,
    spill,
    memoryLimit,
    mayGuess,
    guessBytes,
    ...dialect
  } = options
  return dialect
}
