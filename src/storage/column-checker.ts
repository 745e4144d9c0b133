import {
  type CheckColumnOptions,
  type CheckedColumn,
  checkColumn,
  type WholeColumn,
} from './check-column.ts'
import type { EncodeWorkers } from './encode-workers.ts'
import type { Soon } from './soon.ts'
import { loadZstd, type Zstd } from './zstd.ts'

/** Who receives so much is likely to receive more; what is less is done before a thread has started. */
const THREADS_AFTER = 2 * 1024 * 1024
/** What is shorter is looked through in less time than it takes to be handed over. */
const LEAST_LENGTH = 2 * 1024
/** Longer columns are rare, and their copies would stay around. */
const MOST_LENGTH = 16 * 1024 * 1024
/** So many are handed over at a time, or so many bytes: to hand over one alone costs too much beside its work. */
const MOST_GATHERED = 8
const MOST_GATHERED_BYTES = 1024 * 1024

/** Columns that are begun with before the first of them is asked for, and the bytes that they take as they are stored. */
const MOST_BEGUN = 96
const MOST_BEGUN_BYTES = 8 * 1024 * 1024

/** A column that is being looked through. */
export interface BegunColumn {
  /** What was found, at once where that is known; rejects with `corrupt-object` where its body cannot be decoded. */
  checked(): Soon<CheckedColumn>
}

/** A column on its way, and what is known of it. */
class Begun {
  readonly column: WholeColumn
  #found: CheckedColumn | undefined
  #failure: { readonly error: unknown } | undefined
  /** Who asked before it was known. */
  #resolve: ((found: Soon<CheckedColumn>) => void) | undefined

  constructor(column: WholeColumn) {
    this.column = column
  }

  get checked(): Soon<CheckedColumn> {
    if (this.#found !== undefined) return this.#found
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  take(found: CheckedColumn): void {
    this.#found = found
    this.#resolve?.(found)
  }

  fail(error: unknown): void {
    this.#failure = { error }
    this.#resolve?.(Promise.reject(error))
  }
}

/**
 * Looks through columns that come one after another, some of them ahead of what is asked for: in this thread; of much
 * data, in others, too. What is found is the same.
 */
export class ColumnChecker {
  /** Begun with, and not asked for. */
  #begun = 0
  #begunBytes = 0
  /** Canonical, of all that came. */
  #bytes = 0
  #opening: Promise<void> | undefined
  #workers: EncodeWorkers | undefined
  /** Once it is loaded. */
  #zstd: Zstd | undefined
  #closed = false
  /** What is to be handed over next. */
  #gathered: Begun[] = []
  readonly #options: CheckColumnOptions
  #gatheredBytes = 0

  constructor(options: CheckColumnOptions) {
    this.#options = options
  }

  /** Whether what was begun with should be asked for before there is more of it. */
  get isFull(): boolean {
    return this.#begun >= MOST_BEGUN || this.#begunBytes >= MOST_BEGUN_BYTES
  }

  /** Begins with a column, whose bytes stay as they are; it is asked for once. */
  begin(column: WholeColumn): BegunColumn {
    const stored = column.body.length
    this.#begun++
    this.#begunBytes += stored
    const begun = new Begun(column)
    this.#check(begun)
    return {
      checked: () => {
        this.#begun--
        this.#begunBytes -= stored
        if (this.#gathered.includes(begun)) this.#flush()
        return begun.checked
      },
    }
  }

  #check(begun: Begun): void {
    const { length, body } = begun.column
    if (length < LEAST_LENGTH || length > MOST_LENGTH || body.length > MOST_LENGTH) {
      this.#checkHere(begun)
      return
    }
    this.#bytes += length
    if (this.#bytes > THREADS_AFTER) this.#opening ??= this.#open().catch(() => undefined)
    if (this.#workers === undefined) {
      this.#checkHere(begun)
      return
    }
    this.#gathered.push(begun)
    this.#gatheredBytes += Math.max(length, body.length)
    if (this.#gathered.length >= MOST_GATHERED || this.#gatheredBytes >= MOST_GATHERED_BYTES) {
      this.#flush()
    }
  }

  /** In this thread, at once but for the first ones. */
  #checkHere(begun: Begun): void {
    if (this.#zstd === undefined) {
      const check = (zstd: Zstd): void => {
        this.#zstd = zstd
        this.#checkHere(begun)
      }
      loadZstd().then(check, (error: unknown) => begun.fail(error))
      return
    }
    try {
      begun.take(checkColumn(this.#zstd, begun.column, this.#options))
    } catch (error) {
      begun.fail(error)
    }
  }

  /** Hands over what has gathered, also where more could be handed over at a time. */
  #flush(): void {
    if (this.#gathered.length === 0) return
    const gathered = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    const columns = gathered.map(({ column }) => column)
    const handed = this.#workers?.check(columns, this.#options)
    if (handed === undefined) {
      // All have enough to do: this thread helps.
      for (const begun of gathered) this.#checkHere(begun)
      return
    }
    handed.then(
      (found) => {
        for (const [i, begun] of gathered.entries()) {
          const checked = found[i]!
          if (checked instanceof Error) begun.fail(checked)
          else begun.take(checked)
        }
      },
      (error: unknown) => {
        for (const begun of gathered) begun.fail(error)
      },
    )
  }

  /** Ends the threads. What is on its way there fails. */
  close(): void {
    this.#closed = true
    this.#flush()
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
