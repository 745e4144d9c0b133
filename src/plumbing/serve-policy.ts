import type { ServePolicy } from '../transport/served-repository.ts'
import { readHead } from './head.ts'
import type { Repository } from './repository.ts'

/** What a repository's owner lets others do, as its configuration says, and the branch that its work tree stands on. */
export async function readServePolicy(repo: Repository): Promise<ServePolicy> {
  const isOn = (key: string): boolean => repo.config.get(key) === 'true'
  const most = repo.config.get('receive.maxInputSize')
  return {
    denyNonFastForwards: isOn('receive.denyNonFastForwards'),
    denyDeletes: isOn('receive.denyDeletes'),
    ...(most !== undefined && { maxBytes: Number(most) }),
    checkedOut: await checkedOutIn(repo),
  }
}

async function checkedOutIn(repo: Repository): Promise<string | undefined> {
  if (repo.workTree === undefined) return undefined
  if (repo.config.get('receive.denyCurrentBranch') === 'ignore') return undefined
  const head = await readHead(repo)
  return 'ref' in head ? head.ref : undefined
}
