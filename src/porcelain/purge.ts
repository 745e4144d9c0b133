import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { readSeries } from '../core/series.ts'
import { editSeries } from '../core/series-edit.ts'
import type { Signature } from '../core/signature.ts'
import { lookupPath, type TreeEntry, updatePaths, walkTree } from '../core/tree.ts'
import { hasIndex, updateIndexState } from '../plumbing/index-state.ts'
import { refuseDuringMerge } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type RewrittenHistory, rewriteHistory } from '../plumbing/rewrite-history.ts'
import { zoneAt, zoneNameAt } from '../plumbing/series-zone.ts'
import { refuseChangedFiles } from './apply-change.ts'
import { type GcResult, gc } from './gc.ts'
import { moveRewritten, refuseUnsettled } from './move-rewritten.ts'
import { type FilesMoved, mendFiles } from './show-tree.ts'

const NO_FILES: FilesMoved = { written: [], removed: [] }

export interface PurgeOptions extends BoundTexts {
  /** A series, or with a `/` at its end a collection. */
  readonly series: string
  readonly who: Signature
  /** Milliseconds since 1970. */
  readonly now: number
  /** Only say what would be rewritten. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is removed of a series. */
export interface PurgedSeries {
  readonly series: string
  /** Different states of it that have any of that. */
  readonly versions: number
  /** Rows that are removed, of the version where that is most. */
  readonly rows: number
}

export interface PurgeResult {
  /** By name. */
  readonly purged: readonly PurgedSeries[]
  /** Commits and annotated tags that have another id now, the old one and the new one. */
  readonly rewritten: readonly {
    readonly kind: 'commit' | 'tag'
    readonly old: Id
    readonly new: Id
  }[]
  /** Commits that refs lead to. */
  readonly commits: number
  readonly refs: readonly { readonly name: string; readonly old: Id; readonly new: Id }[]
  readonly files: FilesMoved
  /**
   * What may still hold it: refs that name data itself, not a commit, and files of the repository's folder that are not
   * looked into: those that fsck moved aside, and those of commands that are at work or were stopped.
   */
  readonly left: readonly string[]
  /** Absent in a dry run, and where there was nothing to remove. */
  readonly gc?: GcResult
  /** Nothing is rewritten, but what an earlier one rewrote and left in storage is removed, or would be. */
  readonly finishes: boolean
  readonly dryRun: boolean
}

/**
 * Removes a series, a collection, or the rows of a series between bounds, from all of history, for good: every commit that had
 * them is made again without, so that it and all after it get other ids; all refs move in one transaction; and what nothing
 * leads to any more is removed from storage at once, with all that only the ref log led to.
 *
 * Where one was stopped or failed after refs had moved, its error says so in `data.rewritten`, and the next one brings
 * it to its end.
 *
 * `series-not-found` where no commit has it; `refused` beside staged changes, during a merge, and where HEAD is at no branch.
 */
export async function purge(repo: Repository, options: PurgeOptions): Promise<PurgeResult> {
  const { dryRun = false, signal, who, now } = options
  await refusePending(repo, options)
  let isMoved = false
  for (;;) {
    const { number } = await repo.refs.state()
    const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
    try {
      const without = withoutSeries(batch, options)
      const history = await rewriteHistory(repo, batch, without)
      if (history.updates.length === 0) {
        const finished = await finishStopped(repo, history, options)
        if (finished !== undefined) return finished
        if (!without.wasFound()) throw notFound(options.series, without.other())
      }
      const result = { ...resultOf(history, dryRun), purged: without.purged() }
      if (dryRun || history.updates.length === 0) return result
      const pack = await batch.publish()
      const files = await moveRewritten(repo, history, {
        who,
        after: number,
        signal,
        packs: pack === undefined ? [] : [pack],
        onMoved: () => {
          isMoved = true
        },
        message: `purge: ${history.ids.size} rewritten`,
      })
      const removed = await gc(repo, { who, now, prune: 'now', reflogExpire: 'now', signal })
      return { ...result, files, left: await leftIn(repo, history), gc: removed }
    } catch (error) {
      if (isMoved) throw stillStored(error)
      if (!hasCode(error, 'conflict') || error.data.expected !== number) throw error
    } finally {
      await batch.discard()
    }
  }
}

function resultOf({ ids, tags, commits, updates }: RewrittenHistory, dryRun: boolean): PurgeResult {
  return {
    purged: [],
    rewritten: [...ids].map(([old, next]) => ({
      kind: tags.has(old) ? 'tag' : 'commit',
      old,
      new: next,
    })),
    commits,
    refs: updates.map(({ name, old, new: next }) => ({ name, old: old!, new: next! })),
    files: NO_FILES,
    left: [],
    finishes: false,
    dryRun,
  }
}

function notFound(series: string, other: string | undefined): VarveError {
  const hint = 'purge takes the name that it had then: varve ls REVISION lists them'
  return new VarveError('series-not-found', `no commit has ${series}`, {
    data: { series },
    hint: other === undefined ? hint : `there is ${other}: varve purge ${other}`,
  })
}

/** What is thrown where refs have moved already. */
function stillStored(error: unknown): unknown {
  const isAbort = error instanceof Error && error.name === 'AbortError'
  if (!(error instanceof VarveError) && !isAbort) return error
  const code = error instanceof VarveError ? error.code : 'interrupted'
  const why = code === 'interrupted' ? 'interrupted' : (error as Error).message
  return new VarveError(code, `history was rewritten, but the data is still stored: ${why}`, {
    data: { ...(error instanceof VarveError && error.data), rewritten: true },
    hint: `${code === 'disk-full' ? 'make room; ' : ''}the same command removes it, as does varve -c gc.reflogExpire=now gc --prune=now`,
    cause: error,
  })
}

async function leftIn(repo: Repository, { others }: RewrittenHistory): Promise<string[]> {
  const left = [...others]
  for (const folder of ['damaged/', 'tmp/']) {
    for (const { name } of await repo.storage.list(folder)) left.push(name)
  }
  return left
}

/** Removes what one left that was stopped after refs had moved; undefined where there is nothing of it. */
async function finishStopped(
  repo: Repository,
  history: RewrittenHistory,
  { who, now, signal, dryRun = false }: PurgeOptions,
): Promise<PurgeResult | undefined> {
  const after = await afterPurge(repo, history.seen)
  if (after === undefined || (dryRun && after === 'nothing known')) return undefined
  const result = { ...resultOf(history, dryRun), finishes: true }
  if (dryRun) return result
  try {
    const files = hasIndex(repo) ? await mendFiles(repo, { signal }) : NO_FILES
    // Its commit may still be the one that has the data.
    if (hasIndex(repo)) await updateIndexState(repo, (state) => ({ ...state }))
    const removed = await gc(repo, { who, now, prune: 'now', reflogExpire: 'now', signal })
    if (removed.unreachable === 0 && removed.pruned.length === 0 && removed.removed === 0) {
      return undefined
    }
    return { ...result, files, left: await leftIn(repo, history), gc: removed }
  } catch (error) {
    throw after === 'still stored' ? stillStored(error) : error
  }
}

/**
 * `still stored` where a purge rewrote a commit or tag that is there nevertheless, and no ref leads to; `nothing known`
 * where none is, but nothing except storage changed since the last purge, so that some of its data may be.
 *
 * @param seen what refs lead to
 */
async function afterPurge(
  repo: Repository,
  seen: ReadonlySet<Id>,
): Promise<'still stored' | 'nothing known' | undefined> {
  let isNewest = true
  let isLast = false
  for await (const { message, updates } of repo.refs.entries({ newestFirst: true })) {
    if (/^(?:gc|prune): /.test(message)) continue
    const isPurge = message.startsWith('purge: ')
    if (isNewest) isLast = isPurge
    isNewest = false
    if (!isPurge) continue
    for (const { old } of updates) {
      if (old === undefined || seen.has(old)) continue
      if (await repo.objects.has(old, { fresh: true })) return 'still stored'
    }
  }
  return isLast ? 'nothing known' : undefined
}

async function refusePending(repo: Repository, { series, signal }: PurgeOptions): Promise<void> {
  await refuseDuringMerge(repo, 'purge would take away what is merged')
  const files = await refuseUnsettled(repo, 'purge')
  const path = series.replace(/\/$/, '')
  const inside = files.filter((name) => name === path || name.startsWith(`${path}/`))
  await refuseChangedFiles(repo, new Set(inside), signal)
}

/** What trees are without what is to go. */
function withoutSeries(
  batch: Awaited<ReturnType<Repository['objects']['begin']>>,
  { series, from, to, at, closed }: PurgeOptions,
) {
  const path = series.replace(/\/$/, '')
  const kind = series.endsWith('/') ? 'tree' : 'series'
  const isRange = from !== undefined || to !== undefined || at !== undefined
  const edited = new Map<string, Id>()
  const counted = new Set<string>()
  const purged = new Map<string, PurgedSeries>()
  let wasFound = false
  let other: string | undefined
  const add = (name: string, rows: number): void => {
    const known = purged.get(name) ?? { series: name, versions: 0, rows: 0 }
    const most = Math.max(known.rows, rows)
    purged.set(name, { series: name, versions: known.versions + 1, rows: most })
  }
  const addWhole = async (name: string, id: Id): Promise<void> => {
    const key = `${id} ${name}`
    if (counted.has(key)) return
    counted.add(key)
    add(name, (await readSeries(batch, id)).rows)
  }
  const addAll = async (tree: Id, { id, kind }: TreeEntry): Promise<void> => {
    if (kind === 'series') return addWhole(path, id)
    if (counted.has(id)) return
    counted.add(id)
    for await (const inside of walkTree(batch, tree, `${path}/`)) {
      if (inside.entry.kind === 'series') await addWhole(inside.path, inside.entry.id)
    }
  }
  return {
    wasFound: () => wasFound,
    /** What has the name and is not meant: the collection, or the series. */
    other: () => other,
    purged: () => [...purged.values()].sort((a, b) => (a.series < b.series ? -1 : 1)),
    treeOf: async (tree: Id): Promise<Id> => {
      const entry = await lookupPath(batch, tree, path)
      if (entry === undefined) return tree
      if (entry.kind !== kind) {
        other = kind === 'series' ? `${path}/` : path
        return tree
      }
      wasFound = true
      if (!isRange) {
        await addAll(tree, entry)
        return updatePaths(batch, tree, new Map([[path, undefined]]))
      }
      if (entry.kind !== 'series') {
        throw new VarveError('usage', `${path}/ is a collection: a range is of one series`)
      }
      const zone = await zoneAt(batch, tree, path)
      const key = `${entry.id} ${await zoneNameAt(batch, tree, path)}`
      let id = edited.get(key)
      if (id === undefined) {
        const { schema, rows } = await readSeries(batch, entry.id)
        const bounds = boundsFor(schema, { from, to, at, closed }, zone)
        const left = await editSeries(batch, entry.id, { mode: 'delete', ...bounds })
        id = left.id
        edited.set(key, id)
        if (id !== entry.id) add(path, rows - left.rows)
      }
      if (id === entry.id) return tree
      return updatePaths(batch, tree, new Map([[path, { kind: 'series' as const, id }]]))
    },
  }
}
