import type { KeyBound } from './bounds.ts'
import { compareBytes } from './bytes.ts'
import type { Column, ColumnType, Scalar } from './column.ts'
import { scalarAt } from './column-ops.ts'
import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import type { Schema } from './schema.ts'
import { keyValues, lastKeyBytes, readSeries, type Series } from './series.ts'
import { type DiffPiece, diffPieces } from './series-diff-rows.ts'
import { type DiffSegment, keyAs } from './series-diff-segments.ts'
import { type ColumnPair, matchSchemas, type SchemaChange } from './series-match.ts'
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
  /** Only these value columns are compared; one that was renamed has either name. */
  readonly names?: readonly string[] | undefined
}

const BATCH_ROWS = 2048

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

/** {@link diffSeries} in arrays of up to 2,048 rows. */
export async function* diffSeriesBatches(
  reader: ObjectReader,
  old: Id | undefined,
  fresh: Id | undefined,
  options: DiffOptions = {},
): AsyncGenerator<RowChange[]> {
  if (old === fresh) return
  const diff = await openDiff(reader, old, fresh, options)
  for await (const piece of diff.pieces) yield* rowChanges(diff, piece)
}

/** Whether any row differs; reads no more than it takes to find one. */
export async function anyDifference(
  reader: ObjectReader,
  old: Id | undefined,
  fresh: Id | undefined,
  options: DiffOptions = {},
): Promise<boolean> {
  if (old === fresh) return false
  const { pieces } = await openDiff(reader, old, fresh, options)
  for await (const _ of pieces) return true
  return false
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
      else {
        const end = await endWithin(diff, piece)
        counts.backfilled += end
        counts.appended += segment.rows - end
      }
      continue
    }
    const { old: oldRows, new: newRows } = piece.rows
    const end = await endWithin(diff, piece)
    for (let i = 0; i < oldRows.length; i++) counts[classOf(oldRows[i]!, newRows[i]!, end)]++
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
  const pairs = match.pairs.filter((pair) => isCompared(pair, old.schema, fresh.schema, options))
  const pieces = diffPieces(reader, old, fresh, { ...match, indexTypes, pairs }, { range })
  return { ...schemas, oldEnd: endKey(old, indexTypes), changes, pieces }
}

function isCompared(
  pair: ColumnPair,
  old: Schema,
  fresh: Schema,
  { columns, names }: DiffOptions,
): boolean {
  const isCommon = pair.old !== undefined && pair.new !== undefined
  if (columns === 'common' && !isCommon) return false
  if (names === undefined) return true
  const isNamed = (schema: Schema, at: number | undefined) =>
    at !== undefined && names.includes(schema.columns[at]!.name)
  return isNamed(old, pair.old) || isNamed(fresh, pair.new)
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
      ? diffPieces(reader, series, empty, match, { range })
      : diffPieces(reader, empty, series, match, { range })
  }
}

/** The key of the last old row in comparable types. */
function endKey(old: Series, types: readonly ColumnType[]): Uint8Array | undefined {
  const bytes = lastKeyBytes(old)
  return bytes && keyAs(old.schema, bytes, types)
}

/** The first row of a piece's new segment that is past the old end. */
async function endWithin({ oldEnd }: Diff, { new: fresh }: DiffPiece): Promise<number> {
  if (oldEnd === undefined || fresh === undefined) return 0
  if (compareBytes(fresh.first, oldEnd) > 0) return 0
  if (compareBytes(fresh.last, oldEnd) <= 0) return fresh.rows
  return (await fresh.keys()).upperBound(oldEnd)
}

/** @param end the first row of the new segment that is past the old end */
function classOf(oldRow: number, newRow: number, end: number): ChangeClass {
  if (newRow < 0) return 'deleted'
  if (oldRow >= 0) return 'revised'
  return newRow >= end ? 'appended' : 'backfilled'
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

async function* rowChanges(diff: Diff, piece: DiffPiece): AsyncGenerator<RowChange[]> {
  const old = piece.old && (await loadColumns(piece.old, diff.old!))
  const fresh = piece.new && (await loadColumns(piece.new, diff.new!))
  const end = await endWithin(diff, piece)
  const { rows } = piece
  const count = rows === 'all' ? (piece.new ?? piece.old!).rows : rows.old.length
  for (let from = 0; from < count; from += BATCH_ROWS) {
    const changes: RowChange[] = []
    for (let i = from; i < Math.min(from + BATCH_ROWS, count); i++) {
      const oldRow = rows !== 'all' ? rows.old[i]! : old === undefined ? -1 : i
      const newRow = rows !== 'all' ? rows.new[i]! : fresh === undefined ? -1 : i
      changes.push({
        class: classOf(oldRow, newRow, end),
        key: newRow >= 0 ? scalars(fresh!.index, newRow) : scalars(old!.index, oldRow),
        ...(oldRow >= 0 && { old: scalars(old!.values, oldRow) }),
        ...(newRow >= 0 && { new: scalars(fresh!.values, newRow) }),
      })
    }
    yield changes
  }
}

async function loadColumns(
  segment: DiffSegment,
  schema: Schema,
): Promise<{ index: Column[]; values: Column[] }> {
  const columns: Column[] = []
  await segment.locateAll()
  for (let i = 0; i < schema.columns.length; i++) columns.push(await segment.column(i))
  return { index: columns.slice(0, schema.indexCount), values: columns.slice(schema.indexCount) }
}

function scalars(columns: readonly Column[], row: number): Scalar[] {
  return columns.map((column) => scalarAt(column, row))
}
