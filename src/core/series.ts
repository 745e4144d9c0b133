import { ByteReader, ByteWriter } from './bytes.ts'
import { columnTypeCodes, columnTypes, type Scalar } from './column.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import { decodeKey } from './key.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import { decodeRoot, encodeNode, type ProllyFormat, type ProllyNode, weightOf } from './prolly.ts'
import type { Schema } from './schema.ts'
import { checkSchema } from './schema-codec.ts'
import type { SegmentColumns } from './series-columns.ts'
import { segmentFormat } from './series-segment.ts'

// `series` object (docs/format/series.md):
//
//   u8      flags: 1 where rows with equal keys are allowed, else 0
//   varint  number of columns
//   varint  how many of the first of them are the index
//   per column: varint n, n bytes name in UTF-8; u8 type code
//   the root node of the tree of segments

const DUPLICATES = 1

/** A series as its object says: the schema, and the root of the tree of its segments. */
export interface Series {
  readonly schema: Schema
  readonly root: ProllyNode<SegmentColumns>
  readonly rows: number
}

/** A series that was stored. */
export interface SeriesResult {
  readonly id: Id
  readonly rows: number
}

/** How the nodes of the tree of segments are laid out. */
export function formatOf(schema: Schema): ProllyFormat<SegmentColumns> {
  return segmentFormat(schema.columns.length)
}

/** The canonical bytes of a `series` object. */
function encodeSeries(schema: Schema, root: ProllyNode<SegmentColumns>): Uint8Array {
  const writer = new ByteWriter()
  writer.u8(schema.duplicates ? DUPLICATES : 0)
  writer.varint(schema.columns.length).varint(schema.indexCount)
  for (const { name, type } of schema.columns) writer.text(name).u8(columnTypeCodes[type])
  encodeNode(writer, formatOf(schema), root)
  return writer.finish()
}

/** Reads what {@link encodeSeries} wrote; `corrupt-object` for anything else. */
export function decodeSeries(bytes: Uint8Array): Series {
  const reader = new ByteReader(bytes)
  const flags = reader.u8()
  if (flags > DUPLICATES) throw reader.error(`unknown flags ${flags}`)
  const count = reader.varint()
  if (count > reader.remaining) throw reader.error('cut short')
  const indexCount = reader.varint()
  const columns = Array.from({ length: count }, () => {
    const name = reader.text()
    const type = columnTypes[reader.u8()]
    if (type === undefined) throw reader.error('an unknown column type')
    return { name, type }
  })
  const schema = { columns, indexCount, duplicates: flags === DUPLICATES }
  try {
    checkSchema(schema)
  } catch (cause) {
    if (!(cause instanceof VarveError)) throw cause
    throw new VarveError('corrupt-object', `a series has a bad schema: ${cause.message}`, { cause })
  }
  const root = decodeRoot(reader, formatOf(schema))
  reader.expectEnd()
  return { schema, root, rows: weightOf(root) }
}

export async function readSeries(reader: ObjectReader, id: Id): Promise<Series> {
  return decodeSeries(await reader.read(id, 'series'))
}

/** Stores a series, in the place of an earlier one. */
export async function writeSeries(
  writer: ObjectWriter,
  schema: Schema,
  root: ProllyNode<SegmentColumns>,
  earlier?: Id,
): Promise<SeriesResult> {
  const id = await writer.put('series', encodeSeries(schema, root), { base: earlier })
  return { id, rows: weightOf(root) }
}

/** The encoded key of the first row. */
function firstKeyBytes(series: Series): Uint8Array | undefined {
  return series.root.entries[0]?.key
}

/** The encoded key of the last row. */
export function lastKeyBytes(series: Series): Uint8Array | undefined {
  return series.root.entries.at(-1)?.last
}

/** The index values of the first row; undefined when there is none. Reads nothing. */
export function firstKey(series: Series): Scalar[] | undefined {
  const key = firstKeyBytes(series)
  return key === undefined ? undefined : keyValues(series.schema, key)
}

/** The index values of the last row; undefined when there is none. Reads nothing. */
export function lastKey(series: Series): Scalar[] | undefined {
  const key = lastKeyBytes(series)
  return key === undefined ? undefined : keyValues(series.schema, key)
}

/** The index values that an encoded key of a series stands for. */
export function keyValues(schema: Schema, key: Uint8Array): Scalar[] {
  const types = schema.columns.slice(0, schema.indexCount).map(({ type }) => type)
  return decodeKey(key, types, schema.duplicates).values
}

/** An encoded key without its rank: what the rows of one group share. */
export function groupOf(schema: Schema, key: Uint8Array): Uint8Array {
  return schema.duplicates ? key.subarray(0, key.length - 4) : key
}

/** The rank that an encoded key of a series with duplicates ends in. */
export function rankOf(key: Uint8Array): number {
  if (key.length < 4) throw new VarveError('corrupt-object', 'a key without its rank')
  return new DataView(key.buffer, key.byteOffset).getUint32(key.length - 4)
}
