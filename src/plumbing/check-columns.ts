import { type ColumnFacts, columnFacts } from '../core/column-facts.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { type BegunColumn, ColumnChecker } from '../storage/column-checker.ts'
import { isDelta } from '../storage/pack-encoding.ts'
import type { Soon } from '../storage/soon.ts'
import type { Repository } from './repository.ts'

export interface CheckColumnsOptions {
  /** Reads a column that is stored as a difference, and compares it with its id. */
  readonly reader: ObjectReader
  /** Is told of a column whose stored bytes have its id. */
  readonly onVerified: (id: Id, length: number) => void
}

/** Columns whose facts are kept, some 250 bytes each: others are read again. */
const MOST_FACTS = 250_000

/**
 * Looks through stored columns, comparing each with its id: those that come next while the ones before are waited for,
 * in threads where that pays. Of what cannot be read, or is not what its id says, it has no facts: whoever reads it is
 * told what is wrong.
 */
export class CheckColumns {
  readonly #objects: Repository['objects']
  readonly #options: CheckColumnsOptions
  readonly #checker = new ColumnChecker({ withSum: false })
  readonly #begun = new Map<Id, Promise<BegunColumn | undefined>>()
  readonly #facts = new Map<Id, ColumnFacts>()

  constructor(objects: Repository['objects'], options: CheckColumnsOptions) {
    this.#objects = objects
    this.#options = options
  }

  /** Says that a column is going to be asked for. */
  async begin(id: Id): Promise<void> {
    if (this.#checker.isFull) return
    if (this.#facts.has(id) || this.#begun.has(id)) return
    const begun = this.#begin(id)
    this.#begun.set(id, begun)
    await begun
  }

  /** What is known of a column that is what its id says, and in the one form that it can have. */
  async factsOf(id: Id): Promise<ColumnFacts | undefined> {
    const known = this.#facts.get(id)
    if (known !== undefined) return known
    const before = this.#begun.get(id)
    this.#begun.delete(id)
    const facts = await this.#check(id, await (before ?? this.#begin(id)))
    if (facts !== undefined && this.#facts.size < MOST_FACTS) this.#facts.set(id, facts)
    return facts
  }

  /** Ends the threads. */
  close(): void {
    this.#checker.close()
  }

  /** Undefined where the column is not stored whole, or cannot be read. */
  async #begin(id: Id): Promise<BegunColumn | undefined> {
    const record = await unlessDamaged(this.#objects.recordOf(id))
    const isWhole = record?.base === undefined && record?.parameters === undefined
    if (record?.kind !== 'column' || !isWhole || isDelta(record.method)) return undefined
    return this.#checker.begin(record)
  }

  async #check(id: Id, begun: BegunColumn | undefined): Promise<ColumnFacts | undefined> {
    if (begun === undefined) {
      const bytes = await unlessDamaged(this.#options.reader.read(id, 'column'))
      return bytes && unlessDamaged(Promise.resolve(bytes).then(columnFacts))
    }
    const found = await unlessDamaged(begun.checked())
    if (found?.id !== id || found.facts === undefined) return undefined
    this.#options.onVerified(id, found.facts.bytes)
    return found.facts
  }
}

/** What is wrong with a column is said when it is read. */
async function unlessDamaged<T>(reading: Soon<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof VarveError && error.code !== 'interrupted') return undefined
    throw error
  }
}
