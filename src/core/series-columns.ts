import { ByteReader, ByteWriter } from './bytes.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'

// Where the columns of one segment are. Up to 16 columns stand in the segment's entry itself;
// more of them in a tree by position, so that one column of thousands can change alone.
//
// Chunk list of a column:   varint chunk count, then per chunk:
//                             varint rows, only where there are several chunks
//                             32 bytes id of a `column` object
// `columns` object:         u8 level, varint entry count, entries
//   level 0                 chunk lists, one a column, 64 a node (the last node: the rest)
//   level > 0               32-byte ids of nodes of the level below, 64 a node
// The root is the lowest level that has a single node.

/** Columns that stand in a segment's entry itself; with more, the entry has a `columns` object. */
export const INLINE_COLUMNS = 16
/** Entries per node of a `columns` tree. */
const COLUMNS_FANOUT = 64

/** A stored part of a column: `rows` consecutive rows of a segment. */
export interface Chunk {
  readonly id: Id
  readonly rows: number
}

/** One column over one segment: nearly always a single chunk. */
export type ChunkList = readonly Chunk[]

/** The columns of a segment: their chunk lists, or the id of the `columns` object with them. */
export type SegmentColumns = readonly ChunkList[] | Id

export function encodeChunks(writer: ByteWriter, chunks: ChunkList): void {
  writer.varint(chunks.length)
  for (const { rows, id } of chunks) {
    if (chunks.length > 1) writer.varint(rows)
    writer.id(id)
  }
}

/** Reads a chunk list of a segment of `rows` rows. */
export function decodeChunks(reader: ByteReader, rows: number): ChunkList {
  const count = reader.varint()
  if (count === 0 || count > rows) throw reader.error(`${count} chunks for ${rows} rows`)
  if (count === 1) return [{ id: reader.id(), rows }]
  const chunks: Chunk[] = []
  let total = 0
  for (let i = 0; i < count; i++) {
    const part = reader.varint()
    if (part === 0) throw reader.error('a chunk without rows')
    total += part
    chunks.push({ rows: part, id: reader.id() })
  }
  if (total !== rows) throw reader.error(`chunks of ${total} rows in a segment of ${rows}`)
  return chunks
}

/** Height of the tree over `count` columns: the level of its root. */
function rootLevel(count: number): number {
  let level = 0
  for (let nodes = count; nodes > COLUMNS_FANOUT; nodes = Math.ceil(nodes / COLUMNS_FANOUT)) level++
  return level
}

function encodeLeaf(lists: readonly ChunkList[]): Uint8Array {
  const writer = new ByteWriter(lists.length * 33 + 8).u8(0).varint(lists.length)
  for (const list of lists) encodeChunks(writer, list)
  return writer.finish()
}

function encodeInner(level: number, ids: readonly Id[]): Uint8Array {
  const writer = new ByteWriter(ids.length * 32 + 8).u8(level).varint(ids.length)
  for (const id of ids) writer.id(id)
  return writer.finish()
}

function startNode(bytes: Uint8Array, level: number, entries: number): ByteReader {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== level) throw reader.error('a node of the wrong level')
  if (reader.varint() !== entries) throw reader.error('a node with the wrong number of entries')
  return reader
}

function decodeLeaf(bytes: Uint8Array, columns: number, rows: number): ChunkList[] {
  const reader = startNode(bytes, 0, columns)
  const lists = Array.from({ length: columns }, () => decodeChunks(reader, rows))
  reader.expectEnd()
  return lists
}

function decodeInner(bytes: Uint8Array, level: number, children: number): Id[] {
  const reader = startNode(bytes, level, children)
  const ids = Array.from({ length: children }, () => reader.id())
  reader.expectEnd()
  return ids
}

/**
 * Stores the chunk lists of a segment where that needs an object of its own.
 * @param earlier the columns of the segment in whose place it stands
 */
export async function writeColumns(
  writer: ObjectWriter,
  lists: readonly ChunkList[],
  earlier?: SegmentColumns,
): Promise<SegmentColumns> {
  if (lists.length <= INLINE_COLUMNS) return lists
  const single = lists.length <= COLUMNS_FANOUT && typeof earlier === 'string'
  const base = single ? earlier : undefined
  let ids: Id[] = []
  for (let at = 0; at < lists.length; at += COLUMNS_FANOUT) {
    const leaf = encodeLeaf(lists.slice(at, at + COLUMNS_FANOUT))
    ids.push(await writer.put('columns', leaf, { base }))
  }
  for (let level = 1; ids.length > 1; level++) {
    const above: Id[] = []
    for (let at = 0; at < ids.length; at += COLUMNS_FANOUT) {
      above.push(
        await writer.put('columns', encodeInner(level, ids.slice(at, at + COLUMNS_FANOUT))),
      )
    }
    ids = above
  }
  return ids[0]!
}

/** Positions grouped by which child of a node at `level` they are under. */
function byChild(positions: readonly number[], level: number): Map<number, number[]> {
  const span = COLUMNS_FANOUT ** level
  const groups = new Map<number, number[]>()
  for (const position of positions) {
    const child = Math.floor(position / span)
    const group = groups.get(child)
    if (group === undefined) groups.set(child, [position - child * span])
    else group.push(position - child * span)
  }
  return groups
}

/** Columns under child `child` of a node at `level` with `count` columns in all. */
function childCount(child: number, level: number, count: number): number {
  const span = COLUMNS_FANOUT ** level
  return Math.min(span, count - child * span)
}

/**
 * The chunk lists of the columns at `positions` (in that order), reading only the nodes they are in.
 * @param count columns of the schema
 * @param rows rows of the segment
 */
