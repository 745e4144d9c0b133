import type { ColumnType } from '../core/column.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { readSeries } from '../core/series.ts'
import { walkTree } from '../core/tree.ts'

/** Characters that a value usually takes in a file, with the comma behind it. */
const WIDTHS: Readonly<Record<ColumnType, number>> = {
  bool: 6,
  int8: 4,
  int16: 6,
  int32: 8,
  int64: 11,
  uint8: 4,
  uint16: 6,
  uint32: 8,
  uint64: 11,
  float32: 9,
  float64: 10,
  timestamp_s: 21,
  timestamp_ms: 25,
  timestamp_us: 28,
  timestamp_ns: 31,
  date: 11,
  string: 13,
  binary: 33,
  json: 65,
  null: 1,
}

/** What the files of a tree would take. */
export interface FilesEstimate {
  readonly series: number
  /** About so many bytes. */
  readonly bytes: number
  /** Whether the limit was met before all series were looked at: there are more then. */
  readonly over: boolean
}

/**
 * About how large the files of all series in a tree would be, from their rows and columns; the
 * values are not looked at. It ends as soon as the limit is met.
 */
export async function estimateFiles(
  reader: ObjectReader,
  tree: Id,
  limit: number,
): Promise<FilesEstimate> {
  let series = 0
  let bytes = 0
  for await (const { entry } of walkTree(reader, tree)) {
    const { schema, rows } = await readSeries(reader, entry.id)
    series++
    for (const { name, type } of schema.columns) bytes += name.length + 1 + rows * WIDTHS[type]
    if (bytes >= limit) return { series, bytes, over: true }
  }
  return { series, bytes, over: false }
}
