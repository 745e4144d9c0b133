import { isNumberType, type Scalar } from '../../core/column.ts'
import { scalarAt } from '../../core/column-ops.ts'
import { type Id, shortId } from '../../core/id.ts'
import { encodeKeyPrefix } from '../../core/key.ts'
import { formatScalar } from '../../core/scalar-text.ts'
import type { Schema } from '../../core/schema.ts'
import { readSeries, type Series } from '../../core/series.ts'
import { type ChangeClass, diffSeries } from '../../core/series-diff.ts'
import { countRows, readRows } from '../../core/series-read.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { seriesNotFound } from '../../plumbing/resolve-object-name.ts'
import { shownZone } from '../../plumbing/series-zone.ts'
import { versionsAt } from './changed-rows.ts'
import { shownValue } from './shown-value.ts'
import type { PlainRows, PlainRowsRequest } from './view-data.ts'

/** Some rows of a series as they are at a commit. `series-not-found` where it has none of that name. */
export async function plainRows(
  repo: Repository,
  { path, commit, against, from, count }: PlainRowsRequest,
): Promise<PlainRows> {
  const { objects } = repo
  const { tree, old, fresh } = await versionsAt(repo, { path, commit, against })
  if (fresh === undefined) throw await seriesNotFound(repo, tree, path, shortId(commit))
  const series = await readSeries(objects, fresh)
  const zone = await shownZone(objects, tree, path)
  const { columns, indexCount } = series.schema
  const shown = {
    columns: columns.map(({ name }) => name),
    indexCount,
    isNumber: columns.map(({ type }) => isNumberType(type)),
    total: series.rows,
  }
  const compared = old === undefined ? undefined : await comparable(repo, series, { old, fresh })
  if (from === 'change') {
    const firstChanged = compared && (await firstChangedRow(repo, series, compared))
    return { ...shown, rows: [], marks: [], firstChanged: firstChanged ?? 0 }
  }
  const rows: string[][] = []
  const keys: Scalar[][] = []
  for await (const frame of readRows(objects, series, { offset: from, limit: count })) {
    for (let row = 0; row < frame.rows; row++) {
      keys.push(frame.columns.slice(0, indexCount).map((column) => scalarAt(column, row)))
      rows.push(
        frame.columns.map((column, i) => {
          const value = scalarAt(column, row)
          // A key names its row, too: none of it is left out.
          if (i < indexCount) return formatScalar(value, column.type, zone)
          return shownValue({ value, type: column.type }, zone)
        }),
      )
    }
  }
  const marks = compared
    ? await marksOf(repo, series.schema, keys, compared)
    : keys.map(() => undefined)
  return { ...shown, rows, marks }
}

interface Versions {
  readonly old: Id
  readonly fresh: Id
}

/** Undefined where no row of one version can be one of the other: then all of them are new. */
async function comparable(
  { objects }: Repository,
  { schema }: Series,
  versions: Versions,
): Promise<Versions | undefined> {
  const was = (await readSeries(objects, versions.old)).schema
  const types = (of: Schema) => of.columns.slice(0, of.indexCount).map(({ type }) => type)
  return types(was).join() === types(schema).join() ? versions : undefined
}

/** Where the first row that differs is, or was. */
async function firstChangedRow(
  { objects }: Repository,
  series: Series,
  { old, fresh }: Versions,
): Promise<number> {
  for await (const { key } of diffSeries(objects, old, fresh)) {
    const before = { key: encodedKey(series.schema, key), inclusive: false }
    return Math.min(await countRows(objects, series, { to: before }), Math.max(0, series.rows - 1))
  }
  return 0
}

/** What was done to rows that follow one another; only they are compared. */
async function marksOf(
  { objects }: Repository,
  schema: Schema,
  keys: readonly Scalar[][],
  { old, fresh }: Versions,
): Promise<(ChangeClass | undefined)[]> {
  const encoded = keys.map((key) => encodedKey(schema, key))
  const [first, last] = [encoded[0], encoded.at(-1)]
  if (first === undefined || last === undefined) return []
  const bounds = { from: { key: first, inclusive: true }, to: { key: last, inclusive: true } }
  const changed = new Map<string, ChangeClass>()
  for await (const change of diffSeries(objects, old, fresh, bounds)) {
    if (change.class === 'deleted') continue
    changed.set(Buffer.from(encodedKey(schema, change.key)).toString('latin1'), change.class)
  }
  return encoded.map((key) => changed.get(Buffer.from(key).toString('latin1')))
}

function encodedKey({ columns, indexCount }: Schema, key: readonly Scalar[]): Uint8Array {
  return encodeKeyPrefix(
    columns.slice(0, indexCount).map(({ type }) => type),
    key,
  )
}
