import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { lookupPath } from '../core/tree.ts'
import { type Applied, type Change, commitChange, stageChange } from '../plumbing/change.ts'
import { followUp } from '../plumbing/follow-up.ts'
import {
  hasIndex,
  type IndexState,
  readIndex,
  readIndexIfAny,
  updateIndexState,
} from '../plumbing/index-state.ts'
import type { SeriesConflicts } from '../plumbing/merge-state.ts'
import {
  applyFilePlan,
  type FilePlan,
  PreparedFiles,
  planRefresh,
} from '../plumbing/refresh-files.ts'
import type { Repository } from '../plumbing/repository.ts'
import { fileStatus, scratchFor } from '../plumbing/series-files.ts'
import { besideWriters } from './beside-writers.ts'
import { settleStaged } from './merge-settle.ts'
import type { CheckChange } from './validate.ts'

/** That a change is to be committed at once, and how. */
export interface CommitRequest {
  readonly author: Signature
  readonly committer: Signature
  /** The message; generated from what was changed when not given. */
  readonly message?: string | undefined
  /** Whether the committer's date was given on purpose: then it is never moved. */
  readonly exactDate?: boolean | undefined
  readonly check?: CheckChange | undefined
  /** Asked once whether there may be a commit, when there is something to commit; throws if not. */
  readonly before?: (() => Promise<void>) | undefined
  /** Told that the commit is made, and that files are written. */
  readonly after?: (() => Promise<void>) | undefined
}

/** What all commands that change series take. */
export interface ChangeOptions {
  /** Commit the change at once, and nothing else; otherwise it is staged in the index. */
  readonly commit?: CommitRequest | undefined
  /** Only say what would happen. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Told which conflicts of a merge that is going on were settled by what was staged. */
  readonly onSettled?: ((settled: readonly SeriesConflicts[]) => void) | undefined
}

export interface ApplyOptions<R> extends ChangeOptions {
  /** Series that the change is about, as far as it does not take them from their own files. */
  readonly series: ReadonlySet<string>
  /** Series that are to have a file afterwards, although they had none, and which. */
  readonly shown?: ((result: R) => ReadonlyMap<string, string>) | undefined
  /** Whether files that were changed by hand, or stand in the way, are overwritten. */
  readonly force?: boolean | undefined
  /** The message of the commit when the request has none. */
  readonly message: (result: R) => string
  /** The series that somebody says the whole of, so that it settles their conflicts in a merge. */
  readonly settles?: ((result: R) => Iterable<string>) | undefined
  /** What else of the index changes with it. */
  readonly also?: ((state: IndexState, result: R) => IndexState) | undefined
}

/**
 * Makes a change where it belongs: in the index, or as a commit. Files in the work tree that show
 * the series are rewritten. `refused`, before anything happens, where one was changed by hand, or
 * where there is no index and nothing says how to commit.
 */
