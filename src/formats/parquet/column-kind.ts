import type { LogicalType, ParquetType, SchemaElement } from 'hyparquet'
import type { ColumnType } from '../../core/column.ts'
import { decimalType, MOST_DIGITS } from '../decimals.ts'

/** How the values of a Parquet column become those of a varve column. */
export interface ColumnKind {
  readonly physical: ParquetType
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  readonly width: number
  readonly type: ColumnType
  /** What is between the two, where the values are not the same bits. */
  readonly as: 'same' | 'narrow' | 'decimal' | 'uuid' | 'float16' | 'int96' | 'seconds'
  /** Digits behind the point of a decimal. */
  readonly scale?: number
  /** Timestamps that are what a clock on a wall shows. */
  readonly local: boolean
  readonly optional: boolean
}

/** Why a column cannot be read. */
export interface Refusal {
  readonly found: string
  readonly reason: string
}

const INTEGERS = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const
const UNITS = new Map<string, ColumnType>([
  ['MILLIS', 'timestamp_ms'],
  ['MICROS', 'timestamp_us'],
  ['NANOS', 'timestamp_ns'],
])
const NO_TYPE = 'varve has no type for it'

/** What a column of the first level is, by its place in the schema. */
export function columnKind(element: SchemaElement): ColumnKind | Refusal {
  const { type: physical, repetition_type, converted_type: converted } = element
  if (physical === undefined)
    return { found: nestedName(element), reason: 'columns hold single values' }
  if (repetition_type === 'REPEATED')
    return { found: 'a list', reason: 'columns hold single values' }
  const logical = element.logical_type ?? logicalOf(element)
  const width = element.type_length ?? 0
  if (physical === 'FIXED_LEN_BYTE_ARRAY' && !(width > 0)) {
    return { found: 'values of no length', reason: 'the file is damaged' }
  }
  const optional = repetition_type === 'OPTIONAL'
  const kind = (type: ColumnType, as: ColumnKind['as'] = 'same', local = false): ColumnKind => ({
    physical,
    width,
    type,
    as,
    local,
    optional,
  })
  if (logical === undefined) {
    if (converted !== undefined) return { found: `${physical} as ${converted}`, reason: NO_TYPE }
    return physicalKind(physical, kind)
  }
  return logicalKind(physical, width, logical, kind)
}

type MakeKind = (type: ColumnType, as?: ColumnKind['as'], local?: boolean) => ColumnKind

function physicalKind(physical: ParquetType, kind: MakeKind): ColumnKind | Refusal {
  switch (physical) {
    case 'BOOLEAN':
      return kind('bool')
    case 'INT32':
      return kind('int32')
    case 'INT64':
      return kind('int64')
    case 'INT96':
      return kind('timestamp_ns', 'int96', true)
    case 'FLOAT':
      return kind('float32')
    case 'DOUBLE':
      return kind('float64')
    default:
      return kind('binary')
  }
}

function logicalKind(
  physical: ParquetType,
  width: number,
  logical: LogicalType,
  kind: MakeKind,
): ColumnKind | Refusal {
  const name = `${physical} as ${String(logical.type)}`
  const on = (...types: ParquetType[]) => types.includes(physical)
  switch (logical.type) {
    case 'NULL':
      return kind('null')
    case 'STRING':
    case 'ENUM':
      if (on('BYTE_ARRAY')) return kind('string')
      break
    case 'JSON':
      if (on('BYTE_ARRAY')) return kind('json')
      break
    case 'UUID':
      if (on('FIXED_LEN_BYTE_ARRAY') && width === 16) return kind('string', 'uuid')
      break
    case 'FLOAT16':
      if (on('FIXED_LEN_BYTE_ARRAY') && width === 2) return kind('float32', 'float16')
      break
    case 'DATE':
      if (on('INT32')) return kind('date')
      break
    case 'TIMESTAMP': {
      const type = UNITS.get(logical.unit)
      if (on('INT64') && type !== undefined) return kind(type, 'same', !logical.isAdjustedToUTC)
      break
    }
    case 'INTEGER': {
      const { bitWidth, isSigned } = logical
      const type = INTEGERS.find((type) => type === `${isSigned ? '' : 'u'}int${bitWidth}`)
      if (type === undefined || !on(bitWidth === 64 ? 'INT64' : 'INT32')) break
      return kind(type, bitWidth < 32 ? 'narrow' : 'same')
    }
    case 'DECIMAL':
      if (on('INT32', 'INT64', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY')) {
        const { scale } = logical
        if (!(Number.isInteger(scale) && scale >= 0 && scale <= MOST_DIGITS)) break
        return { ...kind(decimalType(scale), 'decimal'), scale }
      }
      break
    case 'TIME':
      return { found: 'a time of day', reason: `${NO_TYPE}: it has no date` }
    default:
      break
  }
  return { found: name, reason: NO_TYPE }
}

/** The logical type that an older, converted one stands for; undefined where none does. */
function logicalOf({ converted_type, scale, precision }: SchemaElement): LogicalType | undefined {
  switch (converted_type) {
    case 'UTF8':
      return { type: 'STRING' }
    case 'ENUM':
    case 'DATE':
    case 'JSON':
      return { type: converted_type }
    case 'DECIMAL':
      return { type: 'DECIMAL', scale: scale ?? 0, precision: precision ?? 0 }
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return { type: 'TIME', isAdjustedToUTC: true, unit: 'MILLIS' }
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS': {
      const unit = converted_type === 'TIMESTAMP_MILLIS' ? 'MILLIS' : 'MICROS'
      return { type: 'TIMESTAMP', isAdjustedToUTC: true, unit }
    }
    default: {
      const parts = /^(U?)INT_(8|16|32|64)$/.exec(converted_type ?? '')
      if (parts === null) return undefined
      return { type: 'INTEGER', bitWidth: Number(parts[2]), isSigned: parts[1] === '' }
    }
  }
}

function nestedName({ converted_type, logical_type }: SchemaElement): string {
  const type = logical_type?.type ?? converted_type
  if (type === 'LIST') return 'a list'
  return type === 'MAP' || type === 'MAP_KEY_VALUE' ? 'a map' : 'a struct'
}
