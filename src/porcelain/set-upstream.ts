import { VarveError } from '../core/errors.ts'
import { findRefs } from '../plumbing/find-ref.ts'
import { headState } from '../plumbing/head.ts'
import { withoutUpstream, withUpstream } from '../plumbing/remote-config.ts'
import type { Repository } from '../plumbing/repository.ts'
import { followedBy, readUpstream } from '../plumbing/upstream.ts'
import { branchId, shortBranch } from './branch.ts'

/** Lets a branch follow another: one of a remote, as `origin/main`, or one of this repository. */
export async function setUpstream(
  repo: Repository,
  { branch, upstream }: { readonly branch?: string | undefined; readonly upstream: string },
): Promise<{ branch: string; upstream: string }> {
  const name = await branchNamed(repo, branch)
  const state = await repo.refs.state()
  const found = findRefs(state, upstream).find(({ name }) => !name.startsWith('refs/tags/'))
  const followed = found && followedBy(repo, found.name)
  if (found === undefined || followed === undefined) {
    throw new VarveError(
      'ref-not-found',
      `there is no branch ${JSON.stringify(upstream)} to follow`,
      {
        data: { upstream },
        hint: 'varve fetch brings branches of a remote; varve push -u origin BRANCH makes one there',
      },
    )
  }
  await repo.config.edit((text) => withUpstream(text, name, followed.remote, followed.merge))
  return { branch: name, upstream: found.name }
}

/** Lets a branch follow none. `refused` where it does not follow any. */
export async function unsetUpstream(
  repo: Repository,
  { branch }: { readonly branch?: string | undefined },
): Promise<{ branch: string }> {
  const name = await branchNamed(repo, branch)
  if (readUpstream(repo, `refs/heads/${name}`) === undefined) {
    throw new VarveError('refused', `${name} follows no branch`, { data: { branch: name } })
  }
  await repo.config.edit((text) => withoutUpstream(text, name))
  return { branch: name }
}

async function branchNamed(repo: Repository, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    await branchId(repo, `refs/heads/${given}`, given)
    return given
  }
  const { ref } = await headState(repo)
  if (ref !== undefined) return shortBranch(ref)
  throw new VarveError('refused', 'HEAD is detached: say which branch is to follow')
}
