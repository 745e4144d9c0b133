import { Date as ArrowDate } from 'apache-arrow/fb/date'
import { DateUnit } from 'apache-arrow/fb/date-unit'
import { Decimal } from 'apache-arrow/fb/decimal'
import { Endianness } from 'apache-arrow/fb/endianness'
import type { Field } from 'apache-arrow/fb/field'
import { FixedSizeBinary } from 'apache-arrow/fb/fixed-size-binary'
import { FloatingPoint } from 'apache-arrow/fb/floating-point'
import { Int } from 'apache-arrow/fb/int'
import type { KeyValue } from 'apache-arrow/fb/key-value'
import { MetadataVersion } from 'apache-arrow/fb/metadata-version'
import { Precision } from 'apache-arrow/fb/precision'
import type { Schema } from 'apache-arrow/fb/schema'
import { Time } from 'apache-arrow/fb/time'
import { Timestamp } from 'apache-arrow/fb/timestamp'
import { Type } from 'apache-arrow/fb/type'
import { Union } from 'apache-arrow/fb/union'
import { UnionMode } from 'apache-arrow/fb/union-mode'
import type { ColumnType } from '../../core/column.ts'
import { decimalType, MOST_DIGITS } from '../decimals.ts'
import { arrowFault } from './arrow-fault.ts'

/** How the values of an Arrow array lie in its buffers. */
export type ArrowLayout =
  | 'null'
  /** As a column of its type has them. */
  | 'same'
  | 'half'
  | 'date-millis'
  | 'large'
  | 'view'
  | 'fixed-bytes'
  | 'decimal'

/** An Arrow type whose values a column can hold. */
export interface ArrowType {
  readonly type: ColumnType
  readonly layout: ArrowLayout
  /** Bytes of a value, for `fixed-bytes` and `decimal`. */
  readonly width?: number
  /** Digits behind the point of a decimal. */
  readonly scale?: number
}

/** The buffers that one node of a record batch has; those of views are followed by some more. */
export interface NodeBuffers {
  readonly buffers: number
  readonly variadic: boolean
}

export interface ArrowField {
  readonly name: string
  /** Undefined where no column can hold its values. */
  readonly type: ArrowType | undefined
  /** What it holds, then. */
  readonly unsupported?: string
  /** The dictionary that has its values, and the type of their numbers in it. */
  readonly dictionary?: { readonly id: bigint; readonly index: ColumnType }
  /** Whether it has timestamps of no zone. */
  readonly local: boolean
  /** The zone of its timestamps. */
  readonly zone?: string
  /** Its nodes in a record batch, and those in a dictionary batch. */
  readonly nodes: readonly NodeBuffers[]
  readonly dictionaryNodes: readonly NodeBuffers[]
}

export interface ArrowSchema {
  readonly fields: readonly ArrowField[]
  readonly metadata: ReadonlyMap<string, string>
}

const MAX_DEPTH = 64
const INTEGERS: ReadonlyMap<number, readonly [signed: ColumnType, unsigned: ColumnType]> = new Map([
  [8, ['int8', 'uint8']],
  [16, ['int16', 'uint16']],
  [32, ['int32', 'uint32']],
  [64, ['int64', 'uint64']],
])
const DECIMAL_BITS: ReadonlySet<number> = new Set([32, 64, 128, 256])
const TIMESTAMPS = ['timestamp_s', 'timestamp_ms', 'timestamp_us', 'timestamp_ns'] as const

/**
 * Reads a schema. The bytes are not to be trusted: a field takes some of them, so there are at most
 * `bytes / 4` however often they are pointed at.
 */
export function readSchema(
  schema: Schema,
  version: MetadataVersion,
  bytes: number,
  file: string,
): ArrowSchema {
  if (schema.endianness() !== Endianness.Little) {
    throw arrowFault(file, 'its numbers are big-endian, which varve does not read')
  }
  if (version < MetadataVersion.V4) {
    throw arrowFault(file, 'it is of a version before Arrow 0.8, which varve does not read')
  }
  const reader = new FieldReader(version, Math.ceil(bytes / 4), file)
  const count = schema.fieldsLength()
  const fields: ArrowField[] = []
  for (let i = 0; i < count; i++) fields.push(reader.field(schema.fields(i), 0))
  const metadata = reader.metadata(schema)
  return { fields, metadata }
}

interface WithMetadata {
  customMetadataLength(): number
  customMetadata(index: number): KeyValue | null
}

class FieldReader {
  readonly #version: MetadataVersion
  readonly #file: string
  #left: number

  constructor(version: MetadataVersion, limit: number, file: string) {
    this.#version = version
    this.#left = limit
    this.#file = file
  }

