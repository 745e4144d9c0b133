import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client, SFTPWrapper } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository, openRepositoryParts } from '../../src/plumbing/repository.ts'
import { readServePolicy } from '../../src/plumbing/serve-policy.ts'
import type { FarStorage } from '../../src/storage/far-files.ts'
import { openSftpStorage } from '../../src/storage/sftp-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { openLocalCarrier } from '../../src/transport/local-carrier.ts'
import { openSftp } from '../../src/transport/open-sftp.ts'
import { parseRemoteUrl, type SshUrl } from '../../src/transport/remote-url.ts'
import { connectBuiltIn } from '../../src/transport/ssh-builtin.ts'
import { describeCarrier } from '../contract/carrier.ts'
import { describeStorage } from '../contract/storage.ts'
import { effort } from '../support/effort.ts'
import { ann } from '../support/repositories.ts'
import { hasSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { surroundings } from '../support/surroundings.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { served } from '../support/transfer.ts'

describe.skipIf(!hasSshd)('a folder reached by SFTP', () => {
  let sshd: Sshd
  const opened: Storage[] = []
  let connection: Client | undefined
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(async () => {
    for (const storage of opened) await storage.close()
    connection?.end()
  })

  async function open(folder = temporaryFolder(), { port, user, home } = sshd): Promise<Storage> {
    const url = parseRemoteUrl(`sftp://${user}@127.0.0.1:${port}${folder}`) as SshUrl
    const { storage } = await openSftp(url, surroundings({ home }))
    opened.push(storage)
    return storage
  }

  // A connection takes longer than most of what is asked over it: one serves all of these.
  let shared: SFTPWrapper | undefined
  const openShared = async (folder = temporaryFolder()) => (await openFar(folder)).storage
  async function openFar(folder: string): Promise<FarStorage> {
    if (shared === undefined) {
      const url = parseRemoteUrl(`sftp://${sshd.user}@127.0.0.1:${sshd.port}/tmp`) as SshUrl
      const { client } = await connectBuiltIn(url, surroundings({ home: sshd.home }))
      shared = await new Promise<SFTPWrapper>((resolve, reject) => {
        client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)))
      })
      connection = client
    }
    return openSftpStorage(shared, { location: 'sftp:', folder, close: () => undefined })
  }

  describeStorage('SFTP', openShared)

  it('lists no deeper than anything lies, however deep folders are', async () => {
    const folder = temporaryFolder()
    const deep = join(folder, 'packs', ...Array.from({ length: 200 }, () => 'f'))
    mkdirSync(deep, { recursive: true })
    writeFileSync(join(deep, 'a.pack'), '')
    writeFileSync(join(folder, 'packs', 'b.pack'), '')
    const listed = await (await openShared(folder)).list('packs/')
    expect(listed.map(({ name }) => name)).toEqual(['packs/b.pack'])
  })

  describeCarrier('SFTP', {
    serve: async () => {
      const folder = temporaryFolder()
      const { repo } = await initRepository({ storage: await openShared(folder), who: ann(0) })
      const another = async () => assembleRepository({ storage: await openShared(folder) })
      return { repo, open: async () => openLocalCarrier(served(await another())) }
    },
    commitsEach: effort({ quick: 1, usual: 1, nightly: 25 }),
    clients: effort({ quick: 2, usual: 3, nightly: 8 }),
    everyCut: effort({ quick: 200, usual: 100, nightly: 1 }),
  })

  it('reads what the repository says of pushes, and the branch that its work tree stands on', async () => {
    const folder = temporaryFolder()
    const { storage, files } = await openFar(folder)
    await initRepository({ storage, who: ann(0) })
    const policy = () => readServePolicy(assembleRepository({ storage, farFiles: files }))
    const nothing = { denyDeletes: false, denyDeleteCurrent: true, checkedOut: undefined }
    expect(await policy()).toMatchObject(nothing)
    writeFileSync(join(folder, 'config'), '[receive]\n\tdenyDeletes = true\n[core]\n\tx = y\n')
    writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/work\n')
    expect(await policy()).toMatchObject({ denyDeletes: true, checkedOut: 'refs/heads/work' })
    writeFileSync(join(folder, 'config'), 'x'.repeat(1024 * 1024 + 1))
    await expect(policy()).rejects.toMatchObject({ code: 'too-large' })
  })

  it('names the repository of a work tree', async () => {
    const folder = temporaryFolder()
    const { storage, files } = await openFar(folder)
    mkdirSync(join(folder, '.varve'))
    writeFileSync(join(folder, '.varve', 'HEAD'), 'ref: refs/heads/main\n')
    await expect(openRepositoryParts({ storage, farFiles: files })).rejects.toMatchObject({
      code: 'not-a-repository',
      hint: 'it is a work tree, and its repository is sftp:/.varve',
    })
  })

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
