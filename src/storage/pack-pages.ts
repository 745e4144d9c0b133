import { equalBytes } from '../core/bytes.ts'
import type { PackFault } from './pack-index.ts'
import { CHECKSUM_BYTES, checksum } from './pack-record.ts'

/** The index of a large pack has a checksum for each so many bytes. */
export const PAGE_BYTES = 4096
/** Pages kept of one pack: 4 MiB. */
const KEPT_PAGES = 1024

/** The bytes of an index, of which each was verified. */
export interface IndexBytes {
  /** A view; at once where the bytes are in memory. */
  read(at: number, length: number): Uint8Array | Promise<Uint8Array>
}

/** An index that is held whole. */
export function wholeIndex(bytes: Uint8Array): IndexBytes {
  return { read: (at, length) => bytes.subarray(at, at + length) }
}

/** An index of which the pages that are asked for are read, and the latest of them kept. */
export class PagedIndex implements IndexBytes {
  readonly #length: number
  readonly #sums: Uint8Array
  readonly #load: (at: number, length: number) => Promise<Uint8Array>
  readonly #fault: PackFault
  /** In order of use, the oldest first. */
  readonly #pages = new Map<number, Uint8Array>()

  /** @param load reads `length` bytes from byte `at` of the index */
  constructor(
    length: number,
    sums: Uint8Array,
    load: (at: number, length: number) => Promise<Uint8Array>,
    fault: PackFault,
  ) {
    this.#length = length
    this.#sums = sums
    this.#load = load
    this.#fault = fault
  }

  read(at: number, length: number): Uint8Array | Promise<Uint8Array> {
    const first = Math.floor(at / PAGE_BYTES)
    const start = at - first * PAGE_BYTES
    const page = this.#kept(first)
    if (page !== undefined && start + length <= page.length) {
      return page.subarray(start, start + length)
    }
    return this.#read(first, start, length)
  }

  async #read(first: number, start: number, length: number): Promise<Uint8Array> {
    const page = await this.#page(first)
    if (start + length <= page.length) return page.subarray(start, start + length)
    const next = await this.#page(first + 1)
    return Buffer.concat([page.subarray(start), next.subarray(0, start + length - page.length)])
  }

  #kept(number: number): Uint8Array | undefined {
    const page = this.#pages.get(number)
    if (page === undefined) return undefined
    this.#pages.delete(number)
    this.#pages.set(number, page)
    return page
  }

  async #page(number: number): Promise<Uint8Array> {
    const kept = this.#kept(number)
    if (kept !== undefined) return kept
    const at = number * PAGE_BYTES
    const page = await this.#load(at, Math.min(PAGE_BYTES, this.#length - at))
    const sum = this.#sums.subarray(number * CHECKSUM_BYTES, (number + 1) * CHECKSUM_BYTES)
    if (!equalBytes(checksum(page), sum)) {
      throw this.#fault(`the checksum of page ${number} of its index does not fit`)
    }
    this.#pages.set(number, page)
    if (this.#pages.size > KEPT_PAGES) {
      const [oldest] = this.#pages.keys()
      if (oldest !== undefined) this.#pages.delete(oldest)
    }
    return page
  }
}
