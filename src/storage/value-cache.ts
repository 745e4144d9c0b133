import type { Id } from '../core/id.ts'
import { ObjectCache } from './object-cache.ts'
import { ROWS_DELTA } from './pack-encoding.ts'
import type { PackRecord } from './pack-record.ts'
import type { ReadObject } from './read-chain.ts'

/** Larger values are read too rarely twice to keep them. */
const LARGEST_VALUE = 4 * 1024 * 1024
/**
 * Of the values that lead to one, one in so many is kept, and where several were made of the same one, so many before
 * the last: who reads the versions of a column from the newest to the oldest makes each of them about twice then,
 * and holds few; who looks at one here and one there makes no others.
 */
const VALUES_BETWEEN = 16
/** So often a value is begun with before what lies between it and the others is kept. */
const OFTEN = 2
const MOST_STARTS = 1024
/** Differences of columns that are kept as they are stored, and the bytes of each: some megabytes of all. */
const MOST_LINKS = 4096
const LONGEST_LINK = 512
/** Values that are remembered to have been begun with. */
const MOST_BEGUN = 4096

/** What is kept of columns and blobs: values that others are differences to, or that are differences themselves. */
export class ValueCache {
  readonly #values: ObjectCache
  /** Short differences of columns that were read on the way to others. */
  readonly #links = new Map<Id, PackRecord>()
  /** How often others were made of a value that was kept. */
  readonly #starts = new Map<Id, number>()
  /** Whole values that others were made of and that were not kept, the first of them first, and their bytes. */
  readonly #begun = new Map<Id, number>()
  #begunBytes = 0
  readonly #limit: number

  /** @param limit bytes of memory to take for values */
  constructor(limit: number) {
    this.#values = new ObjectCache(limit, LARGEST_VALUE)
    this.#limit = limit
  }

  get(id: Id): ReadObject | undefined {
    return this.#values.get(id)
  }

  add(id: Id, object: ReadObject): void {
    this.#values.add(id, object)
  }

  /** The record of a column that is a difference to another, where it was read on the way to a third. */
  linkOf(id: Id): PackRecord | undefined {
    return this.#links.get(id)
  }

  addLink(record: PackRecord): void {
    const { id, method, body } = record
    if (method !== ROWS_DELTA || body.length > LONGEST_LINK) return
    if (this.#links.size >= MOST_LINKS) this.#links.clear()
    // A view would keep all that it is a view of.
    this.#links.set(id, { ...record, body: body.slice() })
  }

  /**
   * Whether a whole value is worth keeping that others are made of, and that is not kept: had it been when others were
   * made of it before, it would be there still. Who reads many columns once takes no memory for what they are made of.
   * @param bytes that it takes
   */
  beginsAgain(id: Id, bytes: number): boolean {
    const before = this.#begun.get(id)
    if (before !== undefined) {
      this.#begun.delete(id)
      this.#begunBytes -= before
      return true
    }
    this.#begun.set(id, bytes)
    this.#begunBytes += bytes
    for (const [oldest, its] of this.#begun) {
      if (this.#begunBytes <= this.#limit && this.#begun.size <= MOST_BEGUN) break
      this.#begun.delete(oldest)
      this.#begunBytes -= its
    }
    return false
  }

  /** Whether all values that are now made of a kept one are to be kept, as it is not the first time. */
  startsAgain(id: Id): boolean {
    const times = this.#starts.get(id) ?? 0
    if (this.#starts.size >= MOST_STARTS) this.#starts.clear()
    this.#starts.set(id, times + 1)
    return times >= OFTEN
  }

  clear(): void {
    this.#values.clear()
    this.#links.clear()
    this.#starts.clear()
    this.#begun.clear()
    this.#begunBytes = 0
  }
}

/**
 * Whether a value is kept to which so many differences lead, and of which so many others are made.
 * @param all whether those shortly before the last are
 */
export function isKeptValue(depth: number, ahead: number, all: boolean): boolean {
  return ahead === 0 || depth % VALUES_BETWEEN === 0 || (all && ahead < VALUES_BETWEEN)
}
