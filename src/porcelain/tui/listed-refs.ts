import { subjectOf } from '../../core/commit.ts'
import { forEachRef } from '../../plumbing/for-each-ref.ts'
import { readHead } from '../../plumbing/head.ts'
import type { Repository } from '../../plumbing/repository.ts'
import type { ListedRef } from './view-data.ts'

/** Milliseconds between looks at whether refs moved. */
const HERE = 1000
const FAR_AWAY = 15_000

/** Branches, remote branches and tags that lead to commits, by their names. */
export async function listedRefs(repo: Repository): Promise<ListedRef[]> {
  const refs: ListedRef[] = []
  for (const ref of await forEachRef(repo, {
    patterns: ['refs/heads', 'refs/remotes', 'refs/tags'],
  })) {
    const { name: full, peeled, isHead } = ref
    const commit = ref.peeledCommit ?? ref.commit
    const [, folder, name] = /^refs\/(heads|remotes|tags)\/(.*)$/s.exec(full) ?? []
    if (commit === undefined || name === undefined) continue
    const kind = folder === 'heads' ? 'branch' : folder === 'tags' ? 'tag' : 'remote'
    const { seconds, offsetMinutes } = commit.committer
    const time = { seconds, offsetMinutes }
    refs.push({ kind, name, id: peeled?.id ?? ref.id, isHead, time, subject: subjectOf(commit) })
  }
  return refs
}

/** A wait that ends early where the signal is aborted. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>

/** Yields after a ref or HEAD moved. It looks at the end of the ref log once in a while: far away not often. */
export async function* refsMoved(
  repo: Repository,
  wait: Wait,
  signal: AbortSignal,
): AsyncGenerator<void> {
  const period = /^[a-z][a-z0-9]*:\/\//.test(repo.storage.location) ? FAR_AWAY : HERE
  const place = async () => {
    const head = await readHead(repo)
    return `${(await repo.refs.state()).number} ${JSON.stringify(head)}`
  }
  let last = await place()
  while (!signal.aborted) {
    await wait(period, signal)
    if (signal.aborted) return
    const found = await place()
    if (found === last) continue
    last = found
    yield
  }
}
