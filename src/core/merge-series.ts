import { equalBytes } from './bytes.ts'
import { type ColumnType, isTimestampType, type Scalar } from './column.ts'
import { canWiden } from './column-ops.ts'
import { hasCode } from './errors.ts'
import { frameFromRows, indexColumns, takeFrame } from './frame.ts'
import type { Id } from './id.ts'
import { encodeKeys } from './key.ts'
import { type ColumnsMerge, mergeColumns, sameSchema } from './merge-columns.ts'
import type { MergeItem, MergeRowsOptions, RowConflict } from './merge-group.ts'
import { mergeRows } from './merge-rows.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import type { Frame, Schema } from './schema.ts'
import { readSeries, type Series, writeSeries } from './series.ts'
import type { PatchFrame } from './series-blocks.ts'
import { diffPieces } from './series-diff-rows.ts'
import { editSeries } from './series-edit.ts'
import { GroupReader } from './series-groups.ts'
import { commonType } from './series-match.ts'
import { readRows } from './series-read.ts'
import { addColumn, dropColumn, widenColumn } from './series-schema.ts'
import { SPLIT_LIMITS, type SplitLimits } from './split.ts'

/** Ids of the versions of one series; without a base it was added on both sides. */
export interface SeriesVersions {
  readonly base: Id | undefined
  readonly ours: Id
  readonly theirs: Id
}

export interface MergeSeriesOptions extends MergeRowsOptions {
  /** Told of each conflict, in key order; ours stays there. */
  readonly onConflict?: (conflict: RowConflict, columns: ColumnsMerge) => Promise<void> | void
  readonly limits?: SplitLimits | undefined
}

/** The merged series; or why its versions cannot be one series. */
export type MergedSeries = { readonly id: Id } | { readonly clash: string }

/**
 * Merges two versions of a series, by key and column. The result depends on the rows of the versions
 * alone. Reads and stores what differs; holds a few segments and 2,048 rows.
 */
export async function mergeSeries(
  writer: ObjectWriter,
  ids: SeriesVersions,
  options: MergeSeriesOptions,
): Promise<MergedSeries> {
  const { base, ours, theirs } = ids
  if (ours === theirs || base === theirs) return { id: ours }
  if (base === ours) return { id: theirs }
  const limits = options.limits ?? SPLIT_LIMITS
  const opened = await openMerge(writer, ids, limits, options)
  if ('clash' in opened) return opened
  const { versions, columns } = opened
  const start = await fitColumns(writer, opened, limits)
  const items = mergeRows(writer, versions, columns, options)
  const frames = patches(items, columns, options.onConflict)
  const { id } = await editSeries(writer, start, { mode: 'upsert', frames }, limits)
  return { id }
}

/** One conflict of a series, or why its versions cannot be one series. */
export type SeriesConflict =
  | { readonly conflict: RowConflict; readonly columns: ColumnsMerge }
  | { readonly clash: string }

/** The conflicts of {@link mergeSeries}; `writer` keeps what versions are widened to. */
export async function* seriesConflicts(
  writer: ObjectWriter,
  ids: SeriesVersions,
  options: MergeRowsOptions & { readonly limits?: SplitLimits | undefined },
): AsyncGenerator<SeriesConflict> {
  const { base, ours, theirs } = ids
  if (ours === theirs || base === theirs || base === ours) return
  const opened = await openMerge(writer, ids, options.limits ?? SPLIT_LIMITS, options)
  if ('clash' in opened) {
    yield opened
    return
  }
  const { versions, columns } = opened
  for await (const item of mergeRows(writer, versions, columns, options)) {
    if ('conflict' in item) yield { conflict: item.conflict, columns }
  }
}

interface OpenedMerge {
  readonly versions: {
    readonly base: Series | undefined
    readonly ours: Series
    readonly theirs: Series
  }
  /** After their index columns were given common types. */
  readonly ids: SeriesVersions
  readonly columns: ColumnsMerge
}

