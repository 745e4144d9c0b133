import { subjectOf } from '../core/commit.ts'
import { type Id, shortId } from '../core/id.ts'
import type { HeadState } from '../plumbing/head.ts'
import type { Repository } from '../plumbing/repository.ts'
import { walkCommits } from '../plumbing/walk-commits.ts'
import { shortBranch } from './branch.ts'

/** Subjects that the message of a squashed merge lists. */
const MOST_SUBJECTS = 100

/** The message as git makes it. */
export async function mergeMessage(
  repo: Repository,
  head: HeadState,
  theirs: Id,
  shown: string,
  squash: boolean,
): Promise<string> {
  if (squash) {
    const subjects: string[] = []
    const walked = { include: [theirs], exclude: head.id === undefined ? [] : [head.id] }
    for await (const { commit } of walkCommits(repo.objects, walked)) {
      if (subjects.length === MOST_SUBJECTS) break
      subjects.push(`* ${subjectOf(commit)}`)
    }
    return `Squashed commits of ${shown}\n\n${subjects.join('\n')}\n`
  }
  const { refs } = await repo.refs.state()
  const what = refs.has(`refs/heads/${shown}`)
    ? `branch '${shown}'`
    : refs.has(`refs/tags/${shown}`)
      ? `tag '${shown}'`
      : refs.has(`refs/remotes/${shown}`)
        ? `remote-tracking branch '${shown}'`
        : `commit '${/^[0-9a-f]{40,}$/.test(shown) ? shortId(theirs) : shown}'`
  const branch = head.ref === undefined ? 'HEAD' : shortBranch(head.ref)
  return `Merge ${what}${branch === 'main' || branch === 'master' ? '' : ` into ${branch}`}\n`
}
