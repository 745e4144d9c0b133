import type { KeyBound } from './bounds.ts'
import { compareBytes } from './bytes.ts'
import type { Column, ColumnType, Scalar } from './column.ts'
import { columnOf } from './column-builder.ts'
import { scalarAt, widenColumn } from './column-ops.ts'
import type { Id } from './id.ts'
import { encodeKeyPrefix, type Keys } from './key.ts'
import type { ObjectReader } from './objects.ts'
import type { Schema } from './schema.ts'
import { keyValues, lastKey, lastKeyBytes, readSeries, type Series } from './series.ts'
import { type DiffPiece, diffPieces } from './series-diff-rows.ts'
import type { DiffSegment } from './series-diff-segments.ts'
import { matchSchemas, type SchemaChange } from './series-match.ts'
import { type KeyRange, keyRange } from './series-range.ts'

export type { SchemaChange } from './series-match.ts'

/** What happened to a row: added past the old end, added before it, changed, removed. */
export type ChangeClass = 'appended' | 'backfilled' | 'revised' | 'deleted'

/** One row that differs. */
export interface RowChange {
  readonly class: ChangeClass
  /** Its index values. */
  readonly key: Scalar[]
  /** Its old value columns, in the order of the old schema; absent where the row is new. */
  readonly old?: Scalar[]
  /** Its new value columns, in the order of the new schema; absent where the row is gone. */
  readonly new?: Scalar[]
}

export interface DiffOptions {
  /** Rows before it are not compared. */
  readonly from?: KeyBound | undefined
  /** Rows after it are not compared. */
  readonly to?: KeyBound | undefined
  /**
   * Which columns count: 'all' takes a column that one side lacks as null there, so that its values
   * are changes; 'common' compares only what both have. 'all' by default.
   */
  readonly columns?: 'all' | 'common' | undefined
}

/** How many rows differ, by class, and in what else two series differ. */
export interface DiffStat {
  readonly appended: number
  readonly backfilled: number
  readonly revised: number
  readonly deleted: number
  /** Index values of the first and last row that differs; absent where none does. */
  readonly firstKey?: Scalar[]
  readonly lastKey?: Scalar[]
  readonly schemaChanges: readonly SchemaChange[]
}

/**
 * The rows that differ between two series, in key order; undefined stands for a series that is not
 * there. Columns are matched by name, index columns by place; where the index columns cannot be
 * compared all old rows are deleted and all new ones appended. Segments and subtrees that are equal
 * are not read; where only values differ, neither are the columns that are equal.
 */
export async function* diffSeries(
  reader: ObjectReader,
  old: Id | undefined,
  fresh: Id | undefined,
  options: DiffOptions = {},
): AsyncGenerator<RowChange> {
  for await (const changes of diffSeriesBatches(reader, old, fresh, options)) yield* changes
}

/** {@link diffSeries} in arrays, each of what differs between at most two segments. */
export async function* diffSeriesBatches(
  reader: ObjectReader,
  old: Id | undefined,
  fresh: Id | undefined,
  options: DiffOptions = {},
): AsyncGenerator<RowChange[]> {
  if (old === fresh) return
  const diff = await openDiff(reader, old, fresh, options)
  for await (const piece of diff.pieces) yield await rowChanges(diff, piece)
}

/** Counts what differs, without reading rows that are in whole segments of one side alone. */
export async function diffStat(
  reader: ObjectReader,
  old: Id | undefined,
  fresh: Id | undefined,
  options: DiffOptions = {},
): Promise<DiffStat> {
  const counts = { appended: 0, backfilled: 0, revised: 0, deleted: 0 }
  if (old === fresh) return { ...counts, schemaChanges: [] }
  const diff = await openDiff(reader, old, fresh, options)
  let first: Scalar[] | undefined
  let last: (() => Promise<Scalar[]>) | undefined
  for await (const piece of diff.pieces) {
    first ??= await keyOf(diff, piece, 'first')
    last = () => keyOf(diff, piece, 'last')
    const segment = piece.new ?? piece.old!
    if (piece.rows === 'all') {
      if (piece.new === undefined) counts.deleted += segment.rows
      else await countWhole(diff, piece.new, counts)
      continue
    }
    const keys = piece.new === undefined ? undefined : await piece.new.keys()
    for (let i = 0; i < piece.rows.old.length; i++) {
      counts[classOf(diff, piece.rows.old[i]!, piece.rows.new[i]!, keys)]++
    }
  }
  return {
    ...counts,
    ...(first === undefined ? {} : { firstKey: first, lastKey: await last!() }),
    schemaChanges: diff.changes,
  }
}

interface Diff {
  readonly old: Schema | undefined
  readonly new: Schema | undefined
  /** The old end in keys as the pieces have them; undefined: every new row is past it. */
  readonly oldEnd: Uint8Array | undefined
  readonly changes: readonly SchemaChange[]
  readonly pieces: AsyncIterable<DiffPiece>
}

