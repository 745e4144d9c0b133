import { join } from 'node:path'
import { writeCommit } from '../../src/core/commit.ts'
import { hashObject } from '../../src/core/id.ts'
import { EMPTY_TREE, updatePaths } from '../../src/core/tree.ts'
import { initRepository, initRepositoryFolder } from '../../src/plumbing/init-repository.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { temporaryFolder } from './temporary.ts'

const who = { name: 'A', email: 'a@example.com', seconds: 1_700_000_000, offsetMinutes: 0 }

/**
 * A repository with one commit that names these series, on `main`, `feature/x` and the tag `v1`.
 * The series themselves are not there: for what only needs names.
 */
export async function repositoryWithNames(names: readonly string[]): Promise<string> {
  const folder = temporaryFolder()
  await initRepositoryFolder(join(folder, '.varve'))
  const storage = openFileSystemStorage(join(folder, '.varve'))
  const { repo } = await initRepository({ storage, who })
  const batch = await repo.objects.begin()
  const id = hashObject('series', new Uint8Array())
  const tree = await updatePaths(
    batch,
    EMPTY_TREE,
    new Map(names.map((name) => [name, { kind: 'series' as const, id }])),
  )
  const commit = await writeCommit(batch, {
    tree,
    parents: [],
    author: who,
    committer: who,
    message: 'names\n',
  })
  const pack = await batch.publish()
  const { number: since } = await repo.refs.state()
  await repo.refs.append({
    updates: ['refs/heads/main', 'refs/heads/feature/x', 'refs/tags/v1'].map((name) => ({
      name,
      old: undefined,
      new: commit,
    })),
    who,
    message: 'names',
    packs: [pack!],
    // All that is needed is named: what is not there is left out on purpose.
    since,
  })
  await storage.close()
  return folder
}
