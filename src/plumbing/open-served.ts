import { join } from 'node:path'
import { parseConfig } from '../core/config-file.ts'
import { isServeKey } from '../core/config-values.ts'
import { openFileSystemStorage } from '../storage/file-system.ts'
import { openPrivateFiles, type PrivateFiles } from '../storage/private-files.ts'
import type { RepositoryFolder } from '../storage/repository-folder.ts'
import { openWorkTree } from '../storage/work-tree.ts'
import type { Client, ServedRepository, ServePolicy } from '../transport/served-repository.ts'
import { openRepositoryParts } from './repository.ts'
import { type RepositoryConfig, repositoryConfig } from './repository-config.ts'
import { readServePolicy } from './serve-policy.ts'

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
 * Opens a repository to be served. Of its configuration only what it says of pushes is read: whoever owns the folder
 * is not whoever runs the server. `not-a-repository` where the folder holds none.
 */
export async function openServed(
  { folder, workTree }: RepositoryFolder,
  { policy, client, now }: OpenServedOptions,
): Promise<OpenServed> {
  const storage = openFileSystemStorage(folder)
  try {
    const own = openPrivateFiles(folder)
    const repo = await openRepositoryParts({
      storage,
      config: await serveConfig(own, join(folder, 'config')),
      ...(workTree !== undefined && {
        privateFiles: own,
        workTree: openWorkTree(workTree, join(folder, 'tmp')),
      }),
    })
    const wanted = await readServePolicy(repo)
    const limits = [wanted.maxBytes, policy.maxBytes].filter((limit) => limit !== undefined)
    return {
      place: {
        repo,
        policy: {
          ...wanted,
          ...policy,
          maxBytes: limits.length === 0 ? undefined : Math.min(...limits),
        },
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

async function serveConfig(own: PrivateFiles, file: string): Promise<RepositoryConfig> {
  const bytes = await own.read('config')
  if (bytes === undefined) return repositoryConfig()
  const entries = parseConfig(Buffer.from(bytes).toString('utf8'), file)
  return repositoryConfig({ own: entries.filter(({ key }) => isServeKey(key)) })
}
