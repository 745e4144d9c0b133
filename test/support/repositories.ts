import { join } from 'node:path'
import { type Commit, type Signature, writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import type { ObjectWriter } from '../../src/core/objects.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { repositoryConfig } from '../../src/plumbing/repository-config.ts'
import { updateRef } from '../../src/plumbing/update-ref.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createMemoryPrivateFiles } from '../../src/storage/private-files.ts'
import { openWorkTree } from '../../src/storage/work-tree.ts'
import { temporaryFolder } from './temporary.ts'

/** Ann, at a second since 1970. */
export function ann(seconds: number, offsetMinutes = 0): Signature {
  return { name: 'Ann', email: 'ann@example.com', seconds, offsetMinutes }
}

export interface NewRepositoryOptions {
  /** With a work tree in a temporary folder, and so with a HEAD of its own. */
  readonly workTree?: boolean
  readonly config?: ReadonlyMap<string, string>
}

/** An empty repository in memory. */
export async function newRepository(options: NewRepositoryOptions = {}): Promise<Repository> {
  const root = options.workTree ? temporaryFolder() : undefined
  const { repo } = await initRepository({
    storage: createMemoryStorage(),
    privateFiles: createMemoryPrivateFiles(),
    workTree: root === undefined ? undefined : openWorkTree(root, join(root, '.varve', 'tmp')),
    config: repositoryConfig({
      own: [...(options.config ?? [])].map(([key, value]) => ({ key, value })),
    }),
    who: ann(0),
  })
  return repo
}

export interface PlainCommit {
  readonly parents?: readonly Id[]
  /** Of author and committer. */
  readonly seconds: number
  readonly message?: string
  readonly tree?: Id
}

/** Stores a commit of the empty tree, unless told otherwise, with its date as it is. */
export async function putCommit(writer: ObjectWriter, plain: PlainCommit): Promise<Id> {
  const { parents = [], seconds, message = `at ${seconds}\n`, tree = EMPTY_TREE } = plain
  const commit: Commit = { tree, parents, author: ann(seconds), committer: ann(seconds), message }
  return writeCommit(writer, commit)
}

/** Stores commits in one pack; each may name those before it by their positions. */
export async function storeCommits(
  repo: Repository,
  commits: readonly {
    readonly parents?: readonly number[]
    readonly seconds: number
    readonly message?: string
    readonly tree?: Id
  }[],
): Promise<Id[]> {
  const batch = await repo.objects.begin()
  if (commits.some(({ tree }) => tree === undefined)) await batch.put('tree', Uint8Array.of(0, 0))
  const ids: Id[] = []
  for (const { parents = [], ...rest } of commits) {
    ids.push(await putCommit(batch, { ...rest, parents: parents.map((at) => ids[at]!) }))
  }
  await batch.publish()
  return ids
}

/** Sets refs, wherever they are. */
export async function setRefs(
  repo: Repository,
  refs: Readonly<Record<string, Id | undefined>>,
  seconds = 0,
): Promise<void> {
  const changes = Object.entries(refs).map(([ref, id]) => ({ ref, new: id }))
  await updateRef(repo, { changes, who: ann(seconds), message: 'set' })
}

/** A line of commits, a day apart from `first` seconds on, with main at the last one. */
export async function linearHistory(
  repo: Repository,
  count: number,
  first = 86_400,
): Promise<Id[]> {
  const ids = await storeCommits(
    repo,
    Array.from({ length: count }, (_, at) => ({
      parents: at === 0 ? [] : [at - 1],
      seconds: first + at * 86_400,
      message: `commit ${at}\n`,
    })),
  )
  await setRefs(repo, { 'refs/heads/main': ids.at(-1) })
  return ids
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
