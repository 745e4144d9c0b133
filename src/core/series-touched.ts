import { compareBytes } from './bytes.ts'
import type { Keys } from './key.ts'
import type { Schema } from './schema.ts'
import { groupOf } from './series.ts'
import { afterPrefix, type KeyRange } from './series-range.ts'

/** Keys held one by one at most; beyond, neighbours are joined. */
const MAX_KEYS = 1_048_576
/** Neighbouring keys that are joined then. */
const JOINED = 1024

/**
 * Collects the keys that an edit writes, in ascending order. They become ranges only when someone
 * asks. Of more than a million, 1024 neighbours at a time are joined: what is collected may cover
 * more than was touched, never less.
 */
export class TouchedKeys {
  readonly #schema: Schema
  readonly #ranges: KeyRange[] = []
  #keys: Keys[] = []
  #count = 0

  constructor(schema: Schema) {
    this.#schema = schema
  }

  add(keys: Keys): void {
    this.#keys.push(keys)
    this.#count += keys.length
    if (this.#count > MAX_KEYS) this.#fold(JOINED)
  }

  #fold(joined: number): void {
    for (const keys of this.#keys) {
      const groupAt = (row: number) => groupOf(this.#schema, keys.at(row))
      for (let row = 0; row < keys.length; row += joined) {
        const last = Math.min(row + joined, keys.length) - 1
        this.#addRange(groupAt(row), afterPrefix(groupAt(last)))
      }
    }
    this.#keys = []
    this.#count = 0
  }

  #addRange(from: Uint8Array, to: Uint8Array): void {
    const last = this.#ranges.at(-1)
    // Consecutive whole numbers and the rows of one group leave no key between them.
    if (last !== undefined && compareBytes(from, last.to!) <= 0) {
      this.#ranges[this.#ranges.length - 1] = { from: last.from, to }
    } else {
      this.#ranges.push({ from, to })
    }
  }

  /** Ascending, apart from each other. */
  ranges(): readonly KeyRange[] {
    this.#fold(1)
    return this.#ranges
  }
}

function endsBefore(a: KeyRange, b: KeyRange): boolean {
  return a.to !== undefined && b.from !== undefined && compareBytes(a.to, b.from) <= 0
}

/** Whether two ascending lists of ranges have a key in common. */
export function rangesIntersect(a: readonly KeyRange[], b: readonly KeyRange[]): boolean {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    if (endsBefore(a[i]!, b[j]!)) i++
    else if (endsBefore(b[j]!, a[i]!)) j++
    else return true
  }
  return false
}
