import { readBoolean, readNumber } from '../core/config-values.ts'
import type { ServePolicy } from '../transport/served-repository.ts'
import { readHead } from './head.ts'
import type { Repository } from './repository.ts'

/**
 * What a repository's owner lets others do, as its configuration says, and the branch that its work tree stands on.
 * `invalid-value` for configuration that cannot be understood: a limit that is ignored would be none.
 */
export async function readServePolicy(repo: Repository): Promise<ServePolicy> {
  const isOn = (key: string): boolean => readBoolean(key, repo.config.get(key) ?? 'false')
  const most = repo.config.get(MAX_INPUT_SIZE)
  return {
    denyNonFastForwards: isOn('receive.denyNonFastForwards'),
    denyDeletes: isOn('receive.denyDeletes'),
    ...(most !== undefined && { maxBytes: readNumber(MAX_INPUT_SIZE, most) }),
    checkedOut: await checkedOutIn(repo),
  }
}

const MAX_INPUT_SIZE = 'receive.maxInputSize'

async function checkedOutIn(repo: Repository): Promise<string | undefined> {
  if (repo.workTree === undefined) return undefined
  if (repo.config.get('receive.denyCurrentBranch') === 'ignore') return undefined
  const head = await readHead(repo)
  return 'ref' in head ? head.ref : undefined
}
