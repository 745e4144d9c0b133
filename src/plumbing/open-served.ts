import { openFileSystemStorage } from '../storage/file-system.ts'
import { openPrivateFiles } from '../storage/private-files.ts'
import type { RepositoryFolder } from '../storage/repository-folder.ts'
import type { Client, ServedRepository, ServePolicy } from '../transport/served-repository.ts'
import { readHead } from './head.ts'
import { openRepositoryParts } from './repository.ts'

export type { Client, ServePolicy } from '../transport/served-repository.ts'

export interface OpenServedOptions {
  readonly policy: ServePolicy
  readonly client: Client
  readonly now: ServedRepository['now']
}

/** A repository of this machine that others are served from, and how it is let go of. */
export interface OpenServed {
  readonly place: ServedRepository
  close(): Promise<void>
}

/**
 * Opens a repository to be served. Nothing of its configuration is read; the branch that its work tree stands on is
 * left alone. `not-a-repository` where the folder holds none.
 */
export async function openServed(
  { folder, workTree }: RepositoryFolder,
  { policy, client, now }: OpenServedOptions,
): Promise<OpenServed> {
  const storage = openFileSystemStorage(folder)
  try {
    const privateFiles = workTree === undefined ? undefined : openPrivateFiles(folder)
    const repo = await openRepositoryParts({ storage, privateFiles })
    const head = privateFiles === undefined ? undefined : await readHead(repo)
    const checkedOut = head !== undefined && 'ref' in head ? head.ref : undefined
    return {
      place: {
        repo,
        policy: { ...policy, ...(checkedOut !== undefined && { checkedOut }) },
        client,
        now,
      },
      close: () => storage.close(),
    }
  } catch (error) {
    await storage.close()
    throw error
  }
}