export async function readColumns(
  reader: ObjectReader,
  columns: SegmentColumns,
  count: number,
  rows: number,
  positions: readonly number[],
): Promise<ChunkList[]> {
  if (typeof columns !== 'string') return positions.map((position) => listAt(columns, position))
  const found = new Map<number, ChunkList>()
  const visit = async (
    id: Id,
    level: number,
    columnsHere: number,
    wanted: readonly number[],
    base: number,
  ): Promise<void> => {
    const bytes = await reader.read(id, 'columns')
    if (level === 0) {
      const lists = decodeLeaf(bytes, columnsHere, rows)
      for (const position of wanted) found.set(base + position, listAt(lists, position))
      return
    }
    const span = COLUMNS_FANOUT ** level
    const children = decodeInner(bytes, level, Math.ceil(columnsHere / span))
    for (const [child, group] of byChild(wanted, level)) {
      const inside = childCount(child, level, columnsHere)
      await visit(children[child]!, level - 1, inside, group, base + child * span)
    }
  }
  if (positions.length > 0) await visit(columns, rootLevel(count), count, positions, 0)
  return positions.map((position) => found.get(position)!)
}

function listAt(lists: readonly ChunkList[], position: number): ChunkList {
  const list = lists[position]
  if (list === undefined) {
    throw new VarveError('corrupt-object', 'a segment has fewer columns than its series')
  }
  return list
}

/**
 * Positions at which two segments with the same rows and columns have different chunk lists, without
 * opening `columns` nodes that both have.
 */
export async function differingColumns(
  reader: ObjectReader,
  a: SegmentColumns,
  b: SegmentColumns,
  count: number,
  rows: number,
): Promise<number[]> {
  const found: number[] = []
  const compare = (x: readonly ChunkList[], y: readonly ChunkList[], base: number): void => {
    for (let i = 0; i < x.length; i++) if (!sameChunks(x[i]!, y[i]!)) found.push(base + i)
  }
  if (typeof a !== 'string' || typeof b !== 'string') {
    if (typeof a !== 'string' && typeof b !== 'string') compare(a, b, 0)
    return found
  }
  const pending = [{ a, b, level: rootLevel(count), count, base: 0 }]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.a === node.b) continue
    const { level, base } = node
    const x = await reader.read(node.a, 'columns')
    const y = await reader.read(node.b, 'columns')
    if (level === 0) {
      compare(decodeLeaf(x, node.count, rows), decodeLeaf(y, node.count, rows), base)
      continue
    }
    const span = COLUMNS_FANOUT ** level
    const children = Math.ceil(node.count / span)
    const others = decodeInner(y, level, children)
    for (const [child, id] of decodeInner(x, level, children).entries()) {
      const inside = childCount(child, level, node.count)
      pending.push({
        a: id,
        b: others[child]!,
        level: level - 1,
        count: inside,
        base: base + child * span,
      })
    }
  }
  return found
}

/** Whether two chunk lists are the same: then the values are. */
export function sameChunks(a: ChunkList, b: ChunkList): boolean {
  return a.length === b.length && a.every(({ id }, i) => id === b[i]!.id)
}

/** The same columns with some chunk lists replaced: what `writeColumns` would give for all. */
export async function updateColumns(
  writer: ObjectWriter,
  columns: SegmentColumns,
  count: number,
  rows: number,
  changes: ReadonlyMap<number, ChunkList>,
): Promise<SegmentColumns> {
  if (changes.size === 0) return columns
  if (typeof columns !== 'string') return columns.map((list, i) => changes.get(i) ?? list)
  const visit = async (
    id: Id,
    level: number,
    columnsHere: number,
    wanted: readonly number[],
    base: number,
  ): Promise<Id> => {
    const bytes = await writer.read(id, 'columns')
    if (level === 0) {
      const lists = decodeLeaf(bytes, columnsHere, rows)
      for (const position of wanted) lists[position] = changes.get(base + position)!
      return writer.put('columns', encodeLeaf(lists), { base: id })
    }
    const span = COLUMNS_FANOUT ** level
    const children = decodeInner(bytes, level, Math.ceil(columnsHere / span))
    for (const [child, group] of byChild(wanted, level)) {
      const inside = childCount(child, level, columnsHere)
      children[child] = await visit(children[child]!, level - 1, inside, group, base + child * span)
    }
    return writer.put('columns', encodeInner(level, children), { base: id })
  }
  return visit(columns, rootLevel(count), count, [...changes.keys()], 0)
}

interface ColumnsPart {
  readonly kind: 'columns' | 'column'
  readonly id: Id
}

/**
 * All column chunks of a segment and the `columns` objects on the way to them; parts for which
 * `skip` says true are left out with what is under them.
 */
export async function* walkColumns(
  reader: ObjectReader,
  columns: SegmentColumns,
  count: number,
  rows: number,
  skip: (part: ColumnsPart) => boolean,
): AsyncGenerator<ColumnsPart> {
  if (typeof columns !== 'string') {
    for (const part of columnParts(columns)) if (!skip(part)) yield part
    return
  }
  const pending = [{ id: columns, level: rootLevel(count), count }]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const part: ColumnsPart = { kind: 'columns', id: node.id }
    if (skip(part)) continue
    yield part
    const { level, count: inside } = node
    const bytes = await reader.read(node.id, 'columns')
    if (level === 0) {
      for (const leaf of columnParts(decodeLeaf(bytes, inside, rows))) if (!skip(leaf)) yield leaf
      continue
    }
    const children = decodeInner(bytes, level, Math.ceil(inside / COLUMNS_FANOUT ** level))
    children.forEach((id, child) => {
      pending.push({ id, level: level - 1, count: childCount(child, level, inside) })
    })
  }
}

function* columnParts(lists: readonly ChunkList[]): Generator<ColumnsPart> {
  for (const list of lists) for (const { id } of list) yield { kind: 'column', id }
}
