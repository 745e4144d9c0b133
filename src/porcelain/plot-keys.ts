import { scalarAt } from '../core/column-ops.ts'
import type { Frame, Schema } from '../core/schema.ts'
import type { Zone } from '../core/zone.ts'
import { formatKey } from '../plumbing/key-text.ts'

/** What the rows at both ends of each bucket are called, where an axis counts rows and so cannot say. */
export class BucketKeys {
  readonly first: (string | undefined)[]
  readonly last: (string | undefined)[]
  readonly #schema: Schema
  readonly #zone: Zone | undefined

  constructor(buckets: number, schema: Schema, zone: Zone | undefined) {
    this.first = new Array(buckets).fill(undefined)
    this.last = new Array(buckets).fill(undefined)
    this.#schema = schema
    this.#zone = zone
  }

  /**
   * @param row number of the frame's first row
   * @param ends of the buckets as far as they are known, this frame among what was reduced: row numbers
   */
  add(
    frame: Frame,
    row: number,
    { firstAt, lastAt }: Record<'firstAt' | 'lastAt', readonly unknown[]>,
  ): void {
    for (let bucket = 0; bucket < firstAt.length; bucket++) {
      this.first[bucket] ??= this.#textAt(frame, Number(firstAt[bucket]) - row)
      this.last[bucket] = this.#textAt(frame, Number(lastAt[bucket]) - row) ?? this.last[bucket]
    }
  }

  #textAt(frame: Frame, at: number): string | undefined {
    if (!(at >= 0 && at < frame.rows)) return undefined
    const { indexCount } = this.#schema
    const key = frame.columns.slice(0, indexCount).map((column) => scalarAt(column, at))
    return formatKey(this.#schema, key, this.#zone)
  }
}
