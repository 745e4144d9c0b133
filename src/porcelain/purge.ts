import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { readSeries } from '../core/series.ts'
import { editSeries } from '../core/series-edit.ts'
import type { Signature } from '../core/signature.ts'
import { lookupPath, updatePaths } from '../core/tree.ts'
import { headState } from '../plumbing/head.ts'
import {
  carryPending,
  hasIndex,
  readIndex,
  treeOf,
  updateIndexState,
} from '../plumbing/index-state.ts'
import { refuseDuringMerge } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type RewrittenHistory, rewriteHistory } from '../plumbing/rewrite-history.ts'
import { zoneAt, zoneNameAt } from '../plumbing/series-zone.ts'
import { refuseChangedFiles } from './apply-change.ts'
import { type GcResult, gc } from './gc.ts'
import { applyShow, type FilesMoved, mendFiles, planShow } from './show-tree.ts'

const NO_FILES: FilesMoved = { written: [], removed: [] }

export interface PurgeOptions extends BoundTexts {
  /** A series, or a collection, with a `/` at its end or without. */
  readonly series: string
  readonly who: Signature
  /** Milliseconds since 1970. */
  readonly now: number
  /** Only say what would be rewritten. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PurgeResult {
  /** Commits and annotated tags that have another id now, the old one and the new one. */
  readonly rewritten: readonly { readonly old: Id; readonly new: Id }[]
  /** Commits that refs lead to. */
  readonly commits: number
  readonly refs: readonly { readonly name: string; readonly old: Id; readonly new: Id }[]
  readonly files: FilesMoved
  /**
   * What may still hold it: refs that name data itself, not a commit, and files of the repository's folder that are not
   * looked into: those that fsck moved aside, and those of commands that are at work or were stopped.
   */
  readonly left: readonly string[]
  /** Absent in a dry run, and where nothing was rewritten. */
  readonly gc?: GcResult
  readonly dryRun: boolean
}

/**
 * Removes a series, a collection, or the rows of a series between bounds, from all of history, for good: every commit that had
 * them is made again without, so that it and all after it get other ids; all refs move in one transaction; and what nothing
 * leads to any more is removed from storage at once, with all that only the ref log led to.
 *
 * Where one was stopped after refs had moved, the next one brings it to its end.
 *
 * `series-not-found` where no commit has it; `refused` beside staged changes, during a merge, and where HEAD is at no branch.
 */
export async function purge(repo: Repository, options: PurgeOptions): Promise<PurgeResult> {
  const { dryRun = false, signal, who, now } = options
  await refusePending(repo, options)
  for (;;) {
    const { number } = await repo.refs.state()
    const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
    try {
      const without = withoutSeries(batch, options)
      const history = await rewriteHistory(repo, batch, without.treeOf)
      if (!without.wasFound()) {
        const finished = dryRun ? undefined : await finishStopped(repo, history, options)
        if (finished !== undefined) return finished
        throw new VarveError('series-not-found', `no commit has ${options.series}`, {
          data: { series: options.series },
          hint: 'purge takes the name that it had then: varve ls REVISION lists them',
        })
      }
      const result = resultOf(history, dryRun)
      if (dryRun || history.updates.length === 0) return result
      const pack = await batch.publish()
      const files = await move(repo, history, {
        who,
        after: number,
        signal,
        packs: pack === undefined ? [] : [pack],
        message: `purge: ${history.ids.size} rewritten`,
      })
      const removed = await gc(repo, { who, now, prune: 'now', reflogExpire: 'now', signal })
      return { ...result, files, left: await leftIn(repo, history), gc: removed }
    } catch (error) {
      if (!hasCode(error, 'conflict') || error.data.expected !== number) throw error
    } finally {
      await batch.discard()
    }
  }
}

function resultOf({ ids, commits, updates }: RewrittenHistory, dryRun: boolean): PurgeResult {
  return {
    rewritten: [...ids].map(([old, next]) => ({ old, new: next })),
    commits,
    refs: updates.map(({ name, old, new: next }) => ({ name, old: old!, new: next! })),
    files: NO_FILES,
    left: [],
    dryRun,
  }
}

async function leftIn(repo: Repository, { others }: RewrittenHistory): Promise<string[]> {
  const left = [...others]
  for (const folder of ['damaged/', 'tmp/']) {
    for (const { name } of await repo.storage.list(folder)) left.push(name)
  }
  return left
}

