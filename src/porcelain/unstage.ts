import type { Signature } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { lookupPath } from '../core/tree.ts'
import { headState } from '../plumbing/head.ts'
import {
  carryPending,
  layOver,
  publishIndex,
  readIndex,
  readStoredIndex,
  treeOf,
} from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveTree } from '../plumbing/resolve-revision.ts'
import { type DiscardedIndex, discardedIndex, indexToReplace } from './move-head.ts'
import { selectSeries } from './select-series.ts'
import { keepFiles } from './show-tree.ts'

export interface UnstageOptions {
  /** Series, files of series, collections; `.` for all. */
  readonly series: readonly string[]
  /** The revision to take the series from: HEAD unless given. */
  readonly source?: string | undefined
  /** Only say what would be put back. */
  readonly dryRun?: boolean | undefined
  readonly who: Signature
  readonly now?: CommitDate | undefined
}

export interface Unstaged {
  /** Series that were named. */
  readonly series: ReadonlySet<string>
  /** What the index holds otherwise now: of them, and collections (with a / at the end) with their settings. */
  readonly changed: readonly string[]
  /** Those that it did not hold before. */
  readonly back: ReadonlySet<string>
  /** The tree that they were taken from. */
  readonly source: Id
}

/**
 * Makes the index hold some series as HEAD, or `source`, does: what was pending about them is
 * dropped, even where that stood in the way of following HEAD. Files stay, as changed files where
 * they differ.
 */
export async function unstage(repo: Repository, options: UnstageOptions): Promise<Unstaged> {
  const discarded = await discardedIndex(repo, await indexToReplace(repo))
  for (;;) {
    const { version, state: stored } = await readStoredIndex(repo)
    const state = stored ?? (await readIndex(repo)).state
    const head = await headState(repo)
    const before = await treeOf(repo.objects, state.base)
    const after = await treeOf(repo.objects, head.id)
    const source =
      options.source === undefined
        ? after
        : await resolveTree(repo, options.source, { now: options.now })
    const trees = [state.tree, source]
    const paths = await selectSeries(repo, trees, options.series, 'the index')
    const carried = await carryPending(repo.objects, before, state.tree, after)
    const clash = carried.clashes.find((path) => !paths.has(path))
    if (clash !== undefined) throw stillInConflict(clash)
    const edits = new Map(carried.edits)
    const changed: string[] = []
    const back = new Set<string>()
    for (const path of paths) {
      const old = await lookupPath(repo.objects, state.tree, path)
      const entry = await lookupPath(repo.objects, source, path)
      edits.set(path, entry && { kind: entry.kind, id: entry.id, settings: entry.settings ?? null })
      if (old === undefined && entry?.kind === 'series') back.add(path)
      if (entry?.id !== old?.id || entry?.settings !== old?.settings) changed.push(path)
    }
    for (const [path, edit] of carried.edits) {
      if (paths.has(path) || !isNamed(path, options.series)) continue
      const entry = await lookupPath(repo.objects, source, path)
      const pending = edit === undefined || 'id' in edit ? edit : undefined
      // Of a collection only its settings differ: what is in it differs by itself.
      if (pending?.kind === 'series' || entry?.kind === 'series') continue
      edits.set(path, { settings: entry?.settings ?? null })
      changed.push(`${path}/`)
    }
    const result = { series: paths, changed, back, source }
    if (changed.length === 0 || options.dryRun === true) return result
    const next = await layOver(repo, after, edits, state.packs)
    const files = await keepFiles(repo, state.files, state.tree, next.tree)
    const { base: _, ...rest } = state
    const base = head.id === undefined ? {} : { base: head.id }
    if (await publishIndex(repo, version, { ...rest, ...next, ...base, files })) {
      await logRestore(repo, options, discarded)
      return result
    }
  }
}

/** Whether words that mean series and collections mean what is at a path. */
function isNamed(path: string, words: readonly string[]): boolean {
  return words.some((word) => {
    const top = word.replace(/\/$/, '')
    return word === '.' || path === top || path.startsWith(`${top}/`)
  })
}

/** Remembers, for `undo`, the index before some series were put back. */
export async function logRestore(
  repo: Repository,
  { who, series }: Pick<UnstageOptions, 'who' | 'series'>,
  discarded: DiscardedIndex,
): Promise<void> {
  const message = `restore: ${series.slice(0, 3).join(', ')}${series.length > 3 ? ', …' : ''}`
  await repo.refs.append({ updates: [], who, message, ...discarded })
}

function stillInConflict(series: string): VarveError {
  return new VarveError('conflict', `${series} is changed here and was committed meanwhile`, {
    data: { series },
    hint: `varve restore --staged ${series} drops what is pending here`,
  })
}
