import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { openSftp } from '../../src/transport/open-sftp.ts'
import { parseRemoteUrl, type SshUrl } from '../../src/transport/remote-url.ts'
import { describeStorage } from '../contract/storage.ts'
import { hasSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { surroundings } from '../support/surroundings.ts'
import { temporaryFolder } from '../support/temporary.ts'

describe.skipIf(!hasSshd)('a folder reached by SFTP', () => {
  let sshd: Sshd
  const opened: Storage[] = []
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(async () => {
    for (const storage of opened) await storage.close()
  })

  async function open(folder = temporaryFolder(), { port, user, home } = sshd): Promise<Storage> {
    const url = parseRemoteUrl(`sftp://${user}@127.0.0.1:${port}${folder}`) as SshUrl
    const storage = await openSftp(url, surroundings({ home }))
    opened.push(storage)
    return storage
  }

  describeStorage('SFTP', open)

  it('takes a large object and gives it back, from files of any length', async () => {
    const folder = join(temporaryFolder(), 'deep', 'er')
    mkdirSync(join(folder, '..'))
    const storage = await open(folder)
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 7919) >> 8)
    const writer = await storage.create()
    await writer.write(bytes)
    expect(await writer.publish('packs/large.pack')).toBe(true)
    const found = await storage.get('packs/large.pack')
    expect(Buffer.compare(found!, bytes)).toBe(0)
    const part = await storage.range('packs/large.pack', 1_234_567, 777_777)
    expect(Buffer.compare(part, bytes.subarray(1_234_567, 2_012_344))).toBe(0)
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  })

  it('says so where the server links nothing, and where it offers no files', async () => {
    const noLinks = await startSshd(['Match all', '  ForceCommand internal-sftp -P hardlink'])
    const folder = temporaryFolder()
    const storage = await open(folder, noLinks)
    expect(await storage.get('log/1')).toBeUndefined()
    await expect(storage.putIfAbsent('log/1', Uint8Array.of(1))).rejects.toMatchObject({
      code: 'refused',
    })
    expect(await storage.size('log/1')).toBeUndefined()
    const none = await startSshd(['Match all', '  ForceCommand exit 1'])
    await expect(open(folder, none)).rejects.toMatchObject({ code: 'refused' })
  })
})
