import { textToBytes } from '../../core/bytes.ts'
import type { Scalar } from '../../core/column.ts'
import { scalarAt } from '../../core/column-ops.ts'
import { readCommit, type Signature, writeCommit } from '../../core/commit.ts'
import { frameFromRows } from '../../core/frame.ts'
import { hashObject, type Id, isId } from '../../core/id.ts'
import type { ObjectReader, ObjectWriter } from '../../core/objects.ts'
import { parseSchemaText } from '../../core/schema-codec.ts'
import { readSeries } from '../../core/series.ts'
import { buildSeries } from '../../core/series-build.ts'
import { readRows } from '../../core/series-read.ts'
import { EMPTY_TREE, lookupPath, updatePaths } from '../../core/tree.ts'
import type { Repository } from '../../plumbing/repository.ts'

/**
 * What was imported: for each commit of git the commit that holds its tables, or undefined where no
 * commit up to it has any.
 */
export interface ImportState {
  /** The commit that says so; undefined before the first. */
  readonly id: Id | undefined
  readonly commits: Map<string, Id | undefined>
  /** Commits that were made and that no other one made here has as a parent. */
  readonly heads: Set<Id>
}

const IMPORTS = 'refs/imports/git/'
const SCHEMA = parseSchemaText('git:string varve:string')
const SERIES = 'commits'

/**
 * The ref that remembers an import: `refs/imports/git/` and a name made of all that says how it is
 * done. The same import of the same history, from whatever clone, goes on there.
 */
export function importRef(how: Readonly<Record<string, unknown>>): string {
  return `${IMPORTS}${hashObject('settings', textToBytes(JSON.stringify(how))).slice(0, 12)}`
}

/** What was imported; nothing where the commits that were made are other ones now, as `purge` makes them again. */
export async function readImportState(repo: Repository, ref: string): Promise<ImportState> {
  const { refs } = await repo.refs.state()
  const id = refs.get(ref)
  const commits = new Map<string, Id | undefined>()
  if (id === undefined) return { id, commits, heads: new Set() }
  const { tree, parents } = await readCommit(repo.objects, id)
  const entry = await lookupPath(repo.objects, tree, SERIES)
  if (entry?.kind === 'series') {
    const series = await readSeries(repo.objects, entry.id)
    for await (const { columns, rows } of readRows(repo.objects, series)) {
      for (let row = 0; row < rows; row++) {
        const made = scalarAt(columns[1]!, row)
        commits.set(
          String(scalarAt(columns[0]!, row)),
          typeof made === 'string' && isId(made) ? made : undefined,
        )
      }
    }
  }
  const made = new Set(commits.values())
  if (!parents.every((head) => made.has(head))) return { id, commits: new Map(), heads: new Set() }
  return { id, commits, heads: new Set(parents) }
}

/** Whether any import from git, done in whatever way, made a commit. */
export async function isImportedByAny(repo: Repository, commit: Id): Promise<boolean> {
  const { refs } = await repo.refs.state()
  for (const ref of refs.keys()) {
    if (!ref.startsWith(IMPORTS)) continue
    const { commits } = await readImportState(repo, ref)
    for (const made of commits.values()) if (made === commit) return true
  }
  return false
}

/**
 * Stores what was imported as a commit whose parents are the heads, so that all of it is kept, and
 * its tree a series of it.
 */
export async function writeImportState(
  writer: ObjectWriter,
  state: ImportState,
  options: { readonly who: Signature; readonly message: string },
): Promise<Id> {
  const rows = [...state.commits]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([git, made]): Scalar[] => [git, made ?? null])
  const earlier = await earlierSeries(writer, state.id)
  const frames = rows.length === 0 ? [] : [frameFromRows(SCHEMA, rows)]
  const { id } = await buildSeries(writer, SCHEMA, frames, { earlier })
  const tree = await updatePaths(writer, EMPTY_TREE, new Map([[SERIES, { kind: 'series', id }]]))
  return writeCommit(writer, {
    tree,
    parents: [...state.heads],
    author: options.who,
    committer: options.who,
    message: options.message,
  })
}

async function earlierSeries(reader: ObjectReader, commit: Id | undefined) {
  if (commit === undefined) return undefined
  const entry = await lookupPath(reader, (await readCommit(reader, commit)).tree, SERIES)
  if (entry?.kind !== 'series') return undefined
  return { ...(await readSeries(reader, entry.id)), id: entry.id }
}
