import { equalBytes } from '../core/bytes.ts'
import type { PackFault } from './pack-index.ts'
import { CHECKSUM_BYTES, checksum } from './pack-record.ts'
import { NotRead } from './soon.ts'

/** The index of a large pack has a checksum for each so many bytes. */
export const PAGE_BYTES = 4096
/** Pages kept of one pack: 4 MiB. */
const KEPT_PAGES = 1024
/** Pages read at once where one after another is asked for. */
const RUN = 16

/** The bytes of an index, of which each was verified. */
export interface IndexBytes {
  /** A view; throws {@link NotRead} where the bytes are not in memory. */
  read(at: number, length: number): Uint8Array
  /** Whether they are. */
  has(at: number, length: number): boolean
}

/** An index that is held whole. */
export function wholeIndex(bytes: Uint8Array): IndexBytes {
  return { read: (at, length) => bytes.subarray(at, at + length), has: () => true }
}

/** An index of which the pages that are asked for are read, and the latest of them kept. */
export class PagedIndex implements IndexBytes {
  readonly #length: number
  readonly #sums: Uint8Array
  readonly #load: (at: number, length: number) => Promise<Uint8Array>
  readonly #fault: PackFault
  /** In the order in which they were read; once there are many, of their use. */
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

  read(at: number, length: number): Uint8Array {
    const first = Math.floor(at / PAGE_BYTES)
    const start = at - first * PAGE_BYTES
    const page = this.#page(first)
    if (start + length <= page.length) return page.subarray(start, start + length)
    const next = this.#page(first + 1)
    return Buffer.concat([page.subarray(start), next.subarray(0, start + length - page.length)])
  }

  has(at: number, length: number): boolean {
    const first = Math.floor(at / PAGE_BYTES)
    const last = Math.floor((at + length - 1) / PAGE_BYTES)
    return this.#pages.has(first) && (first === last || this.#pages.has(last))
  }

  #page(number: number): Uint8Array {
    const kept = this.#kept(number)
    if (kept === undefined) throw new NotRead(this.#readPage(number))
    return kept
  }

  #kept(number: number): Uint8Array | undefined {
    const page = this.#pages.get(number)
    // A search reads a dozen pages: while there is room for as many again, none of them has to go.
    if (page === undefined || this.#pages.size <= KEPT_PAGES / 2) return page
    this.#pages.delete(number)
    this.#pages.set(number, page)
    return page
  }

  async #readPage(number: number): Promise<void> {
    const [first, end] = this.#runAround(number)
    const start = first * PAGE_BYTES
    const bytes = await this.#load(start, Math.min(end * PAGE_BYTES, this.#length) - start)
    for (let other = first; other < end; other++) {
      const at = (other - first) * PAGE_BYTES
      const page = bytes.subarray(at, at + PAGE_BYTES)
      const sum = this.#sums.subarray(other * CHECKSUM_BYTES, (other + 1) * CHECKSUM_BYTES)
      if (equalBytes(checksum(page), sum)) this.#keep(other, page)
      else if (other === number) {
        throw this.#fault(`the checksum of page ${number} of its index does not fit`)
      }
    }
  }

  /** The pages to read for one: where some before or behind it are kept, as many more on its other side. */
  #runAround(number: number): [first: number, end: number] {
    let before = 0
    while (before < RUN && this.#pages.has(number - 1 - before)) before++
    let after = 0
    while (after < RUN && this.#pages.has(number + 1 + after)) after++
    const pages = Math.ceil(this.#length / PAGE_BYTES)
    if (before > after) return [number, Math.min(pages, number + before)]
    return [Math.max(0, number - Math.max(0, after - 1)), number + 1]
  }

  #keep(number: number, page: Uint8Array): void {
    this.#pages.set(number, page)
    if (this.#pages.size <= KEPT_PAGES) return
    const [oldest] = this.#pages.keys()
    if (oldest !== undefined) this.#pages.delete(oldest)
  }
}