async function openDiff(
  reader: ObjectReader,
  oldId: Id | undefined,
  newId: Id | undefined,
  options: DiffOptions,
): Promise<Diff> {
  const old = oldId === undefined ? undefined : await readSeries(reader, oldId)
  const fresh = newId === undefined ? undefined : await readSeries(reader, newId)
  const range = keyRange(options)
  const schemas = { old: old?.schema, new: fresh?.schema }
  if (old === undefined || fresh === undefined) {
    const pieces = oneSide(reader, old, fresh, range)
    return { ...schemas, oldEnd: undefined, changes: [], pieces }
  }
  const match = await matchSchemas(reader, old, fresh)
  const { indexTypes, changes } = match
  if (indexTypes === undefined) {
    return { ...schemas, oldEnd: undefined, changes, pieces: oneSide(reader, old, fresh, range) }
  }
  const pairs =
    options.columns === 'common'
      ? match.pairs.filter((pair) => pair.old !== undefined && pair.new !== undefined)
      : match.pairs
  const pieces = diffPieces(reader, old, fresh, { ...match, indexTypes, pairs }, range)
  return { ...schemas, oldEnd: endKey(old, indexTypes), changes, pieces }
}

/** All rows of series that have none in common. */
async function* oneSide(
  reader: ObjectReader,
  old: Series | undefined,
  fresh: Series | undefined,
  range: KeyRange,
): AsyncGenerator<DiffPiece> {
  for (const [side, series] of [
    ['old', old],
    ['new', fresh],
  ] as const) {
    if (series === undefined) continue
    const types = series.schema.columns.slice(0, series.schema.indexCount).map(({ type }) => type)
    const empty: Series = { ...series, root: { level: 0, entries: [] }, rows: 0 }
    const match = { pairs: [], changes: [], indexTypes: types, aligned: true }
    yield* side === 'old'
      ? diffPieces(reader, series, empty, match, range)
      : diffPieces(reader, empty, series, match, range)
  }
}

/** The key of the last old row in comparable types. */
function endKey(old: Series, types: readonly ColumnType[]): Uint8Array | undefined {
  const bytes = lastKeyBytes(old)
  const values = lastKey(old)
  if (bytes === undefined || values === undefined) return undefined
  const { columns, duplicates } = old.schema
  if (types.every((type, i) => type === columns[i]!.type)) return bytes
  const widened = types.map((type, i) =>
    scalarAt(widenColumn(columnOf(columns[i]!.type, [values[i]!]), type), 0),
  )
  const key = encodeKeyPrefix(types, widened)
  return duplicates ? Buffer.concat([key, bytes.subarray(-4)]) : key
}

function classOf(diff: Diff, oldRow: number, newRow: number, keys: Keys | undefined): ChangeClass {
  if (newRow < 0) return 'deleted'
  if (oldRow >= 0) return 'revised'
  const { oldEnd } = diff
  return oldEnd === undefined || keys!.compareTo(newRow, oldEnd) > 0 ? 'appended' : 'backfilled'
}

async function countWhole(
  { oldEnd }: Diff,
  segment: DiffSegment,
  counts: { appended: number; backfilled: number },
): Promise<void> {
  const { key, last } = segment.entry
  if (oldEnd === undefined || compareBytes(key, oldEnd) > 0) counts.appended += segment.rows
  else if (compareBytes(last, oldEnd) < 0) counts.backfilled += segment.rows
  else {
    const before = (await segment.keys()).upperBound(oldEnd)
    counts.backfilled += before
    counts.appended += segment.rows - before
  }
}

/** Index values of the first or last row of a piece. */
async function keyOf(diff: Diff, piece: DiffPiece, end: 'first' | 'last'): Promise<Scalar[]> {
  if (piece.rows === 'all') {
    const schema = (piece.new === undefined ? diff.old : diff.new)!
    const { key, last } = (piece.new ?? piece.old!).entry
    return keyValues(schema, end === 'first' ? key : last)
  }
  const row = end === 'first' ? 0 : piece.rows.old.length - 1
  const inNew = piece.rows.new[row]! >= 0
  const segment = inNew ? piece.new! : piece.old!
  const at = inNew ? piece.rows.new[row]! : piece.rows.old[row]!
  const values: Scalar[] = []
  for (const position of segment.indexPositions) {
    values.push(scalarAt(await segment.column(position), at))
  }
  return values
}

async function rowChanges(diff: Diff, piece: DiffPiece): Promise<RowChange[]> {
  const old = piece.old && (await loadColumns(piece.old, diff.old!))
  const fresh = piece.new && (await loadColumns(piece.new, diff.new!))
  const keys = piece.new === undefined ? undefined : await piece.new.keys()
  const count = piece.rows === 'all' ? (piece.new ?? piece.old!).rows : piece.rows.old.length
  const changes: RowChange[] = []
  for (let i = 0; i < count; i++) {
    const oldRow = piece.rows !== 'all' ? piece.rows.old[i]! : old === undefined ? -1 : i
    const newRow = piece.rows !== 'all' ? piece.rows.new[i]! : fresh === undefined ? -1 : i
    const key = newRow >= 0 ? scalars(fresh!.index, newRow) : scalars(old!.index, oldRow)
    changes.push({
      class: classOf(diff, oldRow, newRow, keys),
      key,
      ...(oldRow < 0 ? {} : { old: scalars(old!.values, oldRow) }),
      ...(newRow < 0 ? {} : { new: scalars(fresh!.values, newRow) }),
    })
  }
  return changes
}

async function loadColumns(
  segment: DiffSegment,
  schema: Schema,
): Promise<{ index: Column[]; values: Column[] }> {
  const columns: Column[] = []
  for (let i = 0; i < schema.columns.length; i++) columns.push(await segment.column(i))
  return { index: columns.slice(0, schema.indexCount), values: columns.slice(schema.indexCount) }
}

function scalars(columns: readonly Column[], row: number): Scalar[] {
  return columns.map((column) => scalarAt(column, row))
}
