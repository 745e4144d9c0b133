import { isAncestor } from '../plumbing/common-ancestors.ts'
import { headState } from '../plumbing/head.ts'
import type { MergeState } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'

/** Whether HEAD has the commit that concludes a merge: then it is only to be forgotten, or to go on. */
export async function isConcluded(
  repo: Repository,
  { concludedBy }: Pick<MergeState, 'concludedBy'>,
): Promise<boolean> {
  const head = (await headState(repo)).id
  if (concludedBy === undefined || head === undefined) return false
  // One that was never published may have gone.
  if (!(await repo.objects.has(concludedBy, { fresh: true }))) return false
  return isAncestor(repo.objects, concludedBy, head, (await repo.refs.state()).shallow)
}

/** Whether other commits are to be picked or reverted after the one that is going on. */
export function hasMore({ sequence }: Pick<MergeState, 'sequence'>): boolean {
  return sequence !== undefined && sequence.todo.length > 0
}