/** What one left that was stopped after refs had moved goes; undefined where there is nothing of it. */
async function finishStopped(
  repo: Repository,
  history: RewrittenHistory,
  { who, now, signal }: PurgeOptions,
): Promise<PurgeResult | undefined> {
  if (!(await isLastPurge(repo))) return undefined
  const files = hasIndex(repo) ? await mendFiles(repo, { signal }) : NO_FILES
  // Its commit may still be the one that has the data.
  if (hasIndex(repo)) await updateIndexState(repo, (state) => ({ ...state }))
  const removed = await gc(repo, { who, now, prune: 'now', reflogExpire: 'now', signal })
  if (removed.unreachable === 0 && removed.pruned.length === 0 && removed.removed === 0) {
    return undefined
  }
  return { ...resultOf(history, false), files, left: await leftIn(repo, history), gc: removed }
}

/** Whether nothing but storage changed since the last purge. */
async function isLastPurge(repo: Repository): Promise<boolean> {
  for await (const { message } of repo.refs.entries({ newestFirst: true })) {
    if (!/^(?:gc|prune): /.test(message)) return message.startsWith('purge: ')
  }
  return false
}

async function refusePending(repo: Repository, { series, signal }: PurgeOptions): Promise<void> {
  await refuseDuringMerge(repo, 'purge would take away what is merged')
  const head = await headState(repo)
  if (head.detached) {
    throw new VarveError('refused', 'purge moves branches, and HEAD is at none', {
      hint: 'varve switch BRANCH first',
    })
  }
  if (!hasIndex(repo)) return
  const { state } = await readIndex(repo)
  const before = await treeOf(repo.objects, head.id)
  const [first] = (await carryPending(repo.objects, before, state.tree, before)).edits.keys()
  if (first === undefined) {
    const path = series.replace(/\/$/, '')
    const inside = [...state.files.keys()].filter(
      (name) => name === path || name.startsWith(`${path}/`),
    )
    return refuseChangedFiles(repo, new Set(inside), signal)
  }
  throw new VarveError('refused', `staged and not committed: ${first}`, {
    data: { series: first },
    hint: `varve commit keeps what is staged; varve restore --staged ${first} drops it`,
  })
}

/** What trees are without what is to go. */
function withoutSeries(
  batch: Awaited<ReturnType<Repository['objects']['begin']>>,
  { series, from, to, at, closed }: PurgeOptions,
): { treeOf(tree: Id): Promise<Id>; wasFound(): boolean } {
  const path = series.replace(/\/$/, '')
  const isRange = from !== undefined || to !== undefined || at !== undefined
  const edited = new Map<string, Id>()
  let wasFound = false
  return {
    wasFound: () => wasFound,
    treeOf: async (tree) => {
      const entry = await lookupPath(batch, tree, path)
      if (entry === undefined || (series.endsWith('/') && entry.kind !== 'tree')) return tree
      wasFound = true
      if (!isRange) return updatePaths(batch, tree, new Map([[path, undefined]]))
      if (entry.kind !== 'series') {
        throw new VarveError('usage', `${path}/ is a collection: a range is of one series`)
      }
      const zone = await zoneAt(batch, tree, path)
      const key = `${entry.id} ${await zoneNameAt(batch, tree, path)}`
      let id = edited.get(key)
      if (id === undefined) {
        const { schema } = await readSeries(batch, entry.id)
        const bounds = boundsFor(schema, { from, to, at, closed }, zone)
        id = (await editSeries(batch, entry.id, { mode: 'delete', ...bounds })).id
        edited.set(key, id)
      }
      if (id === entry.id) return tree
      return updatePaths(batch, tree, new Map([[path, { kind: 'series' as const, id }]]))
    },
  }
}

/** Moves all refs, and makes the index and the files what the branch holds then. */
async function move(
  repo: Repository,
  { updates, shallow }: RewrittenHistory,
  {
    who,
    after,
    packs,
    message,
    signal,
  }: {
    readonly who: Signature
    readonly after: number
    readonly packs: readonly string[]
    readonly message: string
    readonly signal: AbortSignal | undefined
  },
): Promise<FilesMoved> {
  const entry = {
    updates,
    who,
    message,
    packs,
    ...(shallow.added.length > 0 && { shallow }),
  }
  const publish = () => repo.refs.append(entry, { after })
  const head = await headState(repo)
  const update = updates.find(({ name }) => name === head.ref)
  if (!hasIndex(repo) || update?.new === undefined) {
    await publish()
    return NO_FILES
  }
  const { state } = await readIndex(repo)
  const tree = await treeOf(repo.objects, update.new)
  const plan = await planShow(repo, state.files, tree, { filesLimit: 0, signal })
  return applyShow(repo, state.files, plan, {
    signal,
    publish,
    content: { tree, base: update.new, packs: [] },
  })
}
