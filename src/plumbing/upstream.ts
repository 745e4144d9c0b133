import { VarveError } from '../core/errors.ts'
import type { Repository } from './repository.ts'

/**
 * The full name of the ref that a branch follows, from `branch.NAME.remote` and
 * `branch.NAME.merge`; `ref-not-found` when it follows none.
 */
export async function upstreamOf(repo: Repository, branch: string): Promise<string> {
  const name = branch.replace(/^refs\/heads\//, '')
  const remote = repo.config.get(`branch.${name}.remote`)
  const merge = repo.config.get(`branch.${name}.merge`)
  if (name === branch || remote === undefined || merge === undefined) {
    throw new VarveError('ref-not-found', `${name} follows no other branch`, {
      data: { ref: branch },
    })
  }
  // A dot is this repository itself.
  return remote === '.' ? merge : merge.replace(/^refs\/heads\//, `refs/remotes/${remote}/`)
}
