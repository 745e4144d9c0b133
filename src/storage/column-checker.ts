import { type CheckedColumn, checkColumn, type WholeColumn } from './check-column.ts'
import type { EncodeWorkers } from './encode-workers.ts'
import { loadZstd } from './zstd.ts'

/** Who receives so much is likely to receive more; what is less is done before a thread has started. */
const THREADS_AFTER = 2 * 1024 * 1024
/** What is shorter is looked through in less time than it takes to be handed over. */
const LEAST_LENGTH = 2 * 1024
/** Longer columns are rare, and their copies would stay around. */
const MOST_LENGTH = 16 * 1024 * 1024

/**
 * Looks through columns that come one after another: in this thread; of much data, in others, too. What is found is
 * the same.
 */
export class ColumnChecker {
  #bytes = 0
  #opening: Promise<void> | undefined
  #workers: EncodeWorkers | undefined
  #closed = false

  /** Begins with a column, whose bytes stay as they are. */
  check(column: WholeColumn): Promise<CheckedColumn> {
    const { length, body } = column
    if (length < LEAST_LENGTH || length > MOST_LENGTH || body.length > MOST_LENGTH) {
      return checkColumn(column)
    }
    this.#bytes += length
    if (this.#bytes > THREADS_AFTER) this.#opening ??= this.#open().catch(() => undefined)
    return this.#workers?.check(column) ?? checkColumn(column)
  }

  /** Ends the threads. What is on its way there fails. */
  close(): void {
    this.#closed = true
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
