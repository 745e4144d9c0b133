import { type Commit, readCommit, type Signature } from '../../core/commit.ts'
import type { Id } from '../../core/id.ts'
import { formatKey } from '../../plumbing/key-text.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { type ComparedSeries, diffStats } from '../diff-stats.ts'
import type { Comparison } from '../open-comparison.ts'
import type { SeriesChange } from '../renamed-series.ts'
import { commitComparison } from '../show.ts'
import { pathStat, sumCounts } from '../tree-stat.ts'
import { changeText, cut, shownValue } from './shown-value.ts'
import type { CommitDetail, CommitWeight, LargestChange, TouchedSeries } from './view-data.ts'

/** Series of a commit that are counted one by one. */
const COUNTED = 200
/** Series of a commit whose rows are counted to weigh it; the others are taken to be like them. */
const WEIGHED = 50

/** What a commit changed against another, or against its first parent. */
export async function commitDetail(
  repo: Repository,
  id: Id,
  given: Id | undefined,
): Promise<CommitDetail> {
  const commit = await readCommit(repo.objects, id)
  const against = given ?? (await parentsOf(repo, id, commit))[0]
  const comparison = await commitComparison(repo, against, commit)
  const some = await firstOf(comparison, COUNTED)
  const series: TouchedSeries[] = []
  for await (const item of diffStats(some.comparison)) {
    if (item.kind === 'stat') series.push(touched(item.stat))
  }
  const { author, committer, message } = commit
  return {
    id,
    against,
    message,
    author: nameOf(author),
    committer: nameOf(committer),
    authored: author,
    committed: committer,
    series,
    more: some.more,
  }
}

/** How many rows a commit changed; of one that touches very many series, about how many. */
export async function commitWeight(repo: Repository, id: Id): Promise<CommitWeight> {
  const commit = await readCommit(repo.objects, id)
  const parents = await parentsOf(repo, id, commit)
  if (parents.length > 1) return { id, rows: undefined }
  const whole = await commitComparison(repo, parents[0], commit)
  const { comparison, more } = await firstOf(whole, WEIGHED)
  let rows = 0
  let series = 0
  for await (const change of comparison.changes()) {
    const { appended, backfilled, revised, deleted } = sumCounts([
      await pathStat(repo.objects, change),
    ])
    rows += appended + backfilled + revised + deleted
    series++
  }
  return { id, rows: more === 0 ? rows : Math.round((rows * (series + more)) / series) }
}

/** The parents that are here. */
export async function parentsOf(
  repo: Repository,
  id: Id,
  { parents }: Commit,
): Promise<readonly Id[]> {
  const { shallow } = await repo.refs.state()
  return shallow.has(id) ? [] : parents
}

/** A comparison of the first series alone, and how many there are besides. */
async function firstOf(
  comparison: Comparison,
  count: number,
): Promise<{ comparison: Comparison; more: number }> {
  const first: SeriesChange[] = []
  let more = 0
  for await (const change of comparison.changes()) {
    if (first.length < count) first.push(change)
    else more++
  }
  const changes = async function* () {
    yield* first
  }
  return { comparison: { ...comparison, changes }, more }
}

function touched(stat: ComparedSeries): TouchedSeries {
  const { path, from, schema, zone, largest } = stat
  const { firstKey, lastKey, schemaChanges, ...counts } = stat.stat
  const keyText = (key: typeof firstKey) => key && schema && cut(formatKey(schema, key, zone))
  return {
    path,
    state: from === undefined ? stat.state : 'renamed',
    from,
    ...counts,
    schemaChanges: schemaChanges.length,
    firstKey: keyText(firstKey),
    lastKey: keyText(lastKey),
    largest: largest && largestChange(largest.cell, keyText(largest.key) ?? ''),
  }
}

function largestChange(
  cell: NonNullable<ComparedSeries['largest']>['cell'],
  key: string,
): LargestChange | undefined {
  const { name, old, new: fresh } = cell
  if (old === undefined || fresh === undefined) return undefined
  const change = changeText(old, fresh) ?? ''
  return { key, column: name, old: shownValue(old), new: shownValue(fresh), change }
}

function nameOf({ name, email }: Signature): string {
  return `${name} <${email}>`
}