async function openMerge(
  writer: ObjectWriter,
  given: SeriesVersions,
  limits: SplitLimits,
  options: MergeRowsOptions,
): Promise<OpenedMerge | { readonly clash: string }> {
  const ids = await unlessTooLarge(() => withCommonIndex(writer, given, limits))
  if (typeof ids === 'string') return { clash: ids }
  const versions = {
    base: ids.base === undefined ? undefined : await readSeries(writer, ids.base),
    ours: await readSeries(writer, ids.ours),
    theirs: await readSeries(writer, ids.theirs),
  }
  const columns = await mergeColumns(writer, versions)
  if (typeof columns === 'string') return { clash: columns }
  for (const { name, base, side, kept } of columns.dropped) {
    const keeper = side === 'ours' ? versions.theirs : versions.ours
    if (!(await isRevised(writer, versions.base!, base, keeper, kept))) continue
    const [dropped, revised] = side === 'ours' ? ['here', 'there'] : ['there', 'here']
    return { clash: `column ${name} was dropped ${dropped} and revised ${revised}` }
  }
  const opened = { versions, ids, columns }
  if (mayNotFit(opened)) {
    const reason = await unlessTooLarge(async () => {
      await fitColumns(writer, opened, limits)
      for await (const _ of mergeRows(writer, versions, columns, options));
    })
    if (reason !== undefined) return { clash: reason }
  }
  return opened
}

/** Whether a side has a column in a type that has values without an equal in the merged one. */
function mayNotFit({ versions, columns }: OpenedMerge): boolean {
  const isLossy = (from: ColumnType | undefined, to: ColumnType) =>
    from !== undefined &&
    from !== to &&
    (isTimestampType(to) || (to === 'float64' && (from === 'int64' || from === 'uint64')))
  return columns.columns.some((column) =>
    (['ours', 'theirs'] as const).some((side) => {
      const at = column[side]
      return at !== undefined && isLossy(versions[side].schema.columns[at]!.type, column.type)
    }),
  )
}

/** The reason, as text, where a value has no equal in a wider type. */
async function unlessTooLarge<T>(run: () => Promise<T>): Promise<T | string> {
  try {
    return await run()
  } catch (error) {
    if (hasCode(error, 'invalid-value')) return error.message
    throw error
  }
}

/** The versions with index columns of the same types: built anew where they are not. */
async function withCommonIndex(
  writer: ObjectWriter,
  given: SeriesVersions,
  limits: SplitLimits,
): Promise<SeriesVersions | string> {
  const sides = ['base', 'ours', 'theirs'] as const
  const schemas = new Map<(typeof sides)[number], Schema>()
  for (const side of sides) {
    const id = given[side]
    if (id !== undefined) schemas.set(side, (await readSeries(writer, id)).schema)
  }
  const ids = { ...given }
  const counts = new Set([...schemas.values()].map(({ indexCount }) => indexCount))
  if (counts.size > 1) return 'the index columns are others'
  for (let at = 0; at < [...counts][0]!; at++) {
    const all = [...schemas.values()].map(({ columns }) => columns[at]!.type)
    const widest = all.reduce((a, b) => (canWiden(a, b) ? b : a))
    if (all.some((type) => commonType(type, widest) !== widest)) {
      return `index column ${schemas.get('ours')!.columns[at]!.name} has types that do not go together`
    }
    for (const [side, { columns }] of schemas) {
      const { name, type } = columns[at]!
      if (type === widest) continue
      ids[side] = (await widenColumn(writer, ids[side]!, name, widest, limits)).id
    }
  }
  return ids
}

/** Whether a row that the base has has another value in a column. */
async function isRevised(
  reader: ObjectReader,
  base: Series,
  position: number,
  fresh: Series,
  place: number,
): Promise<boolean> {
  const { columns, indexCount } = base.schema
  const indexTypes = columns.slice(0, indexCount).map(({ type }) => type)
  const pairs = [{ old: position, new: place }]
  const match = { pairs, changes: [], indexTypes, aligned: false }
  for await (const { rows } of diffPieces(reader, base, fresh, match)) {
    if (rows === 'all') continue
    for (let i = 0; i < rows.old.length; i++) {
      if (rows.old[i]! >= 0 && rows.new[i]! >= 0) return true
    }
  }
  return false
}

