import type { Id } from '../core/id.ts'
import { encodeKeyPrefix } from '../core/key.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import { readSeries, type Series } from '../core/series.ts'
import { diffSeriesBatches, type SchemaChange } from '../core/series-diff.ts'
import { isAfter, isBefore, type KeyRange } from '../core/series-range.ts'
import { lookupPath, updatePaths } from '../core/tree.ts'
import type { Change } from '../plumbing/change.ts'
import { zoneNameAt } from '../plumbing/series-zone.ts'

import { seriesAt } from './add-series.ts'
import { describeChange, type RowCounts, type SeriesChange } from './change-summary.ts'
import { settingsOfNew } from './input-zone.ts'

/** What an edit makes of a series. */
export interface Edited {
  readonly id: Id
  readonly counts: RowCounts
  /** The keys that were written or removed, ascending; 'all' where it is about the whole series. */
  readonly touched: readonly KeyRange[] | 'all'
  readonly schemaChanges?: readonly SchemaChange[]
  readonly emptyRows?: number
  /** The zone that a series which was not there gets as its setting. */
  readonly zone?: string | undefined
}

/** Edits the series that stands at a path, or makes it; run again when a race is lost. */
export type EditRun = (
  batch: ObjectWriter,
  tree: Id,
  series: (Series & { readonly id: Id }) | undefined,
) => Promise<Edited>

/** A change of the rows of one series. It meets another that changed a key which it touches. */
export function editChange(path: string, edit: EditRun): Change<SeriesChange> {
  let last: Edited | undefined
  return {
    async run(batch, tree) {
      const series = await seriesAt(batch, tree, path)
      last = await edit(batch, tree, series)
      const { id, counts, schemaChanges = [], emptyRows = 0 } = last
      const result = await describeChange(batch, {
        series: path,
        old: series?.id,
        id,
        counts,
        schemaChanges,
        emptyRows,
        zone: last.zone ?? (await zoneNameAt(batch, tree, path)),
      })
      if (id === series?.id) return { tree, result }
      const settings = series === undefined ? await settingsOfNew(batch, last.zone) : undefined
      const edits = new Map([[path, { kind: 'series' as const, id, settings }]])
      return { tree: await updatePaths(batch, tree, edits), result }
    },
    async meets(reader, before, after) {
      const [old, now] = [await idAt(reader, before, path), await idAt(reader, after, path)]
      if (old === now) return undefined
      const touched = last?.touched ?? 'all'
      if (old === undefined || now === undefined || touched === 'all') return path
      return (await changesAny(reader, old, now, touched)) ? path : undefined
    },
  }
}

async function idAt(reader: ObjectReader, tree: Id, path: string): Promise<Id | undefined> {
  const entry = await lookupPath(reader, tree, path)
  return entry?.kind === 'series' ? entry.id : undefined
}

/** Whether a row whose key is in one of the ranges differs between two series. */
export async function changesAny(
  reader: ObjectReader,
  old: Id,
  now: Id,
  ranges: readonly KeyRange[],
): Promise<boolean> {
  const { schema } = await readSeries(reader, now)
  const types = schema.columns.slice(0, schema.indexCount).map(({ type }) => type)
  let at = 0
  for await (const changes of diffSeriesBatches(reader, old, now)) {
    for (const { key } of changes) {
      const bytes = encodeKeyPrefix(types, key)
      while (at < ranges.length && isAfter(ranges[at]!, bytes)) at++
      if (at === ranges.length) return false
      if (!isBefore(ranges[at]!, bytes)) return true
    }
  }
  return false
}
