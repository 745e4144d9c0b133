import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { openServed, type ServePolicy } from '../../src/plumbing/open-served.ts'
import { openRepositoryParts } from '../../src/plumbing/repository.ts'
import { bucketFiles } from '../../src/storage/far-files.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import { ann } from '../support/repositories.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function policyOf(config: string, policy: ServePolicy): Promise<ServePolicy> {
  const folder = join(temporaryFolder(), 'prices.varve')
  await initRepositoryFolder(folder)
  await initRepository({ storage: openFileSystemStorage(folder), who: ann(0) })
  writeFileSync(join(folder, 'config'), config)
  const client = { name: 'Ann', email: '' }
  const { place, close } = await openServed({ folder }, { policy, client, now: () => ann(0) })
  await close()
  return place.policy
}

describe('a bucket without a repository', () => {
  it('is said to be one, with the command that makes it', async () => {
    const storage = createMemoryStorage('s3://bucket/prices/')
    await expect(
      openRepositoryParts({ storage, farFiles: bucketFiles(storage) }),
    ).rejects.toMatchObject({
      message: 's3://bucket/prices is not a repository',
      hint: '`varve init --bare s3://bucket/prices` makes one',
    })
  })
})

describe('a repository that is served', () => {
  it('is pushed to as its owner says, and within the limit of the server', async () => {
    const config = '[receive]\n\tdenyDeletes = yes\n\tmaxInputSize = 1m\n'
    const served = await policyOf(config, { readOnly: false, maxBytes: undefined })
    expect(served).toMatchObject({ readOnly: false, denyDeletes: true, maxBytes: 1 << 20 })
    expect(served.denyNonFastForwards).toBe(false)
    expect(await policyOf(config, { maxBytes: 1000 })).toMatchObject({ maxBytes: 1000 })
    expect(await policyOf('', { maxBytes: 1000 })).toMatchObject({ maxBytes: 1000 })
  })

  it('is not opened where a limit cannot be understood', async () => {
    const error = { code: 'invalid-value', message: expect.stringContaining('maxInputSize') }
    await expect(policyOf('[receive]\n\tmaxInputSize = much\n', {})).rejects.toMatchObject(error)
  })
})
