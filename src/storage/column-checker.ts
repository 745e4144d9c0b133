import { type CheckedColumn, checkColumn, type WholeColumn } from './check-column.ts'
import type { EncodeWorkers } from './encode-workers.ts'
import { loadZstd } from './zstd.ts'

/** Who receives so much is likely to receive more; what is less is done before a thread has started. */
const THREADS_AFTER = 2 * 1024 * 1024
/** What is shorter is looked through in less time than it takes to be handed over. */
const LEAST_LENGTH = 2 * 1024
/** Longer columns are rare, and their copies would stay around. */
const MOST_LENGTH = 16 * 1024 * 1024
/** So many are handed over at a time, or so many bytes: to hand over one alone costs too much beside its work. */
const MOST_GATHERED = 4
const MOST_GATHERED_BYTES = 1024 * 1024

interface Gathered {
  readonly column: WholeColumn
  readonly resolve: (checked: CheckedColumn | Promise<CheckedColumn>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Looks through columns that come one after another: in this thread; of much data, in others, too. What is found is
 * the same.
 */
export class ColumnChecker {
  #bytes = 0
  #opening: Promise<void> | undefined
  #workers: EncodeWorkers | undefined
  #closed = false
  /** What is to be handed over next. */
  #gathered: Gathered[] = []
  #gatheredBytes = 0

  /** Begins with a column, whose bytes stay as they are. Who waits for it has to ask for all with {@link flush} first. */
  check(column: WholeColumn): Promise<CheckedColumn> {
    const { length, body } = column
    if (length < LEAST_LENGTH || length > MOST_LENGTH || body.length > MOST_LENGTH) {
      return checkColumn(column)
    }
    this.#bytes += length
    if (this.#bytes > THREADS_AFTER) this.#opening ??= this.#open().catch(() => undefined)
    if (this.#workers === undefined) return checkColumn(column)
    const checked = new Promise<CheckedColumn>((resolve, reject) => {
      this.#gathered.push({ column, resolve, reject })
    })
    this.#gatheredBytes += Math.max(length, body.length)
    if (this.#gathered.length >= MOST_GATHERED || this.#gatheredBytes >= MOST_GATHERED_BYTES) {
      this.flush()
    }
    return checked
  }

  /** Begins with all that came, also where more could be handed over at a time. */
  flush(): void {
    if (this.#gathered.length === 0) return
    const gathered = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    const handed = this.#workers?.check(gathered.map(({ column }) => column))
    if (handed === undefined) {
      // All have enough to do: this thread helps.
      for (const { column, resolve } of gathered) resolve(checkColumn(column))
      return
    }
    handed.then(
      (found) => {
        for (const [i, { resolve, reject }] of gathered.entries()) {
          const checked = found[i]!
          if (checked instanceof Error) reject(checked)
          else resolve(checked)
        }
      },
      (error: unknown) => {
        for (const { reject } of gathered) reject(error)
      },
    )
  }

  /** Ends the threads. What is on its way there fails. */
  close(): void {
    this.#closed = true
    this.flush()
    this.#workers?.close()
    this.#workers = undefined
  }

  /** Where threads cannot be had, this one does it all. */
  async #open(): Promise<void> {
    const { EncodeWorkers } = await import('./encode-workers.ts')
    // So that it is known which library the threads have to use as well.
    await loadZstd()
    if (!this.#closed) this.#workers = EncodeWorkers.open()
  }
}
