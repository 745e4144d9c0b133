import { type ColumnType, isTimestampType } from '../../core/column.ts'
import type { CellForm } from './cell-form.ts'
import { takeText } from './cell-text.ts'
import { type CellReader, type CellTaker, eachCell, type PlainTaker } from './each-cell.ts'
import {
  integerTaker,
  takeCommaFloat,
  takeCommaText,
  takeFloat,
  takePlainCommaFloats,
  takePlainFloats,
  takePlainWide,
  takeWide,
} from './number-cells.ts'
import { takeJson, takeString } from './text-cells.ts'
import { laidDateTaker, plainTimesTaker, takeDate, timestampTaker } from './time-cells.ts'

/** The reader of cells of a type. */
export function cellReader(type: ColumnType, form: CellForm = {}): CellReader {
  return eachCell(cellTaker(type, form), plainTaker(type, form))
}

/** What reads many cells of a type at once, where there is such a thing. */
function plainTaker(type: ColumnType, { comma, layout, clock }: CellForm): PlainTaker | undefined {
  if (type === 'float64') return comma === true ? takePlainCommaFloats : takePlainFloats
  if (type === 'int64') return takePlainWide
  return layout === undefined && isTimestampType(type) ? plainTimesTaker(type, clock) : undefined
}

/** What reads the cells of a type one by one. */
export function cellTaker(type: ColumnType, form: CellForm): CellTaker {
  switch (type) {
    case 'float64':
      return form.comma === true ? takeCommaFloat : takeFloat
    case 'int64':
      return takeWide
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
      return timestampTaker(type, form)
    case 'date':
      return form.layout === undefined ? takeDate : laidDateTaker(form.layout)
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return integerTaker(type)
    case 'string':
      return takeString
    case 'json':
      return takeJson
    case 'float32':
      return form.comma === true ? takeCommaText : takeText
    case 'bool':
    case 'uint64':
    case 'binary':
    case 'null':
      return takeText
  }
}
