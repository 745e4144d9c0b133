import { kernelsFor } from '../../core/encoding/kernels.ts'
import type { CellBatch } from './cell-batch.ts'
import type { PlacedCells } from './placed-cells.ts'

/** Fewer bytes are not worth the way to WebAssembly and back. */
export const WORTH_CUTTING = 512
/** Looked at in one go. */
const MOST_BYTES = 1 << 20
/** Ends of cells that the kernel may note behind the last record, which it does not cut. */
const ENDS_AHEAD = 4096 + 6

/** Where records are to be cut, and where the places of their cells go. */
export interface PlainStretch {
  /** Where the first record begins, and the end of the bytes. */
  readonly from: number
  readonly to: number
  /** The first record and the first cell to fill in. */
  readonly row: number
  readonly cell: number
  readonly maxRows: number
}

type PlainBatch = Pick<CellBatch, 'bytes' | 'starts' | 'ends' | 'width'> & {
  readonly offsets: Int32Array
  readonly delimiter: number
}

/**
 * Cuts records of plain cells, which most tables consist of, into the arrays of a batch, which have room
 * for them: up to the first that is not whole, has a quote or a NUL in it, not `width` cells, a lone CR
 * for its end, or nothing in its cells. Returns the bytes that they take, and where they lie, with how many there are.
 */
export function cutPlainRecords(
  { bytes, starts, ends, offsets, width, delimiter }: PlainBatch,
  { from, to, row, cell, maxRows }: PlainStretch,
): { consumed: number; placed: PlacedCells } {
  const count = Math.min(to - from, MOST_BYTES)
  // A record takes two bytes at least, or its cells one each.
  const most = Math.min(maxRows, (count >> 1) + 1, Math.ceil(count / width) + 1)
  const cells = (most + 1) * width
  // Values that are made of the cells come behind them.
  const kernels = kernelsFor(0, count + 8 * cells + 4 * (most + ENDS_AHEAD) + 8 * most)
  const text = kernels.copyOf(bytes.subarray(from, from + count))
  const firsts = kernels.words(cells)
  const lasts = kernels.words(cells + ENDS_AHEAD)
  const records = kernels.words(most)
  const consumed = kernels.words(1)
  const rows = kernels.run.cutRecords(
    text.byteOffset,
    count,
    from,
    delimiter,
    width,
    most,
    firsts.byteOffset,
    lasts.byteOffset,
    records.byteOffset,
    consumed.byteOffset,
  )
  starts.set(signed(firsts, rows * width), cell)
  ends.set(signed(lasts, rows * width), cell)
  offsets.set(signed(records, rows), row)
  return {
    consumed: consumed[0]!,
    placed: {
      kernels,
      use: kernels.uses,
      rows,
      text: text.byteOffset - from,
      starts: firsts.byteOffset,
      ends: lasts.byteOffset,
    },
  }
}

function signed({ buffer, byteOffset }: Uint32Array, count: number): Int32Array {
  return new Int32Array(buffer, byteOffset, count)
}
