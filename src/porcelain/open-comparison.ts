import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { parseObjectName, parseRevisionRange } from '../core/revision.ts'
import type { Zone } from '../core/zone.ts'
import { bestCommonAncestors } from '../plumbing/common-ancestors.ts'
import { diffTree } from '../plumbing/diff-tree.ts'
import { headState } from '../plumbing/head.ts'
import { hasIndex, readIndex, treeOf } from '../plumbing/index-state.ts'
import { rememberClean } from '../plumbing/remember-clean.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveObjectName, seriesNotFound } from '../plumbing/resolve-object-name.ts'
import { resolveCommit, resolveTree } from '../plumbing/resolve-revision.ts'
import { scratchFor } from '../plumbing/series-files.ts'
import { zoneOfEither } from '../plumbing/series-zone.ts'
import { type PendingFile, pendingFiles, treeWithFiles } from './pending-files.ts'
import { type SeriesChange, withRenames } from './renamed-series.ts'
import { revisionsAndSeries, seriesIn } from './revisions-and-series.ts'

export interface ComparisonRequest {
  /** Revisions (`A`, `A B`, `A..B`, `A...B`, `A:NAME B:NAME`), then series. */
  readonly words: readonly string[]
  /** Series and collections; all where neither these nor `words` name any. */
  readonly series?: readonly string[]
  /** Compare the index with a commit, rather than the work tree. */
  readonly staged?: boolean | undefined
  /** Compare the work tree with the index, rather than with a commit. */
  readonly unstaged?: boolean | undefined
  /** Whether a series that was renamed is one that differs, not one that went and one that came; unless false. */
  readonly renames?: boolean | undefined
  readonly now?: CommitDate | undefined
  readonly signal?: AbortSignal | undefined
  readonly onFile?: ((file: string) => void) | undefined
}

/** Two states that are to be compared. */
export interface Comparison {
  readonly reader: ObjectReader
  /** What differs between them, series by series. */
  changes(): AsyncIterable<SeriesChange>
  /** The zone that times of a series are in, as it is now or was; undefined for UTC. */
  zoneOf(path: string): Promise<Zone | undefined>
  /** Files in the work tree, when it is compared, that hold nothing to compare. */
  readonly files: readonly PendingFile[]
  close(): Promise<void>
}

/**
 * Opens what a request for differences names. Without revisions: all that is pending, work tree and
 * index against HEAD. Errors as `resolveRevision`; `usage` for what does not go together;
 * `series-not-found` for a series that neither side has.
 */
export async function openComparison(
  repo: Repository,
  request: ComparisonRequest,
): Promise<Comparison> {
  const comparison = await compare(repo, request)
  if (request.renames === false) return comparison
  const { reader, changes } = comparison
  return { ...comparison, changes: () => withRenames(reader, changes()) }
}

async function compare(repo: Repository, request: ComparisonRequest): Promise<Comparison> {
  const options = { now: request.now }
  const split = await revisionsAndSeries(repo, request.words, (word) => sideOf(repo, word, options))
  const names = [...split.series, ...(request.series ?? [])]
  const sides: Side[] = []
  for (const word of split.revisions) sides.push(...(await sideOf(repo, word, options)))
  if (sides.length > 2) throw new VarveError('usage', 'it compares two revisions, not more')
  const [first, second] = sides
  if (sides.some(({ series }) => series !== undefined)) return pair(repo, first, second, request)
  if (second !== undefined || !hasIndex(repo)) return trees(repo, first, second, names, request)
  return pending(repo, first, names, request)
}

/** A tree, or of `REV:NAME` a series. */
interface Side {
  readonly tree?: Id
  readonly series?: { readonly path: string; readonly id: Id }
}

async function sideOf(
  repo: Repository,
  word: string,
  options: { readonly now: CommitDate | undefined },
): Promise<Side[]> {
  const range = word.includes('..') ? parseRevisionRange(word) : undefined
  if (range?.kind === 'range') {
    const { from, to } = range
    return [
      { tree: await resolveTree(repo, from, options) },
      { tree: await resolveTree(repo, to, options) },
    ]
  }
  if (range?.kind === 'symmetric') {
    const left = await resolveCommit(repo, range.left, options)
    const right = await resolveCommit(repo, range.right, options)
    const [base] = await bestCommonAncestors(
      repo.objects,
      left,
      [right],
      (await repo.refs.state()).shallow,
    )
    if (base === undefined) {
      const { left: a, right: b } = range
      throw new VarveError('refused', `${a} and ${b} have no commit in common`, {
        data: { left, right },
        hint: `varve diff ${a} ${b} compares the two`,
      })
    }
    return [{ tree: await treeOf(repo.objects, base) }, { tree: await treeOf(repo.objects, right) }]
  }
  if (parseObjectName(word).name === undefined) {
    return [{ tree: await resolveTree(repo, word, options) }]
  }
  const { id, kind, path } = await resolveObjectName(repo, word, options)
  return [kind === 'series' ? { series: { path: path ?? word, id } } : { tree: id }]
}

