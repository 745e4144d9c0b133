import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { headText, readHead } from '../../src/plumbing/head.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { collect } from './repositories.ts'

export interface Snapshot {
  readonly head: string
  readonly refs: Readonly<Record<string, string>>
  readonly index: string
  /** Series that have files. */
  readonly shown: readonly string[]
  /** What the files in the work tree hold, by path. */
  readonly files: Readonly<Record<string, string>>
}

/** All of a repository and its work tree that operations move. */
export async function snapshot(repo: Repository): Promise<Snapshot> {
  const { state } = await readIndex(repo)
  const root = repo.workTree!.root
  const files = await collect(repo.workTree!.list())
  return {
    head: headText(await readHead(repo)),
    refs: Object.fromEntries([...(await repo.refs.state()).refs].sort()),
    index: state.tree,
    shown: [...state.files.keys()].sort(),
    files: Object.fromEntries(
      files.map(({ path }) => [path, readFileSync(join(root, path), 'utf8')]),
    ),
  }
}
