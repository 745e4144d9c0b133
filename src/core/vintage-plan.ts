import type { ColumnType } from './column.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import type { ColumnSpec, Schema } from './schema.ts'
import { readSeries, type Series } from './series.ts'
import { commonType, matchSchemas, type SchemaMatch } from './series-match.ts'
import { selectColumns } from './series-read.ts'

/** A version of a series, and where in it the columns are that are asked for. */
export interface PlannedVersion {
  readonly series: Series
  /** Of each value column of the plan; undefined where the version lacks it. */
  readonly positions: readonly (number | undefined)[]
}

/** What versions of a series have in common. */
export interface VintagePlan {
  /** The columns of the newest version that are wanted, in types that hold the values of all. */
  readonly schema: Schema
  /** The oldest first; undefined where the series was not there. */
  readonly versions: readonly (PlannedVersion | undefined)[]
  /** So many versions in front are left out: their keys cannot be compared with those of later ones. */
  readonly leftOut: number
}

export interface PlanOptions {
  /** The value columns of the newest version that are wanted; all unless given. */
  readonly columns?: readonly string[]
  /** Whether a version, by its place, is one of the plan. Of others only the names of columns are followed. */
  readonly isWanted?: (at: number) => boolean
}

/**
 * Finds the columns of the newest version in all that came before it. A column that was renamed is
 * followed, one that was dropped is not among them. `column-not-found`; `schema-mismatch` where a column
 * was of types that have none in common.
 *
 * @param ids the oldest first, those that follow each other in history; the last of them a series, and wanted
 */
export async function planVintages(
  reader: ObjectReader,
  ids: readonly (Id | undefined)[],
  { columns, isWanted = () => true }: PlanOptions = {},
): Promise<VintagePlan> {
  const newest = await readSeries(reader, ids.at(-1)!)
  const { schema, positions } = selectColumns(newest.schema, columns)
  const { indexCount } = schema
  const types: ColumnType[] = schema.columns.map(({ type }) => type)
  const versions: (PlannedVersion | undefined)[] = []
  let later: PlannedVersion = { series: newest, positions: positions.slice(indexCount) }
  for (const [at, id] of [...ids.entries()].reverse()) {
    if (id === undefined) {
      if (isWanted(at)) versions.push(undefined)
      continue
    }
    const series = await readSeries(reader, id)
    const version = await matchVersion(reader, series, later)
    if (version === undefined) break
    later = version
    if (!isWanted(at)) continue
    const { columns } = series.schema
    for (let i = 0; i < indexCount; i++) types[i] = commonType(types[i]!, columns[i]!.type)!
    for (const [i, position] of version.positions.entries()) {
      if (position === undefined) continue
      const { type } = columns[position]!
      const common = commonType(types[indexCount + i]!, type)
      if (common === undefined) throw otherType(schema.columns[indexCount + i]!, type)
      types[indexCount + i] = common
    }
    versions.push(version)
  }
  while (versions.at(-1) === undefined) versions.pop()
  return {
    schema: {
      ...schema,
      columns: schema.columns.map(({ name }, i) => ({ name, type: types[i]! })),
    },
    versions: versions.reverse(),
    leftOut: ids.filter((_, at) => isWanted(at)).length - versions.length,
  }
}

async function matchVersion(
  reader: ObjectReader,
  series: Series,
  later: PlannedVersion,
): Promise<PlannedVersion | undefined> {
  if (sameColumns(series.schema, later.series.schema)) return { series, positions: later.positions }
  const { pairs, indexTypes } = await matchSchemas(reader, series, later.series)
  if (indexTypes === undefined) return undefined
  const places = new Map(pairs.map((pair) => [pair.new, pair.old]))
  const positions = later.positions.map((at) => (at === undefined ? undefined : places.get(at)))
  return { series, positions }
}

function sameColumns(a: Schema, b: Schema): boolean {
  return (
    a === b ||
    (a.indexCount === b.indexCount &&
      a.duplicates === b.duplicates &&
      a.columns.length === b.columns.length &&
      a.columns.every(
        ({ name, type }, i) => name === b.columns[i]!.name && type === b.columns[i]!.type,
      ))
  )
}

function otherType({ name: column, type: is }: ColumnSpec, was: ColumnType): VarveError {
  const message = `column ${JSON.stringify(column)} was ${was} once and is ${is} now: no type holds both`
  return new VarveError('schema-mismatch', message, {
    data: { column, types: [was, is] },
  })
}

/** How two versions are compared, in the columns and key types of the plan. */
export function matchPlanned(
  { schema }: VintagePlan,
  old: PlannedVersion,
  fresh: PlannedVersion,
): SchemaMatch & { readonly indexTypes: readonly ColumnType[] } {
  const [a, b] = [old.series.schema, fresh.series.schema]
  const pairs = old.positions.flatMap((at, i) => {
    const pair = { old: at, new: fresh.positions[i] }
    return pair.old === undefined && pair.new === undefined ? [] : [pair]
  })
  const aligned =
    a.columns.length === b.columns.length &&
    a.columns.every(({ type }, i) => type === b.columns[i]!.type) &&
    pairs.every((pair) => pair.old === pair.new)
  const indexTypes = schema.columns.slice(0, schema.indexCount).map(({ type }) => type)
  return { pairs, changes: [], indexTypes, aligned }
}
