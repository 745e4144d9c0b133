import { Buffer } from 'node:buffer'
import { ByteReader } from '../core/bytes.ts'
import type { Column } from '../core/column.ts'
import { decodeColumn } from '../core/column-codec.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader, StoredObject } from '../core/objects.ts'
import type { ProllyNode } from '../core/prolly.ts'
import { decodeNode } from '../core/prolly-node.ts'
import type { Schema } from '../core/schema.ts'
import { decodeSeries, keyValues } from '../core/series.ts'
import { INLINE_COLUMNS, type SegmentColumns } from '../core/series-columns.ts'
import { segmentFormat } from '../core/series-segment.ts'
import { treeEntries } from '../core/tree.ts'
import { formatKey } from './key-text.ts'
import { formatTreeLine } from './tree-line.ts'
import { valueLines } from './values-out.ts'

/**
 * An object as a person reads it, in pieces that make its text: bytes of a blob as they are, a
 * column's values one a line, the entries of a tree or a node one a line, everything else is text
 * already.
 */
export async function* showObject(
  reader: ObjectReader,
  id: Id,
  { kind, bytes }: StoredObject,
): AsyncGenerator<Uint8Array | string> {
  switch (kind) {
    case 'blob':
    case 'commit':
    case 'tag':
      yield bytes
      return
    case 'settings':
      yield bytes
      yield '\n'
      return
    case 'column':
      yield* columnLines(decodeColumn(bytes))
      return
    case 'tree':
      for await (const { name, ...entry } of treeEntries(reader, id)) {
        yield `${formatTreeLine({ path: name, ...entry })}\n`
      }
      return
    case 'series':
      yield* seriesLines(bytes)
      return
    case 'segments':
      yield* nodeLines(decodeSegments(bytes), (key) => Buffer.from(key).toString('hex'))
      return
    case 'columns':
      yield* columnsLines(bytes)
  }
}

function columnLines(column: Column): AsyncGenerator<Uint8Array | string> {
  return valueLines(column.type, single(column))
}

async function* single(column: Column): AsyncGenerator<Column> {
  yield column
}

function* seriesLines(bytes: Uint8Array): Generator<string> {
  const { schema, root, rows } = decodeSeries(bytes)
  for (const [i, { name, type }] of schema.columns.entries()) {
    yield `${i < schema.indexCount ? 'index' : 'value'} ${type} ${name}\n`
  }
  if (schema.duplicates) yield 'duplicates\n'
  yield `rows ${rows}\n`
  yield* nodeLines(root, (key) => keyText(schema, key))
}

function keyText(schema: Schema, key: Uint8Array): string {
  return formatKey(schema, keyValues(schema, key))
}

/** `segment` or `segments`, rows, first key, last key, ids: of each column, or of the node below. */
function* nodeLines(
  node: ProllyNode<SegmentColumns>,
  keyOf: (key: Uint8Array) => string,
): Generator<string> {
  for (const entry of node.entries) {
    const span = `${entry.weight} ${keyOf(entry.key)} ${keyOf(entry.last)}`
    if ('child' in entry) yield `segments ${span} ${entry.child}\n`
    else yield `segment ${span} ${columnIds(entry.value)}\n`
  }
}

/** An id a column; several chunks of one column are joined by `+`. */
function columnIds(columns: SegmentColumns): string {
  if (typeof columns === 'string') return `columns:${columns}`
  return columns.map((chunks) => chunks.map(({ id }) => id).join('+')).join(' ')
}

/**
 * A node says nothing of its series: how many columns it has is found by trying, as only one way
 * to read the bytes comes out even.
 */
function decodeSegments(bytes: Uint8Array): ProllyNode<SegmentColumns> {
  for (let columns = 1; columns <= INLINE_COLUMNS + 1; columns++) {
    try {
      const reader = new ByteReader(bytes)
      const node = decodeNode(reader, segmentFormat(columns))
      reader.expectEnd()
      return node
    } catch (error) {
      if (!hasCode(error, 'corrupt-object')) throw error
    }
  }
  throw new VarveError('corrupt-object', 'not a node of segments')
}

/** The node's level, then the ids of each column's chunks, or of the nodes below. */
function* columnsLines(bytes: Uint8Array): Generator<string> {
  const reader = new ByteReader(bytes)
  const level = reader.u8()
  const count = reader.varint()
  for (let i = 0; i < count; i++) {
    if (level > 0) {
      yield `columns ${reader.id()}\n`
      continue
    }
    const chunks = reader.varint()
    const ids: Id[] = []
    for (let k = 0; k < chunks; k++) {
      if (chunks > 1) reader.varint()
      ids.push(reader.id())
    }
    yield `column ${ids.join('+')}\n`
  }
}
