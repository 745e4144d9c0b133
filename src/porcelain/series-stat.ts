import type { ObjectReader } from '../core/objects.ts'
import type { Schema } from '../core/schema.ts'
import { readSeries } from '../core/series.ts'
import type { DiffOptions } from '../core/series-diff.ts'
import type { Zone } from '../core/zone.ts'
import type { SeriesChange } from './renamed-series.ts'
import { changedSeries, type PathStat, pathStat } from './tree-stat.ts'

/** What differs in one series, in numbers, and what its keys are made of. */
export interface SeriesStat extends PathStat {
  /** Of the new series, or the old one where it is gone; undefined for a collection. */
  readonly schema: Schema | undefined
  /** The zone that its keys are shown in; UTC unless given. */
  readonly zone?: Zone | undefined
}

/**
 * As `pathStat`, with the schema that the first and last key are of.
 *
 * @param counted what `pathStat` is, where that is known
 */
export async function seriesStat(
  reader: ObjectReader,
  change: SeriesChange,
  zone: Zone | undefined,
  options: DiffOptions = {},
  counted?: PathStat,
): Promise<SeriesStat> {
  const found = { ...(counted ?? (await pathStat(reader, change, options))), zone }
  const { old, new: fresh } = changedSeries(change)
  const schemas: Schema[] = []
  for (const id of [fresh, old]) {
    if (id !== undefined) schemas.push((await readSeries(reader, id)).schema)
  }
  const [schema, other] = schemas
  if (schema === undefined || other === undefined || sameIndexTypes(schema, other)) {
    return { ...found, schema }
  }
  // The keys may be of either side, and there is no telling of which.
  const { firstKey: _, lastKey: __, ...counts } = found.stat
  return { ...found, schema, stat: counts }
}

function sameIndexTypes(a: Schema, b: Schema): boolean {
  const types = ({ columns, indexCount }: Schema) =>
    columns.slice(0, indexCount).map(({ type }) => type)
  return types(a).join() === types(b).join()
}
