import { join } from 'node:path'
import { initRepository, initRepositoryFolder } from '../../src/plumbing/init-repository.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { openPrivateFiles } from '../../src/storage/private-files.ts'
import { openWorkTree } from '../../src/storage/work-tree.ts'
import { temporaryFolder } from './temporary.ts'

const who = { name: 'A', email: 'a@example.com', seconds: 1_700_000_000, offsetMinutes: 0 }

/** A new folder with an empty repository in its `.varve`; returns the folder. */
export async function newWorkTree(): Promise<string> {
  const root = temporaryFolder()
  const folder = join(root, '.varve')
  await initRepositoryFolder(folder)
  const storage = openFileSystemStorage(folder)
  await initRepository({
    storage,
    privateFiles: openPrivateFiles(folder),
    workTree: openWorkTree(root, join(folder, 'tmp')),
    who,
  })
  await storage.close()
  return root
}
