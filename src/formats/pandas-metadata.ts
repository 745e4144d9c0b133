import { type ColumnType, isTimestampType } from '../core/column.ts'
import type { Schema } from '../core/schema.ts'

/**
 * The index columns that pandas wrote beside a table's columns, under the key `pandas`; undefined
 * where it did not, or its index is only the numbers of the rows.
 */
export function pandasIndex(json: string | undefined): readonly string[] | undefined {
  if (json === undefined) return undefined
  let metadata: unknown
  try {
    metadata = JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  const columns = (metadata as { index_columns?: unknown } | null)?.index_columns
  if (!Array.isArray(columns) || columns.length === 0) return undefined
  const areNames = columns.every((column) => typeof column === 'string')
  return areNames ? columns : undefined
}

/**
 * What pandas reads beside the columns of a table, under the key `pandas`: the index columns become
 * its index. Times are of `zone`.
 */
export function pandasMetadata({ columns, indexCount }: Schema, zone: string): string {
  return JSON.stringify({
    index_columns: columns.slice(0, indexCount).map(({ name }) => name),
    column_indexes: [
      {
        name: null,
        field_name: null,
        pandas_type: 'unicode',
        numpy_type: 'object',
        metadata: { encoding: 'UTF-8' },
      },
    ],
    columns: columns.map(({ name, type }) => ({
      name,
      field_name: name,
      ...pandasType(type),
      metadata: isTimestampType(type) ? { timezone: zone } : null,
    })),
    creator: { library: 'varve', version: '1' },
    pandas_version: '1.5.3',
  })
}

function pandasType(type: ColumnType): { pandas_type: string; numpy_type: string } {
  if (isTimestampType(type)) return { pandas_type: 'datetimetz', numpy_type: 'datetime64[ns]' }
  switch (type) {
    case 'null':
      return { pandas_type: 'empty', numpy_type: 'object' }
    case 'date':
      return { pandas_type: 'date', numpy_type: 'object' }
    case 'binary':
      return { pandas_type: 'bytes', numpy_type: 'object' }
    case 'string':
    case 'json':
      return { pandas_type: 'unicode', numpy_type: 'object' }
    default:
      return { pandas_type: type, numpy_type: type }
  }
}
