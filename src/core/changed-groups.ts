import { compareBytes, equalBytes } from './bytes.ts'
import type { Keys } from './key.ts'
import { groupOf, type Series } from './series.ts'
import type { DiffPiece } from './series-diff-rows.ts'

/** The groups of which two series have other rows, ascending. */
export class ChangedGroups {
  readonly #pieces: AsyncIterator<DiffPiece>
  readonly #series: Series
  #piece: LoadedPiece | undefined
  #at = 0
  #group: Uint8Array | undefined
  #begun = false

  constructor(pieces: AsyncIterable<DiffPiece>, series: Series) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#series = series
  }

  /** The group at hand; undefined past the last. */
  async head(): Promise<Uint8Array | undefined> {
    return this.#begun ? this.#group : this.next()
  }

  /** The next other group. */
  async next(): Promise<Uint8Array | undefined> {
    this.#begun = true
    const before = this.#group
    for (;;) {
      const piece = await this.#open(undefined)
      if (piece === undefined) {
        this.#group = undefined
        return undefined
      }
      const group = groupOf(this.#series.schema, piece.keyAt(this.#at++))
      if (before !== undefined && equalBytes(group, before)) continue
      this.#group = group.slice()
      return this.#group
    }
  }

  /** The first group, from the one at hand on, that is not before another. */
  async skipTo(group: Uint8Array): Promise<Uint8Array | undefined> {
    let head = this.#begun ? this.#group : undefined
    if (this.#begun && head === undefined) return undefined
    while (head === undefined || compareBytes(head, group) < 0) {
      this.#begun = true
      const piece = await this.#open(group)
      if (piece === undefined) {
        this.#group = undefined
        return undefined
      }
      this.#at = piece.firstFrom(group, this.#at)
      if (this.#at === piece.length) continue
      this.#group = groupOf(this.#series.schema, piece.keyAt(this.#at++)).slice()
      head = this.#group
    }
    return head
  }

  /** The piece with the next row; pieces that end before a group are not looked into. */
  async #open(group: Uint8Array | undefined): Promise<LoadedPiece | undefined> {
    while (this.#piece === undefined || this.#at >= this.#piece.length) {
      const { value, done } = await this.#pieces.next()
      if (done) return undefined
      const segment = (value.new ?? value.old)!
      if (
        group !== undefined &&
        value.rows === 'all' &&
        compareBytes(segment.entry.last, group) < 0
      ) {
        continue
      }
      this.#piece = await LoadedPiece.load(value)
      this.#at = 0
    }
    return this.#piece
  }
}

/** Rows of a piece with their keys. */
class LoadedPiece {
  readonly #piece: DiffPiece
  readonly #old: Keys | undefined
  readonly #new: Keys | undefined
  readonly length: number

  private constructor(piece: DiffPiece, old: Keys | undefined, fresh: Keys | undefined) {
    this.#piece = piece
    this.#old = old
    this.#new = fresh
    this.length = piece.rows === 'all' ? (piece.new ?? piece.old)!.rows : piece.rows.old.length
  }

  static async load(piece: DiffPiece): Promise<LoadedPiece> {
    return new LoadedPiece(piece, await piece.old?.keys(), await piece.new?.keys())
  }

  keyAt(at: number): Uint8Array {
    const { rows } = this.#piece
    if (rows === 'all') return (this.#new ?? this.#old)!.at(at)
    const row = rows.new[at]!
    return row >= 0 ? this.#new!.at(row) : this.#old!.at(rows.old[at]!)
  }

  /** The first row from `at` on whose key is not before `group`. */
  firstFrom(group: Uint8Array, at: number): number {
    let low = at
    let high = this.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareBytes(this.keyAt(middle), group) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
