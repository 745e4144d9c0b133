import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { diffEntries } from '../core/prolly.ts'
import {
  diffTrees,
  EMPTY_TREE,
  lookupPath,
  nameFormat,
  readTreeRoot,
  type TreeChange,
  type TreeEntry,
} from '../core/tree.ts'
import { quotePath } from './quote-path.ts'
import { ZERO_ID } from './tree-line.ts'

export interface DiffTreeOptions {
  /** Go into collections: only series differ then, and collections' own settings. */
  readonly recursive?: boolean
  /** Only these paths and what is below them. All if empty. */
  readonly paths?: readonly string[]
}

/** Added, deleted, modified, or of another kind (a series that became a collection). */
export type ChangeStatus = 'A' | 'D' | 'M' | 'T'

export interface DiffTreeEntry {
  readonly status: ChangeStatus
  readonly path: string
  readonly old?: TreeEntry | undefined
  readonly new?: TreeEntry | undefined
}

/** What differs between two trees (undefined: the empty tree), by path. Equal parts are not read. */
export async function* diffTree(
  reader: ObjectReader,
  old: Id | undefined,
  next: Id | undefined,
  options: DiffTreeOptions = {},
): AsyncGenerator<DiffTreeEntry> {
  const { recursive = false, paths = [] } = options
  if (paths.length === 0) {
    const changes = recursive
      ? diffTrees(reader, old, next)
      : diffLevel(reader, old ?? EMPTY_TREE, next ?? EMPTY_TREE, '')
    for await (const change of changes) yield withStatus(change)
    return
  }
  for (const path of topmost(paths)) {
    for await (const change of diffBelow(reader, old, next, path, recursive)) {
      yield withStatus(change)
    }
  }
}

/** The line that git's raw format has: `:oldkind newkind oldid newid status TAB path`. */
export function formatRawChange(entry: DiffTreeEntry, zero = false): string {
  const { old, new: next, status, path } = entry
  const kinds = `:${old?.kind ?? '0'} ${next?.kind ?? '0'}`
  const ids = `${old?.id ?? ZERO_ID} ${next?.id ?? ZERO_ID}`
  return `${kinds} ${ids} ${status}${zero ? `\0${path}` : `\t${quotePath(path)}`}`
}

function withStatus({ path, old, new: next }: TreeChange): DiffTreeEntry {
  const status =
    old === undefined ? 'A' : next === undefined ? 'D' : old.kind === next.kind ? 'M' : 'T'
  return { status, path, old, new: next }
}

async function* diffBelow(
  reader: ObjectReader,
  old: Id | undefined,
  next: Id | undefined,
  path: string,
  recursive: boolean,
): AsyncGenerator<TreeChange> {
  const before = await lookupPath(reader, old ?? EMPTY_TREE, path)
  const after = await lookupPath(reader, next ?? EMPTY_TREE, path)
  const folder = path === '' || path.endsWith('/') ? path : `${path}/`
  if (before === undefined && after === undefined) return
  if (!recursive && path !== folder) {
    const same = before?.id === after?.id && before?.settings === after?.settings
    if (!same || before?.kind !== after?.kind) yield { path, old: before, new: after }
  } else if (!recursive) {
    yield* diffLevel(reader, before?.id ?? EMPTY_TREE, after?.id ?? EMPTY_TREE, folder)
  } else {
    // The prefix `a` also fits `ab`.
    for await (const change of diffTrees(reader, old, next, path)) {
      if (change.path === path || change.path.startsWith(folder)) yield change
    }
  }
}

/** The entries of one collection that differ; inner collections by their ids. */
async function* diffLevel(
  reader: ObjectReader,
  old: Id,
  next: Id,
  folder: string,
): AsyncGenerator<TreeChange> {
  if (old === next) return
  const a = await readTreeRoot(reader, old)
  const b = await readTreeRoot(reader, next)
  for await (const change of diffEntries(reader, nameFormat, a, b)) {
    const { name } = (change.old ?? change.new)!.value
    yield { path: folder + name, old: change.old?.value, new: change.new?.value }
  }
}

/** The paths without those that are below another of them. */
function topmost(paths: readonly string[]): string[] {
  const folders = paths.map((path) => (path === '' || path.endsWith('/') ? path : `${path}/`))
  return paths.filter((_, i) => {
    const own = folders[i]!
    return !folders.some((other, k) => k !== i && own.startsWith(other) && (own !== other || k < i))
  })
}
