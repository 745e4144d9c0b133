import { bitmapBytes, getBit } from './bits.ts'
import { bytesToText } from './bytes.ts'
import { type Column, type ColumnType, isBytesType, isNull, type Scalar } from './column.ts'
import { newValues, rawColumn } from './column-layout.ts'

const NO_BYTES = new Uint8Array(0)

/** The value of one row. */
export function scalarAt(column: Column, row: number): Scalar {
  if (isNull(column, row)) return null
  const { type, values, offsets } = column
  if (offsets !== undefined) {
    const bytes = (values as Uint8Array).subarray(offsets[row], offsets[row + 1])
    return type === 'binary' ? bytes.slice() : bytesToText(bytes)
  }
  if (type === 'bool') return getBit(values as Uint8Array, row)
  return values[row]!
}

/** A column of `rows` nulls. */
export function nullColumn(type: ColumnType, rows: number): Column {
  if (type === 'null') return rawColumn('null', rows, NO_BYTES, undefined)
  const validity = rows === 0 ? undefined : new Uint8Array(bitmapBytes(rows))
  if (isBytesType(type)) {
    return rawColumn(type, rows, NO_BYTES, validity, new Uint32Array(rows + 1))
  }
  return rawColumn(
    type,
    rows,
    newValues(type, type === 'bool' ? bitmapBytes(rows) : rows),
    validity,
  )
}
