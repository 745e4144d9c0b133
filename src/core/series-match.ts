import type { ColumnType } from './column.ts'
import { canWiden } from './column-ops.ts'
import type { ObjectReader } from './objects.ts'
import { ProllyCursor } from './prolly.ts'
import type { ColumnSpec, Schema } from './schema.ts'
import { formatOf, type Series } from './series.ts'
import { sameChunks } from './series-columns.ts'
import { LoadedSegment } from './series-load.ts'

/** One way in which two schemas differ. */
export type SchemaChange =
  | { readonly kind: 'added' | 'dropped'; readonly column: ColumnSpec }
  | { readonly kind: 'renamed'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'retyped'
      readonly name: string
      readonly from: ColumnType
      readonly to: ColumnType
    }
  | { readonly kind: 'reordered'; readonly columns: readonly string[] }
  | { readonly kind: 'index'; readonly from: readonly string[]; readonly to: readonly string[] }
  | { readonly kind: 'duplicates'; readonly allowed: boolean }

/** A value column of two series, by position in either; one may lack it. */
export interface ColumnPair {
  readonly old: number | undefined
  readonly new: number | undefined
}

/** Which columns of two series are the same. */
export interface SchemaMatch {
  readonly pairs: readonly ColumnPair[]
  readonly changes: readonly SchemaChange[]
  /**
   * Types in which the index columns of both have comparable keys; undefined where they have none,
   * so that no row of the one is a row of the other.
   */
  readonly indexTypes: readonly ColumnType[] | undefined
  /** Whether equal segment entries mean equal rows: same columns, types and places. */
  readonly aligned: boolean
}

/**
 * Matches columns: index columns by place, value columns by name; a dropped and an added one with
 * the same stored values are one that was renamed.
 */
export async function matchSchemas(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
): Promise<SchemaMatch> {
  const a = old.schema
  const b = fresh.schema
  const changes: SchemaChange[] = []
  const indexTypes = matchIndex(a, b, changes)
  const places = new Map(b.columns.map(({ name }, i) => [name, i]))
  const pairs: { old: number | undefined; new: number | undefined }[] = []
  const taken = new Set<number>()
  for (let i = a.indexCount; i < a.columns.length; i++) {
    const place = places.get(a.columns[i]!.name)
    const match = place !== undefined && place >= b.indexCount ? place : undefined
    if (match !== undefined) taken.add(match)
    pairs.push({ old: i, new: match })
  }
  const added = b.columns.map((_, i) => i).filter((i) => i >= b.indexCount && !taken.has(i))
  const dropped = pairs.filter((pair) => pair.new === undefined)
  if (added.length > 0 && dropped.length > 0 && indexTypes !== undefined) {
    for (const pair of dropped) {
      pair.new = await findRenamed(reader, old, fresh, pair.old!, added)
      if (pair.new !== undefined) added.splice(added.indexOf(pair.new), 1)
    }
  }
  for (const place of added) pairs.push({ old: undefined, new: place })
  for (const pair of pairs) describePair(a, b, pair, changes)
  const common = pairs.filter((pair) => pair.old !== undefined && pair.new !== undefined)
  const inOrder = common.every((pair, i) => i === 0 || common[i - 1]!.new! < pair.new!)
  if (!inOrder) changes.push({ kind: 'reordered', columns: b.columns.map(({ name }) => name) })
  const aligned =
    indexTypes !== undefined &&
    a.columns.length === b.columns.length &&
    a.columns.every(({ type }, i) => type === b.columns[i]!.type) &&
    pairs.every((pair) => pair.old === pair.new)
  return { pairs, changes, indexTypes, aligned }
}

function describePair(a: Schema, b: Schema, pair: ColumnPair, changes: SchemaChange[]): void {
  const from = pair.old === undefined ? undefined : a.columns[pair.old]!
  const to = pair.new === undefined ? undefined : b.columns[pair.new]!
  if (from === undefined) changes.push({ kind: 'added', column: to! })
  else if (to === undefined) changes.push({ kind: 'dropped', column: from })
  else describeColumn(from, to, changes)
}

function describeColumn(from: ColumnSpec, to: ColumnSpec, changes: SchemaChange[]): void {
  if (from.name !== to.name) changes.push({ kind: 'renamed', from: from.name, to: to.name })
  if (from.type !== to.type) {
    changes.push({ kind: 'retyped', name: to.name, from: from.type, to: to.type })
  }
}

function matchIndex(
  a: Schema,
  b: Schema,
  changes: SchemaChange[],
): readonly ColumnType[] | undefined {
  if (a.duplicates !== b.duplicates) changes.push({ kind: 'duplicates', allowed: b.duplicates })
  const from = a.columns.slice(0, a.indexCount)
  const to = b.columns.slice(0, b.indexCount)
  const types = from.map(({ type }, i) => commonType(type, to[i]?.type))
  if (from.length !== to.length || types.includes(undefined)) {
    const names = (columns: readonly ColumnSpec[]) => columns.map(({ name }) => name)
    changes.push({ kind: 'index', from: names(from), to: names(to) })
    return undefined
  }
  from.forEach((column, i) => {
    describeColumn(column, to[i]!, changes)
  })
  return a.duplicates === b.duplicates ? (types as ColumnType[]) : undefined
}

/** The wider of two types, where one can be widened to the other. */
export function commonType(a: ColumnType, b: ColumnType | undefined): ColumnType | undefined {
  if (b === undefined) return undefined
  if (canWiden(a, b)) return b
  return canWiden(b, a) ? a : undefined
}

/** The added column whose values in the first and last segment are stored as those of a dropped. */
async function findRenamed(
  reader: ObjectReader,
  old: Series,
  fresh: Series,
  dropped: number,
  added: readonly number[],
): Promise<number | undefined> {
  const { type } = old.schema.columns[dropped]!
  let left = added.filter((place) => fresh.schema.columns[place]!.type === type)
  for (const end of ['first', 'last'] as const) {
    const a = await endSegment(reader, old, end)
    const b = await endSegment(reader, fresh, end)
    if (a === undefined || b === undefined || a.rows !== b.rows || left.length === 0) {
      return undefined
    }
    const [stored] = await a.chunkLists([dropped])
    const lists = await b.chunkLists(left)
    left = left.filter((_, i) => sameChunks(stored!, lists[i]!))
  }
  return left[0]
}

async function endSegment(
  reader: ObjectReader,
  series: Series,
  end: 'first' | 'last',
): Promise<LoadedSegment | undefined> {
  const cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
  const found = await cursor[end]()
  return found ? new LoadedSegment(reader, series.schema, cursor.entry!) : undefined
}