/** The start side with the columns of the merged series. */
async function fitColumns(
  writer: ObjectWriter,
  { ids, versions, columns: merge }: OpenedMerge,
  limits: SplitLimits,
): Promise<Id> {
  const { schema, columns, start } = merge
  let id = ids[start]
  const from = versions[start].schema
  if (sameSchema(from, schema)) return id
  const kept = new Set(columns.map((column) => column[start]))
  for (const [at, { name }] of from.columns.entries()) {
    if (!kept.has(at)) id = (await dropColumn(writer, id, name)).id
  }
  const inStart = columns.filter((column) => column[start] !== undefined)
  for (const column of inStart) {
    const { name, type } = from.columns[column[start]!]!
    if (type !== column.type) id = (await widenColumn(writer, id, name, column.type, limits)).id
  }
  const named = { ...schema, columns: inStart.map(({ name, type }) => ({ name, type })) }
  id = (await writeSeries(writer, named, (await readSeries(writer, id)).root, id)).id
  const added = columns.filter((column) => column[start] === undefined)
  for (const { name, type } of added) {
    id = (await addColumn(writer, id, { name, type }, null, limits)).id
  }
  if (added.length === 0) return id
  const frames = addedValues(writer, await readSeries(writer, id), versions, merge)
  return (await editSeries(writer, id, { mode: 'upsert', frames }, limits)).id
}

/** The values of columns that only the other side has, for the rows that the start side has. */
async function* addedValues(
  reader: ObjectReader,
  started: Series,
  versions: OpenedMerge['versions'],
  { columns, start, schema }: ColumnsMerge,
): AsyncGenerator<Frame> {
  const other = start === 'ours' ? 'theirs' : 'ours'
  const source = versions[other]
  const names = columns
    .filter((column) => column[start] === undefined)
    .map((column) => source.schema.columns[column[other]!]!.name)
  const index = schema.columns.slice(0, schema.indexCount)
  const groups = new GroupReader(reader, started)
  const others = new GroupReader(reader, source)
  let last: { readonly group: Uint8Array; readonly fits: boolean } | undefined
  for await (const frame of readRows(reader, source, { columns: names })) {
    const keys = encodeKeys(indexColumns(frame))
    const there: number[] = []
    for (let row = 0; row < frame.rows; row++) {
      const group = keys.at(row)
      if (last === undefined || !equalBytes(group, last.group)) {
        // Of a group with another number of rows nobody knows which is which.
        const fits = (await groups.count(group)) === (await others.count(group))
        last = { group: group.slice(), fits }
      }
      if (last.fits) there.push(row)
    }
    if (there.length === 0) continue
    const fitting = takeFrame(frame, Uint32Array.from(there))
    const values = frame.schema.columns.slice(schema.indexCount)
    yield { ...fitting, schema: { ...schema, columns: [...index, ...values] } }
  }
}

const BATCH_ROWS = 2048

/** What has to change, as frames; conflicts are told and not in them. */
async function* patches(
  items: AsyncIterable<MergeItem>,
  columns: ColumnsMerge,
  onConflict: MergeSeriesOptions['onConflict'],
): AsyncGenerator<PatchFrame> {
  const { schema } = columns
  let rows: MergeRow[] = []
  for await (const item of items) {
    if ('conflict' in item) {
      await onConflict?.(item.conflict, columns)
      continue
    }
    const { key, rows: merged } = item.merged
    if (merged.length === 0) rows.push({ row: key, removed: true })
    else for (const row of merged) rows.push({ row, removed: false })
    if (rows.length < BATCH_ROWS) continue
    yield patchFrame(schema, rows)
    rows = []
  }
  if (rows.length > 0) yield patchFrame(schema, rows)
}

/** A row of the merged columns, or the key of rows that go. */
export interface MergeRow {
  readonly row: readonly Scalar[]
  readonly removed: boolean
}

/** Rows of a schema as a frame; of one that is removed, the key counts. */
export function patchFrame(schema: Schema, rows: readonly MergeRow[]): PatchFrame {
  const frame = frameFromRows(
    schema,
    rows.map(({ row }) => row),
  )
  return { ...frame, removed: Uint8Array.from(rows, ({ removed }) => (removed ? 1 : 0)) }
}
