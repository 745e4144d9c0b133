import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import { bundleChild, startChild } from '../support/child.ts'
import { mountSmall } from '../support/small-disk.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { allEntries, idOf, moveOf } from '../support/transactions.ts'

const root = temporaryFolder()

async function newRepository(): Promise<string> {
  const folder = await mkdtemp(join(root, 'repository-'))
  await initRepositoryFolder(folder)
  return folder
}

describe('processes at once', () => {
  let script: string
  beforeAll(async () => {
    script = await bundleChild('storage-child.ts')
  })

  it('lose no acknowledged transaction', async () => {
    const folder = await newRepository()
    const children = Array.from({ length: 4 }, (_, i) =>
      startChild(script, ['append', folder, `child${i}`, '15']),
    )
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0, 0])
    const log = openRefLog(openFileSystemStorage(folder))
    const entries = await allEntries(log, false)
    expect(entries.map(({ number }) => number)).toEqual(entries.map((_, i) => i + 1))
    const written = entries.map(({ updates }) => updates[0]?.new).sort()
    const acknowledged = children.flatMap(({ lines }) => lines)
    expect(acknowledged).toHaveLength(4 * 18)
    expect(written).toEqual([...acknowledged].sort())
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  }, 60_000)

  it('killed at any moment leave a store that reads, with all that was acknowledged', async () => {
    const folder = await newRepository()
    const acknowledged: string[] = []
    for (let round = 0; round < 8; round++) {
      const child = startChild(script, ['commit', folder, `round${round}`])
      while (child.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, round * 7))
      child.process.kill('SIGKILL')
      await child.ended
      acknowledged.push(...child.lines)
    }
    const storage = openFileSystemStorage(folder)
    const objects = openObjectStore(storage, { verify: 'always' })
    const state = await openRefLog(storage).state()
    for (const id of acknowledged) expect((await objects.readAny(id as Id)).kind).toBe('tree')
    for (const id of state.refs.values()) expect((await objects.readAny(id)).kind).toBe('tree')
    for (const { name } of await objects.packs()) {
      expect(await objects.verifyPack(name)).toEqual([])
    }
    const batch = await objects.begin()
    await batch.put('blob', Buffer.from('and it goes on'))
    expect(await batch.publish()).toBeDefined()
    await storage.close()
  }, 60_000)
})

describe('a full disk', () => {
  const mount = join(root, 'small')
  let mounted = false
  beforeAll(async () => {
    await mkdir(mount)
    mounted = mountSmall(mount)
  })
  afterAll(() => {
    if (mounted) execFileSync('umount', [mount])
  })

  it('fails with disk-full, changes nothing, and the same again works once there is room', async (context) => {
    if (!mounted) context.skip()
    const folder = join(mount, 'repository')
    await initRepositoryFolder(folder)
    const storage = openFileSystemStorage(folder)
    const objects = openObjectStore(storage)
    const log = openRefLog(storage)
    await log.append(moveOf('refs/heads/main', undefined, idOf('1')))
    const noise = Buffer.alloc(1_500_000)
    for (let at = 0; at < noise.length; at += 4) noise.writeInt32LE(Math.imul(at, 2654435761), at)
    const ballast = await storage.create()
    await ballast.write(noise.subarray(0, 1_000_000))

    const full = (e: unknown): boolean => hasCode(e, 'disk-full')
    const batch = await objects.begin()
    const failing = async (): Promise<unknown> => {
      await batch.put('blob', noise)
      return batch.publish()
    }
    await expect(failing()).rejects.toSatisfy(full)
    await batch.discard()
    expect(await objects.packs()).toEqual([])
    expect(readdirSync(join(folder, 'tmp'))).toHaveLength(1)

    const filler = await storage.create()
    await expect(
      (async () => {
        for (;;) await filler.write(Buffer.alloc(4096))
      })(),
    ).rejects.toSatisfy(full)
    await expect(log.append(moveOf('refs/heads/main', idOf('1'), idOf('2')))).rejects.toSatisfy(
      full,
    )
    expect((await log.state()).number).toBe(1)
    await filler.discard()
    await ballast.discard()

    const again = await objects.begin()
    await again.put('blob', noise)
    expect(await again.publish()).toBeDefined()
    expect((await log.append(moveOf('refs/heads/main', idOf('1'), idOf('2')))).number).toBe(2)
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
    await storage.close()
  })
})
