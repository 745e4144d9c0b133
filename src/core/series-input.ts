import type { Schema } from './schema.ts'
import { groupOf } from './series.ts'
import { type Frames, type RowBlock, type RowBlockOptions, rowBlocks } from './series-blocks.ts'
import { TouchedKeys } from './series-touched.ts'

/** The rows that an edit brings, taken from the front as the old rows stream by. */
export class EditInput {
  readonly touched: TouchedKeys
  readonly #schema: Schema
  readonly #blocks: AsyncGenerator<RowBlock>
  /** Whether each key is of interest, or only the first and last. */
  readonly #eachKey: boolean
  #block: RowBlock | undefined
  #at = 0
  #ended = false
  #first: Uint8Array | undefined
  #last: { readonly block: RowBlock; readonly row: number } | undefined

  constructor(schema: Schema, frames: Frames, eachKey: boolean, options: RowBlockOptions) {
    this.touched = new TouchedKeys(schema)
    this.#schema = schema
    this.#blocks = rowBlocks(schema, frames, options)
    this.#eachKey = eachKey
  }

  /** The block that the next row is in; undefined when no row is left. */
  async peek(): Promise<RowBlock | undefined> {
    while (!this.#ended && (this.#block === undefined || this.#at === this.#block.rows)) {
      const { value, done } = await this.#blocks.next()
      this.#at = 0
      this.#block = done ? undefined : value
      this.#ended = done === true
    }
    return this.#block
  }

  /** The row of the peeked block that comes next. */
  get at(): number {
    return this.#at
  }

  /** The key of the next row, after a `peek`. */
  get head(): Uint8Array | undefined {
    return this.#block?.keys.at(this.#at)
  }

  /** Takes the rows of the peeked block up to `end` (exclusive). */
  take(end: number): void {
    const block = this.#block!
    this.#first ??= groupOf(this.#schema, block.keys.at(this.#at)).slice()
    if (this.#eachKey) this.touched.add(block.keys.slice(this.#at, end))
    this.#at = end
    this.#last = { block, row: end - 1 }
  }

  /** The key, without its rank, of the first row of all that were taken. */
  get firstGroup(): Uint8Array | undefined {
    return this.#first
  }

  /** The key, without its rank, of the last row taken. */
  get lastGroup(): Uint8Array | undefined {
    const last = this.#last
    return last === undefined ? undefined : groupOf(this.#schema, last.block.keys.at(last.row))
  }
}
