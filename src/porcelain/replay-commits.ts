import type { CommitDate } from '../core/commit-date.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { parseRevisionRange } from '../core/revision.ts'
import { headState } from '../plumbing/head.ts'
import { treeOf } from '../plumbing/index-state.ts'
import type { MergeAction } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveCommit } from '../plumbing/resolve-revision.ts'
import { revList } from '../plumbing/rev-list.ts'
import { seriesIn } from './revisions-and-series.ts'

/**
 * The commits that words name, in the order in which they are picked or reverted: as they are given;
 * where one is a range, all as history has them, to be picked the oldest first and reverted the newest
 * first. For a series, `usage` that says what puts one back.
 */
export async function commitsToReplay(
  repo: Repository,
  action: Exclude<MergeAction, 'merge'>,
  words: readonly string[],
  now: CommitDate | undefined,
): Promise<Id[]> {
  const commits: Id[] = []
  try {
    if (words.every((word) => parseRevisionRange(word).kind === 'include')) {
      for (const word of words) commits.push(await resolveCommit(repo, word, { now }))
      return commits
    }
    const walked = revList(repo, {
      revisions: words,
      order: 'topo',
      reverse: action === 'cherry-pick',
      ...(now && { now }),
    })
    for await (const { id } of walked) commits.push(id)
  } catch (error) {
    if (hasCode(error, 'revision-not-found')) await refuseSeries(repo, action, words)
    throw error
  }
  if (commits.length > 0) return commits
  throw new VarveError('refused', `${words.join(' ')} holds no commit to ${action}`, {
    data: { revisions: words },
  })
}

async function refuseSeries(
  repo: Repository,
  action: string,
  words: readonly string[],
): Promise<void> {
  const tree = await treeOf(repo.objects, (await headState(repo)).id)
  for (const word of words) {
    const path = await seriesIn(repo, [tree], word)
    if (path === undefined) continue
    throw new VarveError('usage', `${word} is a series: ${action} takes commits`, {
      data: { series: path },
      hint: `varve restore --source HEAD~1 ${path} puts it back as it was, varve restore ${path} its file`,
    })
  }
}
