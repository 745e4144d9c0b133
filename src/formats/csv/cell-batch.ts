import type { Place } from '../bad-input.ts'
import type { PlacedCells } from './placed-cells.ts'

/**
 * Records cut into cells, which are places in `bytes`: what a reader of values needs of a
 * tokenizer. The byte behind a cell is never a part of its text.
 */
export interface CellBatch {
  readonly file: string
  readonly bytes: Buffer
  /** Cell `row * width + column`: its start << 2 | flags. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Whether the cells lie one behind another. */
  readonly isInOrder?: boolean
  /** Where the kernels that cut it have it, or its first records. Who changes cells must not leave it. */
  readonly placed?: PlacedCells | undefined
  /** Cells of a record. */
  readonly width: number
  /** The line that each record begins on. */
  readonly lines: Uint32Array
  /** The place of a byte in record `row`. */
  placeIn(row: number, offset: number): Place
  /** The text of a cell, unescaped. */
  text(cell: number): string
}

/** Batches of records: `next` says how many `tokenizer` now holds, 0 when all is read. */
export interface CellStream {
  readonly tokenizer: CellBatch
  next(): Promise<number>
}
