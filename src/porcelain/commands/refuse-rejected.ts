import { VarveError } from '../../core/errors.ts'
import { concludingHint, describeMerge, type MergeState } from '../../plumbing/merge-state.ts'
import type { PushResult } from '../push.ts'

/**
 * `conflict` where somebody else was first, else `refused`, for refs that were not moved.
 *
 * @param merge what is going on in the work tree: nothing can be pulled before it is concluded
 */
export function refuseRejected({ url, refs }: PushResult, merge: MergeState | undefined): void {
  const rejected = refs.filter(({ status }) => status === 'rejected')
  if (rejected.length === 0) return
  const behind = rejected.some((ref) => ref.behind)
  const isStale = rejected.some(({ reason }) => reason === 'stale info')
  const isKnown = rejected.every((ref) => !ref.behind || ref.reason === 'non-fast-forward')
  const hint = behind
    ? behindHint(isKnown, merge)
    : isStale
      ? 'varve fetch shows what is there now'
      : hintOf(rejected)
  const names = rejected
    .map(({ target }) => target.replace(/^refs\/(?:heads|tags)\//, ''))
    .join(', ')
  throw new VarveError(
    behind || isStale ? 'conflict' : 'refused',
    `${names} not pushed to ${url}`,
    {
      data: { url, refs: rejected.map(({ target, reason }) => ({ ref: target, reason })) },
      ...(hint !== undefined && { hint }),
    },
  )
}

function behindHint(isKnown: boolean, merge: MergeState | undefined): string {
  if (merge !== undefined) {
    return `${describeMerge(merge)} is not concluded: ${concludingHint(merge)}; then push again`
  }
  return isKnown
    ? 'there it has commits that are not in what is pushed: varve pull merges them; varve push --force-with-lease takes them away there'
    : 'somebody else has pushed: varve pull merges that, then push again; or varve push --sync'
}

function hintOf(rejected: PushResult['refs']): string | undefined {
  const isCurrent = rejected.find(({ reason }) =>
    reason?.includes('it is the current branch there'),
  )
  if (isCurrent !== undefined) {
    return 'there, varve symbolic-ref HEAD refs/heads/OTHER makes another branch the current one; or set receive.denyDeleteCurrent to ignore'
  }
  const standsThere = rejected.find(({ reason }) => reason?.includes('it is checked out there'))
  if (standsThere === undefined) return undefined
  const branch = standsThere.target.replace('refs/heads/', '')
  return (
    `push to another branch (${branch}:NAME), which is merged there; or to a repository without a work tree ` +
    '(varve init --bare); or set receive.denyCurrentBranch to ignore there'
  )
}
