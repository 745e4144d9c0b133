import { keyToJson } from '../../plumbing/key-text.ts'
import { decorationText } from '../decorations.ts'
import type { LoggedCommit } from '../log.ts'
import type { SeriesStat } from '../series-stat.ts'
import { commitJson, pathStatJson } from './commit-json.ts'

/** A commit with its refs and, where they were asked for, its changes. */
export function loggedJson({ id, commit, decorations, changes }: LoggedCommit) {
  return {
    id,
    ...commitJson(commit),
    refs: decorations.map((decoration) => decorationText([decoration])),
    ...(changes && { changes: changes.map(seriesStatJson) }),
  }
}

/** What differs in one series, with its first and last key. */
export function seriesStatJson(stat: SeriesStat) {
  const { firstKey, lastKey } = stat.stat
  const key = (values: typeof firstKey) =>
    stat.schema && values ? keyToJson(stat.schema, values) : null
  return { ...pathStatJson(stat), firstKey: key(firstKey), lastKey: key(lastKey) }
}
