import type { Id } from '../core/id.ts'
import { readHead } from './head.ts'
import { storedIndex } from './reachable.ts'
import type { Repository } from './repository.ts'
import { peelObject } from './resolve-revision.ts'

export interface HistoryTips {
  /** Commits that branches and HEAD are at. */
  readonly branches: readonly Id[]
  /** Those that tags and the like, and the index, are at. */
  readonly others: readonly Id[]
}

/** The commits from which history is walked. */
export async function historyTips(repo: Repository): Promise<HistoryTips> {
  const [branches, others]: [Id[], Id[]] = [[], []]
  for (const [name, id] of (await repo.refs.state()).refs) {
    const peeled = await peelObject(repo, id, 'any')
    if ((await repo.objects.readAny(peeled)).kind !== 'commit') continue
    const isBranch = name.startsWith('refs/heads/') || name.startsWith('refs/remotes/')
    ;(isBranch ? branches : others).push(peeled)
  }
  const head = await readHead(repo)
  if ('id' in head) branches.push(head.id)
  const base = (await storedIndex(repo))?.base
  if (base !== undefined) others.push(base)
  return { branches, others }
}
