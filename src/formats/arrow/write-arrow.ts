import { TimeUnit } from 'apache-arrow/fb/time-unit'
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file'
import { BufferRegion, FieldNode, Message, RecordBatch } from 'apache-arrow/ipc/metadata/message'
import { Schema as ArrowSchema, Field } from 'apache-arrow/schema'
import * as arrow from 'apache-arrow/type'
import type { Column, ColumnType } from '../../core/column.ts'
import { bytesOf } from '../../core/column-layout.ts'
import { sliceFrame } from '../../core/frame.ts'
import type { Frame, Schema } from '../../core/schema.ts'
import { pandasMetadata } from '../pandas-metadata.ts'
import type { WriteTableOptions } from '../table.ts'

const MAGIC = 'ARROW1'
const NO_BYTES = new Uint8Array(0)
const PADDING = new Uint8Array(8)
/** Offsets are signed 32-bit numbers: more text than this does not go into one record batch. */
const MAX_TEXT_BYTES = 2 ** 30
/** Marks the end of a stream: a message of no bytes. */
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)

/** Writes frames as an Arrow IPC stream: a record batch each. The chunks may be frames' own memory. */
export async function* writeArrowStream(
  schema: Schema,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  { zone }: WriteTableOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  yield messageBytes(Message.from(arrowSchema(schema, zone)))
  for await (const frame of frames) {
    for (const piece of piecesOf(frame)) yield* batchParts(piece)
  }
  yield END
}

/** As {@link writeArrowStream}, as an Arrow IPC file, which is Feather 2 too. */
export async function* writeArrowFile(
  schema: Schema,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  { zone }: WriteTableOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const described = arrowSchema(schema, zone)
  const head = messageBytes(Message.from(described))
  yield Buffer.from(`${MAGIC}\0\0`)
  yield head
  let at = 8 + head.length
  const blocks: FileBlock[] = []
  for await (const frame of frames) {
    for (const piece of piecesOf(frame)) {
      let bytes = 0
      let first = 0
      for (const part of batchParts(piece)) {
        if (bytes === 0) first = part.length
        bytes += part.length
        yield part
      }
      blocks.push(new FileBlock(first, bytes - first, at))
      at += bytes
    }
  }
  yield END
  const footer = Footer.encode(new Footer(described, undefined, blocks, []))
  yield footer
  const length = Buffer.alloc(4)
  length.writeInt32LE(footer.length)
  yield Buffer.concat([length, Buffer.from(MAGIC)])
}

function arrowSchema(schema: Schema, zone = 'UTC'): ArrowSchema {
  const index = schema.columns.slice(0, schema.indexCount).map((column) => column.name)
  const fields = schema.columns.map(({ name, type }, at) => {
    const metadata = new Map<string, string>()
    if (type === 'json') {
      metadata.set('varve:type', 'json')
      metadata.set('ARROW:extension:name', 'arrow.json')
      metadata.set('ARROW:extension:metadata', '')
    }
    return new Field(name, arrowType(type, zone), at >= schema.indexCount, metadata)
  })
  const metadata = new Map([
    ['varve:index', JSON.stringify(index)],
    ['varve:duplicates', String(schema.duplicates)],
    ['pandas', pandasMetadata(schema, zone)],
  ])
  return new ArrowSchema(fields, metadata)
}

function arrowType(type: ColumnType, zone: string): arrow.DataType {
  switch (type) {
    case 'null':
      return new arrow.Null()
    case 'bool':
      return new arrow.Bool()
    case 'int8':
      return new arrow.Int8()
    case 'int16':
      return new arrow.Int16()
    case 'int32':
      return new arrow.Int32()
    case 'int64':
      return new arrow.Int64()
    case 'uint8':
      return new arrow.Uint8()
    case 'uint16':
      return new arrow.Uint16()
    case 'uint32':
      return new arrow.Uint32()
    case 'uint64':
      return new arrow.Uint64()
    case 'float32':
      return new arrow.Float32()
    case 'float64':
      return new arrow.Float64()
    case 'date':
      return new arrow.DateDay()
    case 'timestamp_s':
      return new arrow.Timestamp(TimeUnit.SECOND, zone)
    case 'timestamp_ms':
      return new arrow.Timestamp(TimeUnit.MILLISECOND, zone)
    case 'timestamp_us':
      return new arrow.Timestamp(TimeUnit.MICROSECOND, zone)
    case 'timestamp_ns':
      return new arrow.Timestamp(TimeUnit.NANOSECOND, zone)
    case 'binary':
      return new arrow.Binary()
    case 'string':
    case 'json':
      return new arrow.Utf8()
  }
}

/** The frame in parts that offsets of 31 bits reach. */
function* piecesOf(frame: Frame): Generator<Frame, void, void> {
  const isLarge = frame.columns.some((c) => (c.offsets?.[c.length] ?? 0) > MAX_TEXT_BYTES)
  if (!isLarge) {
    if (frame.rows > 0) yield frame
    return
  }
  const half = Math.ceil(frame.rows / 2)
  yield* piecesOf(sliceFrame(frame, 0, half))
  yield* piecesOf(sliceFrame(frame, half, frame.rows))
}

/** A record batch: first its description, then its buffers, each up to a multiple of 8 bytes. */
function* batchParts({ columns, rows }: Frame): Generator<Uint8Array, void, void> {
  const nodes = columns.map((column) => new FieldNode(rows, nullsIn(column)))
  const buffers = columns.flatMap(buffersOf)
  let at = 0
  const regions = buffers.map(({ length }) => {
    const region = new BufferRegion(at, length)
    at += length + padding(length)
    return region
  })
  yield messageBytes(Message.from(new RecordBatch(rows, nodes, regions, null), at))
  for (const buffer of buffers) {
    if (buffer.length > 0) yield buffer
    if (padding(buffer.length) > 0) yield PADDING.subarray(0, padding(buffer.length))
  }
}

function buffersOf({ type, validity, values, offsets }: Column): Uint8Array[] {
  if (type === 'null') return []
  const bits = validity ?? NO_BYTES
  return offsets === undefined ? [bits, bytesOf(values)] : [bits, bytesOf(offsets), bytesOf(values)]
}

function nullsIn({ type, length, validity }: Column): number {
  if (type === 'null') return length
  if (validity === undefined) return 0
  let ones = 0
  for (const byte of validity) {
    const pairs = byte - ((byte >> 1) & 0x55)
    const fours = (pairs & 0x33) + ((pairs >> 2) & 0x33)
    ones += (fours + (fours >> 4)) & 0x0f
  }
  return length - ones
}

function messageBytes(message: Message): Uint8Array {
  const metadata = Message.encode(message)
  const length = metadata.length + padding(metadata.length)
  const bytes = new Uint8Array(8 + length)
  const view = new DataView(bytes.buffer)
  view.setInt32(0, -1, true)
  view.setInt32(4, length, true)
  bytes.set(metadata, 8)
  return bytes
}

function padding(length: number): number {
  return -length & 7
}
