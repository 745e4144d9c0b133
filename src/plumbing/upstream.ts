import { VarveError } from '../core/errors.ts'
import type { Repository } from './repository.ts'

/**
 * The full name of the ref that a branch follows, from `branch.NAME.remote` and
 * `branch.NAME.merge`; undefined when it follows none, and for all that is no branch.
 */
export function upstreamIfAny(repo: Repository, branch: string): string | undefined {
  if (!branch.startsWith('refs/heads/')) return undefined
  const name = branch.slice('refs/heads/'.length)
  const remote = repo.config.get(`branch.${name}.remote`)
  const merge = repo.config.get(`branch.${name}.merge`)
  if (remote === undefined || merge === undefined) return undefined
  // A dot is this repository itself.
  return remote === '.' ? merge : merge.replace(/^refs\/heads\//, `refs/remotes/${remote}/`)
}

/** As {@link upstreamIfAny}; `ref-not-found` when the branch follows none. */
export function upstreamOf(repo: Repository, branch: string): string {
  const upstream = upstreamIfAny(repo, branch)
  if (upstream !== undefined) return upstream
  throw new VarveError('ref-not-found', `${branch} follows no other branch`, {
    data: { ref: branch },
  })
}
