import fs, { readdirSync } from 'node:fs'
import { mkdtemp, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import { sweepTemporaryFiles } from '../../src/storage/durable.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { describeStorage } from '../contract/storage.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = temporaryFolder()
const newFolder = (): Promise<string> => mkdtemp(join(root, 'storage-'))

describeStorage('file system', async () => openFileSystemStorage(await newFolder()))

describe('file system storage', () => {
  it('flushes the file, then the folder of its name: two fsyncs an object', async () => {
    const folder = await newFolder()
    const synced: string[] = []
    const storage = openFileSystemStorage(folder, { onSync: (path) => synced.push(path) })
    await storage.putIfAbsent('log/1', Uint8Array.of(1))
    synced.length = 0
    await storage.putIfAbsent('log/2', Uint8Array.of(2))
    expect(synced).toHaveLength(2)
    expect(synced[0]).toMatch(/[\\/]tmp[\\/]/)
    expect(synced[1]).toBe(join(folder, 'log'))
  })

  it('begins to flush a long file while it is written, and flushes it once more before it has its name', async () => {
    const folder = await newFolder()
    const synced: string[] = []
    const storage = openFileSystemStorage(folder, { onSync: (path) => synced.push(path) })
    const writer = await storage.create()
    await writer.write(new Uint8Array(9 * 1024 * 1024))
    const temporary = synced.at(-1)
    expect(temporary).toMatch(/[\\/]tmp[\\/]/)
    synced.length = 0
    await writer.publish('packs/long')
    expect(synced[0]).toBe(temporary)
    expect(synced.at(-1)).toBe(join(folder, 'packs'))
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  })

  it('publishes nothing after a flush failed while it was written, though the next ones do not', async () => {
    const folder = await newFolder()
    const storage = openFileSystemStorage(folder)
    const writer = await storage.create()
    const spy = vi.spyOn(fs, 'fsync')
    spy.mockImplementationOnce((_, done) => {
      setImmediate(done, Object.assign(new Error('EIO'), { code: 'EIO' }))
    })
    for (let i = 0; i < 5; i++) await writer.write(new Uint8Array(9 * 1024 * 1024))
    await expect(writer.publish('packs/long')).rejects.toMatchObject({ code: 'io' })
    expect(spy).toHaveBeenCalledOnce()
    spy.mockRestore()
    expect([...readdirSync(folder), ...readdirSync(join(folder, 'tmp'))]).toEqual(['tmp'])
  })

  it('flushes the folders that it creates, in the folders above them', async () => {
    const folder = await newFolder()
    const synced: string[] = []
    const storage = openFileSystemStorage(join(folder, 'a', 'b'), {
      onSync: (path) => synced.push(path),
    })
    await storage.putIfAbsent('log/1', Uint8Array.of(1))
    expect(synced).toContain(folder)
    expect(synced).toContain(join(folder, 'a'))
    expect(synced).toContain(join(folder, 'a', 'b'))
  })

  it('leaves no temporary file, whoever wins', async () => {
    const folder = await newFolder()
    const storage = openFileSystemStorage(folder)
    const writers = await Promise.all([1, 2, 3].map(() => storage.create()))
    for (const writer of writers) await writer.write(Uint8Array.of(1))
    await Promise.all(writers.slice(1).map((writer) => writer.publish('packs/x')))
    await writers[0]!.discard()
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  })

  it('reads through few open files', async () => {
    const folder = await newFolder()
    const storage = openFileSystemStorage(folder, { openFiles: 4 })
    const names = Array.from({ length: 12 }, (_, i) => `packs/${i}`)
    const large = 200_000
    for (const [i, name] of names.entries()) {
      await storage.putIfAbsent(name, new Uint8Array(large).fill(i))
    }
    const before = openFiles()
    const found = await Promise.all(names.map((name) => storage.range(name, 0, large)))
    expect(found.map((bytes) => bytes[large - 1])).toEqual(names.map((_, i) => i))
    expect(openFiles() - before).toBeLessThanOrEqual(4)
    await storage.close()
    expect(openFiles()).toBe(before)
    expect((await storage.range('packs/7', 0, 1))[0]).toBe(7)
    await storage.close()
  })

  it('makes no room for what a file of holes says that it is', async () => {
    const folder = await newFolder()
    const storage = openFileSystemStorage(folder)
    await storage.putIfAbsent('log/1', Uint8Array.of(1))
    await truncate(join(folder, 'log', '1'), 2 ** 42)
    const refused = expect.objectContaining({ code: 'too-large' })
    await expect(storage.get('log/1')).rejects.toEqual(refused)
    await expect(storage.range('log/1', 8, 2 ** 41)).rejects.toEqual(refused)
    expect(await storage.range('log/1', 0, 2)).toEqual(Uint8Array.of(1, 0))
    await storage.close()
  })

  it('says permission-denied or io with the path', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'log'), 'a file where a folder should be')
    const storage = openFileSystemStorage(folder)
    await expect(storage.putIfAbsent('log/1', Uint8Array.of(1))).rejects.toSatisfy(
      (e) => hasCode(e, 'io') && e.message.includes(join(folder, 'log')),
    )
  })

  it('sweeps old leftovers of crashed writers and no young ones', async () => {
    const folder = await newFolder()
    const now = Date.now()
    await writeFile(join(folder, 'old'), 'x')
    await utimes(join(folder, 'old'), (now - 100_000) / 1000, (now - 100_000) / 1000)
    await writeFile(join(folder, 'young'), 'x')
    expect(await sweepTemporaryFiles(folder, now - 50_000)).toBe(1)
    expect(readdirSync(folder)).toEqual(['young'])
    expect(await sweepTemporaryFiles(join(folder, 'none'), now)).toBe(0)
  })
})

function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}
