import { readCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { diffTrees, EMPTY_TREE, type PathEdit, updatePaths } from '../core/tree.ts'
import type { VersionedFile } from '../storage/versioned-file.ts'
import { newFileOf } from './file-names.ts'
import { headState } from './head.ts'
import { decodeIndex, encodeIndex, type IndexState } from './index-codec.ts'
import type { Repository } from './repository.ts'

export type { FileStamp, IndexState, SeriesFile } from './index-codec.ts'

/** The index as it is now, with the number that an update has to name. */
export interface IndexVersion {
  /** 0 where there is no index yet. */
  readonly version: number
  readonly state: IndexState
}

/** Whether the repository has an index: without one, every changing command commits. */
export function hasIndex(repo: Repository): boolean {
  return repo.privateFiles !== undefined && repo.workTree !== undefined
}

/**
 * The index, with pending changes carried over to where HEAD is now: another process may have
 * committed since. `conflict` when that commit and the pending changes are about the same series.
 */
export async function readIndex(repo: Repository): Promise<IndexVersion> {
  return followingHead(repo, await readStoredIndex(repo))
}

/**
 * As {@link readIndex}; undefined where there is no index yet, and so nothing is staged and no series has a file. Then
 * nobody is asked where HEAD is.
 */
export async function readIndexIfAny(repo: Repository): Promise<IndexState | undefined> {
  const stored = await readStoredIndex(repo)
  return stored.state && (await followingHead(repo, stored)).state
}

async function followingHead(
  repo: Repository,
  { version, state }: StoredIndex,
): Promise<IndexVersion> {
  const tip = (await headState(repo)).id
  if (state === undefined) {
    const tree = tip === undefined ? EMPTY_TREE : (await readCommit(repo.objects, tip)).tree
    return { version, state: { tree, ...(tip && { base: tip }), packs: [], files: new Map() } }
  }
  if (state.base === tip) return { version, state }
  return { version, state: await carryOver(repo, state, tip) }
}

interface StoredIndex {
  readonly version: number
  readonly state: IndexState | undefined
}

/** The index as the file has it, wherever HEAD is. */
export async function readStoredIndex(repo: Repository): Promise<StoredIndex> {
  const found = await indexFile(repo).read()
  if (found === undefined) return { version: 0, state: undefined }
  return { version: found.version, state: decodeIndex(found.bytes) }
}

/**
 * Publishes the next version of the index; false when somebody else did so first. What files
 * series had that have none any more is remembered.
 */
export async function publishIndex(
  repo: Repository,
  version: number,
  state: IndexState,
): Promise<boolean> {
  const stored = (await readStoredIndex(repo)).state
  const past = stored === undefined ? undefined : pastFiles(repo, stored, state.files)
  return (await indexFile(repo).replace(version, encodeIndex({ ...state, past }))) !== undefined
}

function pastFiles(
  repo: Repository,
  { files, past = new Map() }: IndexState,
  next: IndexState['files'],
): IndexState['past'] {
  if (next === files) return past
  const after = new Map(past)
  for (const [path, { file }] of files) {
    if (!next.has(path) && file !== newFileOf(repo, path)) after.set(path, file)
  }
  for (const path of next.keys()) after.delete(path)
  return after
}

/** The file that a series without one gets: of the format that it had, or else as configured. */
export async function fileForSeries(repo: Repository, path: string): Promise<string> {
  return (await readStoredIndex(repo)).state?.past?.get(path) ?? newFileOf(repo, path)
}

/** Changes the index; run again on the newer one when somebody else was first. */
export async function updateIndexState(
  repo: Repository,
  change: (state: IndexState) => Promise<IndexState> | IndexState,
): Promise<IndexState> {
  for (;;) {
    const { version, state } = await readIndex(repo)
    const next = await change(state)
    if (next === state || (await publishIndex(repo, version, next))) return next
  }
}

/** What the index is told when something is staged: see `undo`. */
export async function stagedNow(repo: Repository): Promise<{ readonly stagedAt: number }> {
  return { stagedAt: (await repo.refs.state()).number }
}

/** What an operation makes of the index that says itself what it is to hold. */
export interface IndexContent {
  readonly tree: Id
  /** The commit that HEAD is at; absent before the first. */
  readonly base?: Id | undefined
  readonly packs: readonly string[]
  /** Where it is staged and in no entry of the log: see {@link stagedNow}. */
  readonly stagedAt?: number | undefined
}

/**
 * Makes the index hold something else. What is pending is dropped, not carried over to where HEAD
 * is now: that need not be possible.
 */
export async function replaceIndexContent(
  repo: Repository,
  { tree, base, packs, stagedAt }: IndexContent,
  changeFiles: (files: IndexState['files']) => IndexState['files'] = (files) => files,
): Promise<void> {
  for (;;) {
    const { version, state } = await readStoredIndex(repo)
    const files = changeFiles(state?.files ?? new Map())
    const { sources } = state ?? {}
    const rest = {
      ...(base !== undefined && { base }),
      ...(stagedAt !== undefined && { stagedAt }),
    }
    const next = { tree, ...rest, packs, files, sources }
    if (await publishIndex(repo, version, next)) return
  }
}

/** The tree of a commit; the empty tree where there is none yet. */
export async function treeOf(reader: ObjectReader, commit: Id | undefined): Promise<Id> {
  return commit === undefined ? EMPTY_TREE : (await readCommit(reader, commit)).tree
}

function indexFile(repo: Repository): VersionedFile {
  if (repo.privateFiles === undefined || repo.workTree === undefined) {
    throw new VarveError('refused', 'a repository without a work tree has no index', {
      hint: 'use --commit, or a repository with a work tree',
    })
  }
  return repo.privateFiles.versioned('index')
}

/** Lays what is pending on one commit over another. */
async function carryOver(
  repo: Repository,
  state: IndexState,
  tip: Id | undefined,
): Promise<IndexState> {
  const { base: _, ...rest } = state
  const onto = { ...rest, ...(tip !== undefined && { base: tip }) }
  const before = await treeOf(repo.objects, state.base)
  const after = await treeOf(repo.objects, tip)
  if (before === after || after === state.tree) return onto
  if (before === state.tree) return { ...onto, tree: after }
  const { edits, clashes } = await carryPending(repo.objects, before, state.tree, after)
  const [path] = clashes
  if (path !== undefined) {
    throw new VarveError('conflict', `${path} is changed here and was committed meanwhile`, {
      data: { series: path },
      hint: `varve restore --staged ${path} drops what is pending here`,
    })
  }
  return { ...onto, ...(await layOver(repo, after, edits, state.packs)) }
}

/** What is pending, as edits of the tree that it is carried over to. */
export interface CarriedEdits {
  readonly edits: ReadonlyMap<string, PathEdit | undefined>
  /** Paths that are pending and differ between the two trees in another way. */
  readonly clashes: readonly string[]
}

/** What it takes to make on tree `after` what leads from tree `before` to tree `pending`. */
export async function carryPending(
  reader: ObjectReader,
  before: Id,
  pending: Id,
  after: Id,
): Promise<CarriedEdits> {
  const edits = new Map<string, PathEdit | undefined>()
  for await (const { path, new: entry } of diffTrees(reader, before, pending)) {
    edits.set(path, entry && { kind: entry.kind, id: entry.id, settings: entry.settings ?? null })
  }
  const clashes: string[] = []
  if (edits.size === 0) return { edits, clashes }
  for await (const { path, new: theirs } of diffTrees(reader, before, after)) {
    if (!edits.has(path)) continue
    const mine = edits.get(path)
    const settings = theirs?.settings ?? null
    const same =
      mine === undefined
        ? theirs === undefined
        : 'id' in mine && mine.id === theirs?.id && mine.settings === settings
    if (!same) clashes.push(path)
  }
  return { edits, clashes }
}

/** Makes edits of a tree for an index that has these packs: its tree and packs then. */
export async function layOver(
  repo: Repository,
  tree: Id,
  edits: ReadonlyMap<string, PathEdit | undefined>,
  packs: readonly string[],
): Promise<Pick<IndexState, 'tree' | 'packs'>> {
  if (edits.size === 0) return { tree, packs }
  const batch = await repo.objects.begin()
  try {
    const next = await updatePaths(batch, tree, edits)
    const pack = await batch.publish()
    return { tree: next, packs: pack === undefined ? packs : [...new Set([...packs, pack])] }
  } finally {
    await batch.discard()
  }
}
