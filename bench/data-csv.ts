import { type Column, type Frame, formatScalar, scalarAt } from '../src/index.ts'
import { PieceFile } from './piece-file.ts'

/** Writes frames as CSV and returns its bytes. Times have no zone, so that every program takes them. */
export function writeCsv(path: string, frames: Iterable<Frame>): number {
  const file = new PieceFile(path)
  let begun = false
  for (const { schema, columns, rows } of frames) {
    if (!begun) file.write(`${schema.columns.map(({ name }) => name).join(',')}\n`)
    begun = true
    const cells = columns.map(cellsOf)
    let text = ''
    for (let row = 0; row < rows; row++) {
      text += `${cells.map((cell) => cell(row)).join(',')}\n`
    }
    file.write(text)
  }
  file.close()
  return file.bytes
}

function cellsOf(column: Column): (row: number) => string {
  if (column.type === 'float64') {
    const values = column.values as Float64Array
    return (row) => String(values[row])
  }
  if (column.type.startsWith('timestamp')) {
    const values = column.values as BigInt64Array
    const perMs = { timestamp_s: 1e-3, timestamp_ms: 1, timestamp_us: 1e3, timestamp_ns: 1e6 }
    const unit = perMs[column.type as keyof typeof perMs]
    // The data sets have no times finer than milliseconds.
    return (row) => {
      const text = new Date(Number(values[row]!) / unit).toISOString()
      return text.slice(0, text.endsWith('.000Z') ? 19 : 23)
    }
  }
  return (row) => formatScalar(scalarAt(column, row), column.type)
}