export async function applyChange<R>(
  repo: Repository,
  change: Change<R>,
  options: ApplyOptions<R>,
): Promise<Applied<R>> {
  const { commit, dryRun, signal, series, also } = options
  if (commit === undefined && !hasIndex(repo)) {
    throw new VarveError('refused', 'a repository without a work tree has nowhere to stage this', {
      hint: 'commit it at once',
    })
  }
  if (options.force !== true && hasIndex(repo) && series.size > 0) {
    const look = () => refuseChangedFiles(repo, series, signal)
    await besideWriters(repo, series, look, signal)
  }
  const prepared = new PreparedFiles()
  const wanted = (result: R): WantedFiles => ({
    series,
    shown: options.shown?.(result),
    force: options.force,
  })
  let asked = false
  const ready = async (tree: Id, result: R, before: Id): Promise<void> => {
    if (!asked) await commit?.before?.()
    asked = true
    await commit?.check?.(before, tree, repo.objects)
    if (!hasIndex(repo)) return
    const look = async (): Promise<FilePlan> => {
      const files = (await readIndexIfAny(repo))?.files ?? new Map()
      return planFiles(repo, files, tree, wanted(result), signal)
    }
    await prepared.write(repo, await besideWriters(repo, series, look, signal), { signal })
  }
  try {
    const applied =
      commit === undefined
        ? await stageChange(repo, change, { signal, dryRun, ready, ...(also && { also }) })
        : await commitChange(
            repo,
            change,
            {
              author: commit.author,
              committer: commit.committer,
              exactDate: commit.exactDate,
              message: (result) => commit.message ?? options.message(result),
            },
            { signal, dryRun, ready },
          )
    if (dryRun) return applied
    if (hasIndex(repo)) {
      try {
        if (commit !== undefined && also !== undefined) {
          await followUp(() => updateIndexState(repo, (state) => also(state, applied.result)))
        }
        // Also where nothing changed: the command that changed it may not have come to its end.
        const refresh = () => refreshFiles(repo, wanted(applied.result), prepared)
        await besideWriters(repo, series, refresh)
        if (commit === undefined && options.settles !== undefined) {
          const settled = await settleStaged(repo, options.settles(applied.result))
          if (settled.length > 0) options.onSettled?.(settled)
        }
      } catch (error) {
        // The commit is made. What is pending and in its way, the next look at the index says.
        if (applied.commit === undefined || !hasCode(error, 'conflict')) throw error
      }
    }
    if (applied.commit !== undefined) await commit?.after?.()
    return applied
  } finally {
    await prepared.discard()
  }
}

/** `refused` where a file that shows one of these series was changed by hand. */
export async function refuseChangedFiles(
  repo: Repository,
  series: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!hasIndex(repo) || series.size === 0) return
  const index = await readIndexIfAny(repo)
  if (index === undefined) return
  const { files, tree } = index
  const changed: string[] = []
  const scratch = scratchFor(repo)
  try {
    for (const path of series) {
      const known = files.get(path)
      if (known === undefined) continue
      const status = await fileStatus(repo, scratch, known, { path, tree }, signal)
      if (status.state !== 'changed') continue
      // A file that shows the index was written by a command that did not come to its end.
      const entry = await lookupPath(repo.objects, tree, path)
      if (status.id === undefined || status.id !== entry?.id) changed.push(known.file)
    }
  } finally {
    await scratch.discard()
  }
  if (changed.length === 0) return
  throw new VarveError('refused', `changed by hand and not added: ${changed.join(', ')}`, {
    data: { files: changed },
    hint: `varve add ${changed[0]} keeps what is in the file, varve restore ${changed[0]} drops it`,
  })
}

interface WantedFiles {
  /** Series whose files, as far as they have any, are to show what they become. */
  readonly series: ReadonlySet<string>
  /** Series that are to get a file. */
  readonly shown: ReadonlyMap<string, string> | undefined
  readonly force: boolean | undefined
}

/** What it takes that these files show a tree. */
async function planFiles(
  repo: Repository,
  files: IndexState['files'],
  tree: Id,
  { series, shown = new Map(), force }: WantedFiles,
  signal?: AbortSignal,
): Promise<FilePlan> {
  const only = new Set([...[...series].filter((path) => files.has(path)), ...shown.keys()])
  if (only.size === 0) return { write: new Map(), remove: [] }
  const materialise = new Set(shown.keys())
  return planRefresh(repo, { files, tree, only, materialise, named: shown, force, signal })
}

/** Makes the files show the index. The change is made by now: nothing interrupts this. */
async function refreshFiles(
  repo: Repository,
  wanted: WantedFiles,
  prepared: PreparedFiles,
): Promise<void> {
  const index = await readIndexIfAny(repo)
  if (index === undefined && (wanted.shown?.size ?? 0) === 0) return
  const { files, tree } = index ?? (await readIndex(repo)).state
  const plan = await planFiles(repo, files, tree, wanted)
  if (plan.write.size === 0 && plan.remove.length === 0) return
  const next = await applyFilePlan(repo, files, plan, { prepared })
  await followUp(() =>
    updateIndexState(repo, (state) => {
      const merged = new Map(state.files)
      for (const path of plan.write.keys()) merged.set(path, next.get(path)!)
      for (const path of plan.remove) merged.delete(path)
      return { ...state, files: merged }
    }),
  )
}
