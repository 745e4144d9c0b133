import type { CellBatch } from './cell-batch.ts'
import { ESCAPED, QUOTED } from './tokenizer.ts'

/** Texts that stand for no value, in quotes or not, beside the empty cell. */
export class NullTexts {
  readonly #texts: readonly Buffer[]
  /** 1 for every byte that one of them begins with, and spaces: all else is passed by. */
  readonly #first = new Uint8Array(256)
  readonly #empty: boolean

  constructor(texts: readonly string[]) {
    this.#texts = texts.filter((text) => text !== '').map((text) => Buffer.from(text))
    this.#empty = this.#texts.length < texts.length
    for (const byte of [0x20, 0x09, ...this.#texts.map((text) => text[0]!)]) this.#first[byte] = 1
  }

  /** Makes empty cells without quotes of those in the batch that are one of the texts. */
  mark(batch: CellBatch, rows: number): void {
    const { starts, ends } = batch
    const bytes: Uint8Array = batch.bytes
    for (let cell = 0; cell < rows * batch.width; cell++) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      const isNull =
        start === end
          ? this.#empty
          : this.#first[bytes[start]!] === 1 && (token & ESCAPED) === 0 && this.#is(batch, cell)
      if (!isNull) continue
      starts[cell] = start << 2
      ends[cell] = start
    }
  }

  #is(batch: CellBatch, cell: number): boolean {
    const token = batch.starts[cell]!
    let start = token >> 2
    let end = batch.ends[cell]!
    if ((token & QUOTED) === 0) {
      while (start < end && isSpace(batch.bytes[start]!)) start++
      while (end > start && isSpace(batch.bytes[end - 1]!)) end--
    }
    for (const text of this.#texts) {
      if (
        text.length === end - start &&
        batch.bytes.compare(text, 0, text.length, start, end) === 0
      )
        return true
    }
    return false
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09
}
