import type { DiffStat } from '../../core/series-diff.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { keyToJson } from '../../plumbing/key-text.ts'
import { decorationText } from '../decorations.ts'
import type { LoggedCommit } from '../log.ts'
import type { SeriesStat } from '../series-stat.ts'
import type { PathStat } from '../tree-stat.ts'

/** A commit with its refs and, where they were asked for, its changes. */
export function loggedJson({ id, commit, decorations, changes }: LoggedCommit) {
  const names = decorations.filter(({ kind }) => kind !== 'grafted')
  return {
    id,
    ...commitJson(commit),
    refs: names.map((decoration) => decorationText([decoration])),
    ...(names.length < decorations.length && { grafted: true }),
    ...(changes && { changes: changes.map(seriesStatJson) }),
  }
}

/** What differs in one series, with its first and last key. */
export function seriesStatJson(stat: SeriesStat) {
  const { firstKey, lastKey } = stat.stat
  const key = (values: typeof firstKey) =>
    stat.schema && values ? keyToJson(stat.schema, values, stat.zone) : null
  return { ...pathStatJson(stat), firstKey: key(firstKey), lastKey: key(lastKey) }
}

/** What a commit or a difference does to one series, or to a collection's settings, in numbers. */
export function pathStatJson({ path, kind, state, from, settings, stat }: PathStat) {
  const { schemaChanges } = stat
  const renamed = from !== undefined && { from }
  return { [kind]: path, kind, state, ...renamed, settings, ...rowCountsJson(stat), schemaChanges }
}

/** Rows that differ, by class. */
export function rowCountsJson(counts: Omit<DiffStat, 'schemaChanges'>) {
  const { appended, backfilled, revised, deleted } = counts
  return { appended, backfilled, revised, deleted }
}
