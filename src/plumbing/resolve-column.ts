import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { parseObjectName } from '../core/revision.ts'
import { lookupPath } from '../core/tree.ts'
import type { Repository } from './repository.ts'
import { resolveObjectName, seriesNotFound } from './resolve-object-name.ts'
import { type ResolveOptions, resolveRevision } from './resolve-revision.ts'

/** An object, or a column of a series in a tree. */
export type ColumnName =
  | { readonly id: Id }
  | { readonly series: Id; readonly column: string; readonly path: string }

/**
 * What `REV`, or `REV:SERIES/COLUMN`, names. Both names may have `/` in them: the longest series
 * that is there is meant. Errors as `resolveObjectName`.
 */
export async function resolveColumnName(
  repo: Repository,
  text: string,
  options: ResolveOptions = {},
): Promise<ColumnName> {
  const { revision, name } = parseObjectName(text)
  if (revision !== undefined && name === undefined) {
    return { id: (await resolveRevision(repo, revision, options)).id }
  }
  const shown = revision?.text ?? ''
  const tree = (await resolveObjectName(repo, `${shown}:`, options)).id
  const whole = name ?? ''
  for (let end = whole.length; end > 0; end = whole.lastIndexOf('/', end - 1)) {
    const path = whole.slice(0, end)
    const entry = await lookupPath(repo.objects, tree, path)
    if (entry?.kind !== 'series') continue
    if (path !== whole) return { series: entry.id, column: whole.slice(end + 1), path }
    throw new VarveError('bad-input', `${text} is a series, not a column`, {
      data: { series: path, id: entry.id },
      hint: `a column of it: ${text}/NAME`,
    })
  }
  // What was meant is a column: the hint is about the series before it.
  const series = whole.includes('/') ? whole.slice(0, whole.lastIndexOf('/')) : whole
  throw await seriesNotFound(repo, tree, series, revision === undefined ? 'the index' : shown)
}
