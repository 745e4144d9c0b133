import { readFileSync, writeFileSync } from 'node:fs'
import {
  binary,
  bool,
  type Column,
  columnFromArray,
  type DataType,
  dateDay,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  TimeUnit,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  timestamp,
  uint8,
  uint16,
  uint32,
  uint64,
  utf8,
} from '@uwdata/flechette'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { Comparison } from './differences.ts'
import type { ValueTable } from './every-value.ts'
import { batchesOf } from './value-files.ts'

// Flechette reads and writes Arrow by code of its own, apart from Apache's library.

const TYPES: Readonly<Record<Exclude<ColumnType, 'null'>, () => DataType>> = {
  bool,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  date: dateDay,
  timestamp_s: () => timestamp(TimeUnit.SECOND, 'UTC'),
  timestamp_ms: () => timestamp(TimeUnit.MILLISECOND, 'UTC'),
  timestamp_us: () => timestamp(TimeUnit.MICROSECOND, 'UTC'),
  timestamp_ns: () => timestamp(TimeUnit.NANOSECOND, 'UTC'),
  string: utf8,
  binary,
  json: utf8,
}

type Batch = Column<unknown>['data'][number]

/** A value as it is stored: what the library makes of times would be rounded, of texts shortened. */
function storedAt(batch: Batch, type: ColumnType, row: number): Scalar {
  if (!(batch.nullCount === 0 || batch.isValid(row))) return null
  if (type === 'bool') return batch.value(row) as boolean
  if (type !== 'string' && type !== 'json' && type !== 'binary') {
    return batch.values![row] as number | bigint
  }
  const bytes = (batch.values as Uint8Array).subarray(
    Number(batch.offsets![row]),
    Number(batch.offsets![row + 1]),
  )
  return type === 'binary' ? bytes : Buffer.from(bytes).toString('utf8')
}

/** Where what Flechette reads from a file differs from the values. */
export function flechetteDifferences(path: string, table: ValueTable): string[] {
  const read = tableFromIPC(readFileSync(path))
  const columns = table.columns.map(({ name }) => read.getChild(name))
  const comparison = new Comparison(table)
  for (const at of columns[0]!.data.keys()) {
    const batches = columns.map((column) => column.data[at]!)
    for (let row = 0; row < batches[0]!.length; row++) {
      comparison.row(table.columns.map(({ type }, i) => storedAt(batches[i]!, type, row)))
    }
  }
  return comparison.finish()
}

/** A column of what is stored for the values; times are given as the integers that they are. */
function columnOf(type: Exclude<ColumnType, 'null'>, values: readonly Scalar[]): Column<unknown> {
  const stored = type.startsWith('timestamp_') ? int64() : type === 'date' ? int32() : undefined
  const column = columnFromArray(values as unknown[], (stored ?? TYPES[type]()) as DataType)
  if (stored === undefined) return column as Column<unknown>
  const as = TYPES[type]()
  for (const batch of column.data) Object.assign(batch, { type: as })
  return Object.assign(column, { type: as }) as Column<unknown>
}

/** Has Flechette write the values as a file or a stream. */
export function writeFlechette(table: ValueTable, path: string, format: 'file' | 'stream'): void {
  const values: Scalar[][] = table.columns.map(() => [])
  for (const batch of batchesOf(table)) {
    for (const [at, some] of batch.entries()) for (const value of some) values[at]!.push(value)
  }
  const columns = table.columns.map(({ name, type }, at) => {
    return [name, columnOf(type as Exclude<ColumnType, 'null'>, values[at]!)] as const
  })
  writeFileSync(path, tableToIPC(tableFromColumns(columns as never), { format })!)
}
