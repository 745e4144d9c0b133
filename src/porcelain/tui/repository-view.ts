import { readCommit, type Signature } from '../../core/commit.ts'
import type { CommitDate } from '../../core/commit-date.ts'
import type { Id } from '../../core/id.ts'
import { diffTrees } from '../../core/tree.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { act } from './actions.ts'
import { ChangedRowsReader } from './changed-rows.ts'
import { commitDetail, commitWeight, parentsOf } from './commit-detail.ts'
import { givingWay, Turns } from './give-way.ts'
import { listCommits } from './listed-commits.ts'
import { listedRefs, refsMoved, type Wait } from './listed-refs.ts'
import { plainRows } from './plain-rows.ts'
import { pointLife } from './point-life.ts'
import { perTurn } from './turns.ts'
import type { CommitWeight, ListedCommit, ViewData } from './view-data.ts'

export interface ViewOptions {
  readonly title: string
  /** Revisions, then series, as `log` takes them. */
  readonly words: readonly string[]
  readonly clock: () => CommitDate
  /** Who makes what is made. */
  readonly identity: (role: 'author' | 'committer') => Promise<Signature>
  /** Who the ref log says moved a ref. */
  readonly logIdentity: () => Promise<Signature>
  /** As for `FilesOptions`. */
  readonly filesLimit?: number | undefined
  readonly wait: Wait
}

/** Bytes of objects that are kept: commits are read once, and what one looks at again is a few series. */
const OBJECT_MEMORY = 4 * 1024 * 1024

/** What the viewer reads of an open repository, in slices. */
export function openView(repo: Repository, options: ViewOptions): ViewData {
  const { title, words, clock, wait } = options
  repo.objects.limitCache(OBJECT_MEMORY)
  const turns = new Turns()
  const polite = (signal: AbortSignal) => givingWay(repo, turns, signal)
  const differences = new ChangedRowsReader(polite)
  return {
    title,
    commits: (filter, signal) =>
      perTurn(signal, (reading) => listCommits(polite(reading), filter, { words, now: clock() })),
    weights: (ids, signal) => perTurn(signal, (reading) => weights(polite(reading), ids)),
    detail: (id, against, signal) => commitDetail(polite(signal), id, against),
    plot: async (request, signal) => {
      const { plotSeries } = await import('../plot-series.ts')
      const { path: name, commit: rev, ...rest } = request
      return plotSeries(polite(signal), { ...rest, name, rev, signal })
    },
    changedRows: (request, signal) => differences.read(request, signal),
    rows: (request, signal) => plainRows(polite(signal), request),
    life: (request, signal, onPart) => pointLife(polite(signal), request, onPart),
    refs: (signal) => listedRefs(polite(signal)),
    touching: (text, commits, signal) =>
      perTurn(signal, (reading) => touching(polite(reading), text, commits)),
    act: (action) => act(repo, action, options),
    moved: (signal) => refsMoved(repo, wait, signal),
  }
}

async function* weights(repo: Repository, ids: readonly Id[]): AsyncGenerator<CommitWeight> {
  for (const id of ids) yield await commitWeight(repo, id)
}

/** The commits, but for merges, that changed a series whose name contains a text, capitals or not. */
async function* touching(
  repo: Repository,
  text: string,
  commits: readonly ListedCommit[],
): AsyncGenerator<Id> {
  const wanted = text.toLowerCase()
  for (const { id } of commits) {
    const commit = await readCommit(repo.objects, id)
    const [parent, ...others] = await parentsOf(repo, id, commit)
    if (others.length > 0) continue
    const old = parent === undefined ? undefined : (await readCommit(repo.objects, parent)).tree
    for await (const { path } of diffTrees(repo.objects, old, commit.tree)) {
      if (!path.toLowerCase().includes(wanted)) continue
      yield id
      break
    }
  }
}
