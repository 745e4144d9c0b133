import type { TableFormat } from '../table.ts'
import { typedFormat } from '../typed-table.ts'
import { openParquet } from './open-parquet.ts'
import { writeParquet } from './write-parquet.ts'

/** Tables by columns, in row groups: see `docs/formats.md`. */
export const parquetFormat: TableFormat = {
  ...typedFormat(openParquet),
  write: writeParquet,
}
