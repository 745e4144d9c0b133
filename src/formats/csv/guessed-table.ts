import { hasCode, VarveError } from '../../core/errors.ts'
import type { SourceFrame } from '../source-frame.ts'
import { TableClocks } from './column-clock.ts'
import { FirstPass, type FirstPassOptions, type FoundTable } from './first-pass.ts'
import { GuessedRows } from './guessed-rows.ts'
import type { KeptBytes } from './kept-bytes.ts'
import type { ByteSource } from './stream.ts'
import { recorded } from './tape.ts'

type Tape = ReturnType<typeof recorded>

/** What the first rows say of a table: that is all of it, or to be proved by the others. */
export type LookedAt = { readonly whole: FoundTable } | { readonly guess: GuessedTable }

/**
 * Looks at the first rows of a table, so many bytes of them. Where these cannot say what it is, it
 * looks at all. What is read meanwhile waits in `kept`: it is more where rows are skipped. `bad-input`
 * as {@link FirstPass} has it.
 */
export async function guessTable(
  source: ByteSource,
  options: FirstPassOptions,
  bytes: number,
  kept: KeptBytes,
): Promise<LookedAt> {
  const tape = recorded(source, kept)
  let isOpen = false
  let pass: FirstPass | undefined
  try {
    pass = await FirstPass.open(tape.bytes(), options)
    for (let looked = 0; looked < bytes; looked += pass.batchBytes) {
      if ((await pass.next()) === 0) return { whole: await pass.finish() }
    }
    const assumed = soFar(pass)
    await pass.close()
    tape.stop()
    pass = await FirstPass.open(tape.again(), options)
    if (assumed === undefined) return { whole: await pass.finish() }
    isOpen = true
    return { guess: new GuessedTable(pass, tape, assumed, options) }
  } finally {
    if (!isOpen) {
      await pass?.close()
      await tape.close()
    }
  }
}

/** What the rows so far say; undefined where they are at fault, for those to come may be the reason why they are not. */
function soFar(pass: FirstPass): FoundTable | undefined {
  try {
    return pass.conclude()
  } catch (error) {
    if (hasCode(error, 'bad-input')) return undefined
    throw error
  }
}

/** A table that is read as its first rows say, while it is looked at whether the others agree. */
export class GuessedTable {
  /** What the first rows say. */
  readonly assumed: FoundTable
  readonly #pass: FirstPass
  readonly #tape: Tape
  readonly #options: FirstPassOptions
  #isProved = false

  constructor(pass: FirstPass, tape: Tape, assumed: FoundTable, options: FirstPassOptions) {
    this.#pass = pass
    this.#tape = tape
    this.assumed = assumed
    this.#options = options
  }

  /** Rows skipped so far because all their cells were empty. */
  get emptyRows(): number {
    return this.#pass.stream.tokenizer.emptyRecords
  }

  /** The rows; an error, whatever it is, where they are not as was assumed. */
  async *frames(): AsyncGenerator<SourceFrame, void, void> {
    const pass = this.#pass
    const { assumed } = this
    const { schema } = assumed
    const { file } = pass.header
    const cells = pass.cellsOf(schema)
    const clocks = await TableClocks.open(schema, cells, this.#options)
    const rows = new GuessedRows(pass, assumed, clocks, this.#options.decimal === ',')
    while ((await pass.next(rows)) > 0) {
      // Before as many were looked at, the same cells may not have been there that were decisive.
      const isProvable = pass.rows < assumed.rows || pass.agreesWith(assumed)
      if (!rows.areGood || !isProvable) throw disproved(file)
      if (rows.collected.isEnough()) yield rows.collected.frame(schema, file)
    }
    if (!isSame(await pass.finish(), assumed)) throw disproved(file)
    clocks.finish()
    this.#isProved = true
    if (rows.collected.rows > 0) yield rows.collected.frame(schema, file)
  }

  /**
   * Looks at the rows that are left. Undefined where all were handed out as they are; otherwise what
   * the table is.
   */
  async settle(): Promise<FoundTable | undefined> {
    if (this.#isProved) return undefined
    try {
      return await this.#pass.finish()
    } finally {
      await this.close()
    }
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#pass.close()
    await this.#tape.close()
  }
}

function isSame(found: FoundTable, assumed: FoundTable): boolean {
  const layoutOf = ({ layouts }: FoundTable, name: string) => layouts.get(name)?.text
  return (
    found.sorted === assumed.sorted &&
    found.schema.columns.every(
      ({ name, type }, at) =>
        type === assumed.schema.columns[at]!.type &&
        layoutOf(found, name) === layoutOf(assumed, name),
    )
  )
}

/** Nobody is told: it has the table be read again. */
function disproved(file: string): VarveError {
  return new VarveError('bad-input', `the rows of ${file} are not as the first of them are`)
}
