import type { ColumnBuilder } from '../../core/column-builder.ts'
import type { CellBatch } from './cell-batch.ts'
import { type PlainCells, PlainPace } from './plain-cells.ts'

/**
 * Reads the cells of one column, the first `rows` records of the batch, into `builder`. Returns
 * the first row whose cell is not of the type, or `rows`. An unquoted empty cell is a null.
 */
export type CellReader = (
  batch: CellBatch,
  column: number,
  rows: number,
  builder: ColumnBuilder,
  /** The same batch, for those that read many cells at once. */
  cells: PlainCells,
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

/** Takes cells of a column from row `from` on, and as many of those before `to` as are plain; returns how many. */
export type PlainTaker = (
  cells: PlainCells,
  column: number,
  from: number,
  to: number,
  builder: ColumnBuilder,
) => number

/**
 * Has `take` read the cells of a column from row `from` on that are no nulls. Returns the first row
 * whose cell it does not take, or `to`.
 */
export function takeCells(
  take: CellTaker,
  batch: CellBatch,
  column: number,
  from: number,
  to: number,
  builder: ColumnBuilder,
): number {
  const { starts, ends, width } = batch
  const bytes: Uint8Array = batch.bytes
  for (let row = from, cell = column + from * width; row < to; row++, cell += width) {
    const token = starts[cell]!
    const start = token >> 2
    const end = ends[cell]!
    if (start === end && token === start << 2) builder.appendNull()
    else if (!take(batch, cell, bytes, start, end, token, builder)) return row
  }
  return to
}

/** The reader that has `take` read the cells that are no nulls, and are not read many at once. */
export function eachCell(take: CellTaker, takePlain?: PlainTaker): CellReader {
  if (takePlain === undefined) {
    return (batch, column, rows, builder) => takeCells(take, batch, column, 0, rows, builder)
  }
  const pace = new PlainPace()
  return (batch, column, rows, builder, cells) => {
    for (let row = 0; ; ) {
      const plain = takePlain(cells, column, row, rows, builder)
      row += plain
      if (row === rows) return rows
      const next = Math.min(rows, row + pace.after(plain))
      row = takeCells(take, batch, column, row, next, builder)
      if (row < next) return row
      if (row === rows) return rows
    }
  }
}
