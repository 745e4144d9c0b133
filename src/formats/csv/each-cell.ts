import type { ColumnBuilder } from '../../core/column-builder.ts'
import type { CellBatch } from './cell-batch.ts'

/**
 * Reads the cells of one column, the first `rows` records of the batch, into `builder`. Returns
 * the first row whose cell is not of the type, or `rows`. An unquoted empty cell is a null.
 */
export type CellReader = (
  batch: CellBatch,
  column: number,
  rows: number,
  builder: ColumnBuilder,
) => number

/**
 * Appends the value of a cell, which is no null: the bytes from `start` to `end`, with quotes doubled
 * where `token`, the cell in `starts`, has `ESCAPED`. False where it is not of the type: then nothing
 * was appended.
 */
export type CellTaker = (
  batch: CellBatch,
  cell: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  token: number,
  builder: ColumnBuilder,
) => boolean

/** The reader that has `take` read the cells that are no nulls. */
export function eachCell(take: CellTaker): CellReader {
  return (batch, column, rows, builder) => {
    const { starts, ends, width } = batch
    const bytes: Uint8Array = batch.bytes
    for (let row = 0, cell = column; row < rows; row++, cell += width) {
      const token = starts[cell]!
      const start = token >> 2
      const end = ends[cell]!
      if (start === end && token === start << 2) builder.appendNull()
      else if (!take(batch, cell, bytes, start, end, token, builder)) return row
    }
    return rows
  }
}