/** Two series, whatever they are called. */
function pair(
  repo: Repository,
  first: Side | undefined,
  second: Side | undefined,
  { staged, unstaged }: ComparisonRequest,
): Comparison {
  const [a, b] = [first?.series, second?.series]
  if (a === undefined || b === undefined || staged || unstaged) {
    throw new VarveError('usage', 'a series (REV:NAME) is compared with another one', {
      hint: 'varve diff HEAD~1:brent-daily HEAD:brent-daily, or varve diff HEAD~1 -- brent-daily',
    })
  }
  const entry = ({ path, id }: typeof a) => ({ name: path, kind: 'series' as const, id })
  return {
    reader: repo.objects,
    async *changes() {
      if (a.id !== b.id) yield { path: b.path, old: entry(a), new: entry(b) }
    },
    zoneOf: async () => undefined,
    files: [],
    close: async () => undefined,
  }
}

async function trees(
  repo: Repository,
  first: Side | undefined,
  second: Side | undefined,
  names: readonly string[],
  { staged, unstaged }: ComparisonRequest,
): Promise<Comparison> {
  if (staged || unstaged) {
    throw second === undefined
      ? new VarveError('refused', 'a repository without a work tree has nothing pending')
      : new VarveError('usage', 'two revisions are compared without --staged or --unstaged')
  }
  if (first === undefined) {
    throw new VarveError('usage', 'a repository without a work tree has nothing pending', {
      hint: 'name one revision or two: varve diff HEAD~1 HEAD',
    })
  }
  const next = second === undefined ? await headTree(repo) : second.tree
  const paths = await pathsOf(repo, [next, first.tree], names)
  return {
    reader: repo.objects,
    changes: () => diffTree(repo.objects, first.tree, next, { recursive: true, paths }),
    zoneOf: (path) => zoneOfEither(repo.objects, [next, first.tree], path),
    files: [],
    close: async () => undefined,
  }
}

async function pending(
  repo: Repository,
  first: Side | undefined,
  names: readonly string[],
  { staged = false, unstaged = false, signal, onFile }: ComparisonRequest,
): Promise<Comparison> {
  if (staged && unstaged) {
    throw new VarveError('usage', '--staged and --unstaged cannot be given together', {
      hint: 'without either, all that is pending is compared',
    })
  }
  if (unstaged && first !== undefined) {
    throw new VarveError('usage', '--unstaged compares with the index, not with a revision')
  }
  const { state } = await readIndex(repo)
  const old = unstaged ? state.tree : (first?.tree ?? (await headTree(repo)))
  const paths = await pathsOf(repo, [state.tree, old], names)
  const between = (reader: ObjectReader, next: Id) => () =>
    diffTree(reader, old, next, { recursive: true, paths })
  if (staged) {
    const changes = between(repo.objects, state.tree)
    const zoneOf = (path: string) => zoneOfEither(repo.objects, [state.tree, old], path)
    return { reader: repo.objects, changes, zoneOf, files: [], close: async () => undefined }
  }
  const scratch = scratchFor(repo)
  try {
    const wanted = (series: string) => paths.length === 0 || paths.some((at) => isIn(series, at))
    const { files, clean } = await pendingFiles(repo, scratch, state, { wanted, signal, onFile })
    await rememberClean(repo, state, clean)
    const next = await treeWithFiles(scratch, state.tree, files)
    return {
      reader: scratch,
      changes: between(scratch, next),
      zoneOf: (path) => zoneOfEither(scratch, [next, old], path),
      files: files.filter((file) => file.state === 'missing' || file.state === 'unreadable'),
      close: () => scratch.discard(),
    }
  } catch (error) {
    await scratch.discard()
    throw error
  }
}

async function headTree(repo: Repository): Promise<Id> {
  return treeOf(repo.objects, (await headState(repo)).id)
}

function isIn(series: string, path: string): boolean {
  return series === path || series.startsWith(path.endsWith('/') ? path : `${path}/`)
}

/** Names of series, or of their files, as paths of which one of the trees has each. */
async function pathsOf(
  repo: Repository,
  trees: readonly (Id | undefined)[],
  names: readonly string[],
): Promise<string[]> {
  const paths: string[] = []
  for (const name of names) {
    const path = await seriesIn(repo, trees, name)
    if (path === undefined) throw await seriesNotFound(repo, trees[0]!, name, 'what is compared')
    paths.push(path)
  }
  return paths
}
