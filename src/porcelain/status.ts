import { compareBytes, textToBytes } from '../core/bytes.ts'
import { hasCode, type VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { diffTrees } from '../core/tree.ts'
import { readBisect } from '../plumbing/bisect-state.ts'
import { seriesOfFile } from '../plumbing/file-names.ts'
import { headState } from '../plumbing/head.ts'
import { hasIndex, readIndex, treeOf } from '../plumbing/index-state.ts'
import { type MergeAction, readMergeState, type SeriesConflicts } from '../plumbing/merge-state.ts'
import { rememberClean } from '../plumbing/remember-clean.ts'
import type { Repository } from '../plumbing/repository.ts'
import { scratchFor, workTreeOf } from '../plumbing/series-files.ts'
import { zoneOfEither } from '../plumbing/series-zone.ts'
import { readTracking, type Tracking } from '../plumbing/tracking.ts'
import { shortBranch } from './branch.ts'
import { type PendingFile, pendingFiles, treeWithFiles } from './pending-files.ts'
import { withRenames } from './renamed-series.ts'
import { type SeriesStat, seriesStat } from './series-stat.ts'

export interface StatusOptions {
  /** Files that are no series': `normal` names a folder that has no others as one; `normal` unless given. */
  readonly untracked?: 'no' | 'normal' | 'all' | undefined
  readonly signal?: AbortSignal | undefined
  readonly onFile?: ((file: string) => void) | undefined
}

/** A file that does not show what the index holds. */
export interface UnstagedFile {
  readonly series: string
  readonly file: string
  readonly state: PendingFile['state']
  /** Of a modified file: what `add` would change. */
  readonly change?: SeriesStat
  /** Of one that is unreadable: why. */
  readonly fault?: VarveError
}

export interface StatusResult {
  /** Full name of the branch; undefined where HEAD is detached. */
  readonly branch: string | undefined
  /** The commit that HEAD leads to; undefined before the first. */
  readonly head: Id | undefined
  /** How the branch stands to the one that it follows; absent where it follows none. */
  readonly tracking?: Tracking
  /**
   * The search that is going on: the branch, by its short name, or the commit that it began at; `damaged` says why that
   * cannot be read.
   */
  readonly bisecting?: { readonly from: string } | { readonly damaged: string }
  /** The merge, or the other action like it, that is going on, and where its conflicts are left. */
  readonly merging?: {
    readonly action: MergeAction
    readonly shown: string
    readonly conflicts: readonly SeriesConflicts[]
    /** How many commits are to be picked or reverted after it. */
    readonly todo: number
  }
  /** Without a work tree there is no index, and nothing is pending. */
  readonly bare: boolean
  /** What the next commit will change. */
  readonly staged: readonly SeriesStat[]
  readonly unstaged: readonly UnstagedFile[]
  /** Tables in the work tree that are no series' files; folders end in `/`. */
  readonly untracked: readonly string[]
}

async function readSearch(repo: Repository): Promise<StatusResult['bisecting']> {
  try {
    const search = await readBisect(repo)
    return search && { from: placeText(search.start) }
  } catch (error) {
    if (hasCode(error, 'corrupt-file')) return { damaged: error.message }
    throw error
  }
}

/**
 * What is pending: the index against HEAD, the files against the index, and files that are no
 * series'. Files that turn out to be as they were are remembered, so that the next time is fast.
 */
export async function status(repo: Repository, options: StatusOptions = {}): Promise<StatusResult> {
  const { ref: branch, id: head } = await headState(repo)
  const tracking = await readTracking(repo, branch, head)
  const bisecting = await readSearch(repo)
  const where = { branch, head, ...(tracking && { tracking }), ...(bisecting && { bisecting }) }
  if (!hasIndex(repo)) {
    return { ...where, bare: true, staged: [], unstaged: [], untracked: [] }
  }
  const merge = await readMergeState(repo)
  const merging = merge && {
    action: merge.action,
    shown: merge.shown,
    conflicts: merge.paths,
    todo: merge.sequence?.todo.length ?? 0,
  }
  const { state } = await readIndex(repo)
  const staged: SeriesStat[] = []
  const committed = await treeOf(repo.objects, head)
  const differing = diffTrees(repo.objects, committed, state.tree)
  for await (const change of withRenames(repo.objects, differing)) {
    const zone = await zoneOfEither(repo.objects, [state.tree, committed], change.path)
    staged.push(await seriesStat(repo.objects, change, zone))
  }
  const scratch = scratchFor(repo)
  try {
    const { files, clean } = await pendingFiles(repo, scratch, state, options)
    await rememberClean(repo, state, clean)
    const tree = await treeWithFiles(scratch, state.tree, files)
    const changes = new Map<string, SeriesStat>()
    for await (const change of diffTrees(scratch, state.tree, tree)) {
      const zone = await zoneOfEither(scratch, [tree, state.tree], change.path)
      changes.set(change.path, await seriesStat(scratch, change, zone))
    }
    const unstaged = files.map((found): UnstagedFile => {
      const change = changes.get(found.series)
      const { series, file } = found
      return {
        series,
        file,
        state: found.state,
        ...(change && { change }),
        ...(found.state === 'unreadable' && { fault: found.fault }),
      }
    })
    const known = new Set([...state.files.values()].map(({ file }) => file))
    const untracked = await untrackedFiles(repo, known, options.untracked ?? 'normal')
    return {
      ...where,
      ...(merging && { merging }),
      bare: false,
      staged,
      unstaged,
      untracked,
    }
  } finally {
    await scratch.discard()
  }
}

/** What HEAD was, for people: a branch by its short name, or an id. */
function placeText(head: string): string {
  return isId(head) ? head : shortBranch(head)
}

async function untrackedFiles(
  repo: Repository,
  known: ReadonlySet<string>,
  mode: 'no' | 'normal' | 'all',
): Promise<string[]> {
  if (mode === 'no') return []
  const folders = new Set<string>()
  for (const file of known) {
    for (let end = file.indexOf('/'); end >= 0; end = file.indexOf('/', end + 1)) {
      folders.add(file.slice(0, end + 1))
    }
  }
  const found = new Set<string>()
  for await (const { path } of workTreeOf(repo).list()) {
    if (known.has(path) || seriesOfFile(path) === undefined) continue
    found.add(mode === 'all' ? path : withoutKnown(path, folders))
  }
  return [...found]
    .map((path) => ({ path, bytes: textToBytes(path) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ path }) => path)
}

/** The topmost folder on the way to a file that has no known file in it; else the file. */
function withoutKnown(path: string, folders: ReadonlySet<string>): string {
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    const folder = path.slice(0, end + 1)
    if (!folders.has(folder)) return folder
  }
  return path
}
