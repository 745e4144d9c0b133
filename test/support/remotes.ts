import { join } from 'node:path'
import { VarveError } from '../../src/core/errors.ts'
import { openBundleSession } from '../../src/plumbing/bundle.ts'
import type { Connect } from '../../src/plumbing/connect.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { carryTo } from '../../src/plumbing/open-remote.ts'
import type { Repository, RepositoryParts } from '../../src/plumbing/repository.ts'
import { repositoryConfig } from '../../src/plumbing/repository-config.ts'
import { type CloneOptions, clone } from '../../src/porcelain/clone.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createMemoryPrivateFiles } from '../../src/storage/private-files.ts'
import { openWorkTree } from '../../src/storage/work-tree.ts'
import { openRemoteSession } from '../../src/transport/open-session.ts'
import { ann } from './repositories.ts'
import { committed, table } from './tables.ts'
import { temporaryFolder } from './temporary.ts'

export const who = ann(1_800_000_000)

/** Repositories in memory that reach each other by name; with a slash in it, a name is the file of a bundle. */
export function world() {
  const places = new Map<string, Repository>()
  const parts = (bare: boolean): RepositoryParts => {
    const storage = createMemoryStorage()
    const root = temporaryFolder()
    return {
      storage,
      privateFiles: createMemoryPrivateFiles(),
      workTree: bare ? undefined : openWorkTree(root, join(root, '.varve', 'tmp')),
      config: repositoryConfig(),
    }
  }
  const connect: Connect = async (repo, { url }) => {
    if (url.includes('/')) return openBundleSession(repo, url)
    const other = places.get(url)
    if (other === undefined) {
      throw new VarveError('not-a-repository', `there is no repository at ${url}`)
    }
    const client = { name: 'Ann', email: 'ann@example.com' }
    const carrier = await carryTo(other, { client, now: () => who, location: url })
    return openRemoteSession(repo, carrier)
  }
  return {
    connect,
    parts,
    /** An empty repository without a work tree. */
    async bare(name: string): Promise<Repository> {
      const { repo } = await initRepository({ ...parts(true), who })
      places.set(name, repo)
      return repo
    },
    /** A clone with a work tree. */
    async clone(url: string, name: string, options: Partial<CloneOptions> = {}) {
      const { repo } = await clone(parts(false), { url, connect, who, ...options })
      places.set(name, repo)
      return repo
    },
  }
}

/** Lays rows over the series `oil`, and commits. */
export async function writeOil(repo: Repository, rows: string): Promise<void> {
  await writeSeries(repo, {
    series: 'oil',
    input: table(`Date,Price\n${rows}`),
    create: true,
    commit: { author: who, committer: who, message: rows },
  })
}

/** The rows of the series `oil`, as its last commit has them. */
export async function readOil(repo: Repository): Promise<string> {
  return ((await committed(repo, 'oil')) ?? '').replace(/^[^\n]*\n/, '')
}
