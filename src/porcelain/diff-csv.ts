import type { Scalar } from '../core/column.ts'
import { frameFromRows } from '../core/frame.ts'
import { formatScalar } from '../core/scalar-text.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { formatKey } from '../plumbing/key-text.ts'
import { type CellValue, changedCells } from './changed-cells.ts'
import type { DiffItem } from './diff.ts'

/** One line a cell: a series' rows have columns of their own, and this table holds any series. */
export const diffCsvSchema: Schema = {
  columns: ['series', 'change', 'key', 'column', 'old', 'new'].map((name) => ({
    name,
    type: 'string',
  })),
  indexCount: 1,
  duplicates: true,
}

/** The cells that differ as a table of texts; a row without value columns is one line. */
export async function* diffCsvFrames(items: AsyncIterable<DiffItem>): AsyncGenerator<Frame> {
  for await (const item of items) {
    if (item.kind !== 'rows') continue
    const { path, columns, old, new: fresh, zone } = item.series
    const lines: Scalar[][] = []
    for (const row of item.rows) {
      const schema = (row.class === 'deleted' ? old : fresh)!
      const start = [path, row.class, formatKey(schema, row.key, zone)]
      const cells = changedCells(columns, row)
      for (const { name, old: was, new: is } of cells) {
        lines.push([...start, name, text(was), text(is)])
      }
      if (cells.length === 0) lines.push([...start, null, null, null])
    }
    yield frameFromRows(diffCsvSchema, lines)
  }
}

function text(cell: CellValue | undefined): string | null {
  return cell === undefined || cell.value === null ? null : formatScalar(cell.value, cell.type)
}