  field(field: Field | null, depth: number): ArrowField {
    this.#count()
    if (field === null) throw arrowFault(this.#file, 'its schema lacks a field')
    if (depth > MAX_DEPTH) throw arrowFault(this.#file, 'its schema is nested too deeply')
    const metadata = this.metadata(field)
    const kind = fieldKind(field, metadata)
    const name = field.name() ?? ''
    const own: NodeBuffers[] = [nodeBuffers(field, this.#version)]
    const children = field.childrenLength()
    for (let i = 0; i < children; i++) {
      const child = this.field(field.children(i), depth + 1)
      own.push(...child.nodes)
      if (own.length > this.#left) this.#count()
    }
    const encoding = field.dictionary()
    const { type, unsupported } = kind
    const known = {
      name,
      local: kind.local === true,
      ...(unsupported !== undefined && { unsupported }),
      ...(kind.zone !== undefined && { zone: kind.zone }),
    }
    if (encoding === null) return { ...known, type, nodes: own, dictionaryNodes: [] }
    const index = encoding.indexType()
    const types = INTEGERS.get(index?.bitWidth() ?? 32)
    if (types === undefined) throw arrowFault(this.#file, 'a dictionary has no integers as index')
    return {
      ...known,
      type,
      dictionary: { id: encoding.id(), index: types[index?.isSigned() === false ? 1 : 0] },
      nodes: [{ buffers: 2, variadic: false }],
      dictionaryNodes: own,
    }
  }

  metadata(parent: WithMetadata): Map<string, string> {
    const metadata = new Map<string, string>()
    const count = parent.customMetadataLength()
    for (let i = 0; i < count; i++) {
      this.#count()
      const entry = parent.customMetadata(i)
      const key = entry?.key()
      if (entry && key != null) metadata.set(key, entry.value() ?? '')
    }
    return metadata
  }

  #count(): void {
    if (--this.#left < 0) throw arrowFault(this.#file, 'its schema is larger than its bytes')
  }
}

interface FieldKind {
  readonly type: ArrowType | undefined
  readonly unsupported?: string
  readonly local?: boolean
  readonly zone?: string
}

function fieldKind(field: Field, metadata: ReadonlyMap<string, string>): FieldKind {
  const kind = bareKind(field)
  if (kind.type?.type !== 'string') return kind
  const isJson =
    metadata.get('varve:type') === 'json' || metadata.get('ARROW:extension:name') === 'arrow.json'
  return isJson ? { type: { ...kind.type, type: 'json' } } : kind
}

function bareKind(field: Field): FieldKind {
  const same = (type: ColumnType): FieldKind => ({ type: { type, layout: 'same' } })
  const as = (type: ColumnType, layout: ArrowLayout): FieldKind => ({ type: { type, layout } })
  const no = (unsupported: string): FieldKind => ({ type: undefined, unsupported })
  switch (field.typeType()) {
    case Type.Null:
      return as('null', 'null')
    case Type.Bool:
      return same('bool')
    case Type.Int: {
      const int = field.type(new Int()) as Int
      const types = INTEGERS.get(int.bitWidth())
      return types === undefined
        ? no('integers of no common width')
        : same(types[int.isSigned() ? 0 : 1])
    }
    case Type.FloatingPoint: {
      const precision = (field.type(new FloatingPoint()) as FloatingPoint).precision()
      if (precision === Precision.HALF) return as('float32', 'half')
      return same(precision === Precision.SINGLE ? 'float32' : 'float64')
    }
    case Type.Utf8:
      return same('string')
    case Type.LargeUtf8:
      return as('string', 'large')
    case Type.Utf8View:
      return as('string', 'view')
    case Type.Binary:
      return same('binary')
    case Type.LargeBinary:
      return as('binary', 'large')
    case Type.BinaryView:
      return as('binary', 'view')
    case Type.FixedSizeBinary: {
      const width = (field.type(new FixedSizeBinary()) as FixedSizeBinary).byteWidth()
      return width < 0
        ? no('bytes of a width below 0')
        : { type: { type: 'binary', layout: 'fixed-bytes', width } }
    }
    case Type.Date: {
      const { DAY } = DateUnit
      const isDays = (field.type(new ArrowDate()) as ArrowDate).unit() === DAY
      return as('date', isDays ? 'same' : 'date-millis')
    }
    case Type.Timestamp: {
      const timestamp = field.type(new Timestamp()) as Timestamp
      const zone = timestamp.timezone()
      const kind = same(TIMESTAMPS[timestamp.unit()] ?? 'timestamp_ns')
      return zone === null || zone === '' ? { ...kind, local: true } : { ...kind, zone }
    }
    case Type.Decimal: {
      const decimal = field.type(new Decimal()) as Decimal
      const [bits, scale] = [decimal.bitWidth(), decimal.scale()]
      if (!DECIMAL_BITS.has(bits) || scale < 0 || scale > MOST_DIGITS) {
        return no(`decimals of ${bits} bits with ${scale} places`)
      }
      return { type: { type: decimalType(scale), layout: 'decimal', width: bits / 8, scale } }
    }
    case Type.Time:
      return no(`times of day (time${(field.type(new Time()) as Time).bitWidth()})`)
    default:
      return no(UNSUPPORTED.get(field.typeType()) ?? 'values of a type that varve does not know')
  }
}

const UNSUPPORTED: ReadonlyMap<Type, string> = new Map([
  [Type.Interval, 'intervals'],
  [Type.Duration, 'durations'],
  [Type.List, 'lists'],
  [Type.LargeList, 'lists'],
  [Type.FixedSizeList, 'lists'],
  [Type.ListView, 'lists'],
  [Type.LargeListView, 'lists'],
  [Type.Struct_, 'structs'],
  [Type.Map, 'maps'],
  [Type.Union, 'unions'],
  [Type.RunEndEncoded, 'run-end encoded values'],
])

/** The buffers of a field's own node, those of its children left out. */
function nodeBuffers(field: Field, version: MetadataVersion): NodeBuffers {
  const plain = (buffers: number): NodeBuffers => ({ buffers, variadic: false })
  switch (field.typeType()) {
    case Type.Null:
    case Type.RunEndEncoded:
      return plain(0)
    case Type.Struct_:
    case Type.FixedSizeList:
      return plain(1)
    case Type.Utf8View:
    case Type.BinaryView:
      return { buffers: 2, variadic: true }
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary:
    case Type.ListView:
    case Type.LargeListView:
      return plain(3)
    case Type.Union: {
      const dense = (field.type(new Union()) as Union).mode() === UnionMode.Dense
      // Unions had a bitmap of nulls until version 5.
      return plain((dense ? 2 : 1) + (version < MetadataVersion.V5 ? 1 : 0))
    }
    default:
      return plain(2)
  }
}
