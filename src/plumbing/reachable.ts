import { readCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { type Reference, walkReferences } from '../core/references.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { commitsOfBisect, readBisect } from './bisect-state.ts'
import { readHead } from './head.ts'
import { hasIndex, type IndexState, readStoredIndex } from './index-state.ts'
import { commitsOf, readMergeState } from './merge-state.ts'
import { newestFirst } from './newest-first.ts'
import type { Repository } from './repository.ts'

type LogEntry = Awaited<ReturnType<Repository['refs']['append']>>

export interface ReachableOptions {
  /** Seconds since 1970: what only entries of the ref log before this lead to is not reachable. */
  readonly reflogSince: number
  readonly signal?: AbortSignal | undefined
}

/** What is reachable, as of one state of the ref log. */
export interface Reachable {
  /** The number of the state. */
  readonly number: number
  /** The newest first. What an object names is in it, but for parents that are left out. */
  readonly ids: ReadonlySet<Id>
}

/**
 * The ids of all that refs, HEAD, the index and the ref log lead to. An entry of the log is as good as not there
 * where it is older than asked for, where what it names has gone, or where it names a commit that `trim` left
 * out. `object-not-found` where something is missing that anything else leads to.
 */
export async function reachable(repo: Repository, options: ReachableOptions): Promise<Reachable> {
  const { number, shallow } = await repo.refs.state()
  const ids = new Set(await newestFirst(repo, options.signal))
  const walk = new Walk(repo, ids, shallow, options.signal)
  for (const root of await privateRoots(repo)) await walk.enter(root)
  const forgotten = await forgottenCommits(repo, ids, shallow)
  for await (const entry of repo.refs.entries({ newestFirst: true })) {
    if (entry.number > number || entry.who.seconds < options.reflogSince) continue
    for (const root of rootsOf(entry)) {
      if (ids.has(root.id) || forgotten.has(root.id)) continue
      try {
        const kind = root.kind ?? (await repo.objects.readAny(root.id)).kind
        await walk.enter({ id: root.id, kind })
      } catch (error) {
        if (!hasCode(error, 'object-not-found')) throw error
      }
    }
  }
  return { number, ids }
}

/** What one work tree leads to beside refs: a detached HEAD, a merge or a search that is going on, and what is staged. */
export async function privateRoots(repo: Repository): Promise<Reference[]> {
  const head = await readHead(repo)
  const found: Reference[] = 'id' in head ? [{ kind: 'commit', id: head.id }] : []
  const merge = await readMergeState(repo)
  for (const id of merge === undefined ? [] : commitsOf(merge)) {
    found.push({ kind: 'commit', id })
  }
  if (merge !== undefined && merge.tree !== EMPTY_TREE) {
    found.push({ kind: 'tree', id: merge.tree })
  }
  const bisect = await readBisect(repo)
  for (const id of bisect === undefined ? [] : commitsOfBisect(bisect)) {
    found.push({ kind: 'commit', id })
  }
  const index = await storedIndex(repo)
  if (index === undefined) return found
  if (index.tree !== EMPTY_TREE) found.push({ kind: 'tree', id: index.tree })
  if (index.base !== undefined) found.push({ kind: 'commit', id: index.base })
  for (const { id } of index.files.values()) found.push({ kind: 'series', id })
  return found
}

export async function storedIndex(repo: Repository): Promise<IndexState | undefined> {
  return hasIndex(repo) ? (await readStoredIndex(repo)).state : undefined
}

/** What an entry of the log names. */
export function rootsOf({ updates, head, index }: LogEntry): { id: Id; kind?: 'tree' }[] {
  const ids = updates.flatMap(({ old, new: next }) => [next, old])
  for (const text of [head?.new, head?.old]) if (text !== undefined && isId(text)) ids.push(text)
  const found: { id: Id; kind?: 'tree' }[] = []
  for (const id of ids) if (id !== undefined) found.push({ id })
  if (index?.old !== undefined && index.old !== EMPTY_TREE)
    found.push({ id: index.old, kind: 'tree' })
  return found
}

/** The commits behind those whose parents are left out, as far as they are there, which nothing in `ids` needs. */
export async function forgottenCommits(
  repo: Repository,
  ids: ReadonlySet<Id>,
  shallow: ReadonlySet<Id>,
): Promise<Set<Id>> {
  const forgotten = new Set<Id>()
  const pending: Id[] = []
  const addParents = async (id: Id): Promise<void> => {
    const commit = await commitIfThere(repo, id)
    pending.push(...(commit ?? []))
  }
  for (const id of shallow) await addParents(id)
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (ids.has(id) || forgotten.has(id)) continue
    forgotten.add(id)
    await addParents(id)
  }
  return forgotten
}

async function commitIfThere(repo: Repository, id: Id): Promise<readonly Id[] | undefined> {
  try {
    return (await readCommit(repo.objects, id)).parents
  } catch (error) {
    if (hasCode(error, 'object-not-found')) return undefined
    throw error
  }
}

class Walk {
  readonly #repo: Repository
  readonly #ids: Set<Id>
  readonly #shallow: ReadonlySet<Id>
  readonly #signal: AbortSignal | undefined

  constructor(
    repo: Repository,
    ids: Set<Id>,
    shallow: ReadonlySet<Id>,
    signal: AbortSignal | undefined,
  ) {
    this.#repo = repo
    this.#ids = ids
    this.#shallow = shallow
    this.#signal = signal
  }

  /** Adds what a root leads to; what was added before is not gone into again. */
  async enter(root: Reference): Promise<void> {
    const commits: Id[] = []
    await this.#enter(root, commits)
    for (let id = commits.pop(); id !== undefined; id = commits.pop()) {
      if (this.#ids.has(id)) continue
      this.#ids.add(id)
      const { tree, parents } = await readCommit(this.#repo.objects, id)
      if (!this.#shallow.has(id)) commits.push(...parents)
      await this.#enter({ kind: 'tree', id: tree }, commits)
    }
  }

  /** All but commits, which are gathered. */
  async #enter(root: Reference, commits: Id[]): Promise<void> {
    await walkReferences(this.#repo.objects, root, async ({ kind, id }) => {
      if (this.#signal?.aborted) throw new VarveError('interrupted', 'interrupted')
      if (this.#ids.has(id)) return false
      if (kind === 'commit') commits.push(id)
      else this.#ids.add(id)
      return kind !== 'commit' && id !== EMPTY_TREE
    })
  }
}
