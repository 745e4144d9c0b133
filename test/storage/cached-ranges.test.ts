import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cacheRanges } from '../../src/storage/cached-ranges.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { describeStorage } from '../contract/storage.ts'
import { temporaryFolder } from '../support/temporary.ts'

describeStorage('memory behind a cache', async () =>
  cacheRanges(createMemoryStorage(), { folder: temporaryFolder(), limit: 1e8 }),
)

describe('ranges that are kept', () => {
  const pack = `packs/${'ab'.repeat(32)}.pack`

  it('are asked for once, and again where their bytes changed', async () => {
    const content = randomBytes(1_000_000)
    const asked: [number, number][] = []
    const far = {
      location: 'far:',
      size: async () => content.length,
      range: async (_: string, offset: number, length: number) => {
        asked.push([offset, length])
        return new Uint8Array(content.subarray(offset, offset + length))
      },
      close: async () => undefined,
    } as unknown as Storage
    const folder = temporaryFolder()
    const read = async (offset: number, length: number) => {
      const storage = cacheRanges(far, { folder, limit: 1e8 })
      const found = await storage.range(pack, offset, length)
      expect(Buffer.compare(found, content.subarray(offset, offset + length))).toBe(0)
      await storage.close()
    }
    await read(300_000, 10)
    await read(262_000, 300)
    await read(0, 1_000_000)
    await read(999_999, 1)
    expect(asked).toEqual([
      [262_144, 262_144],
      [0, 262_144],
      [524_288, 475_712],
    ])
    const [place] = readdirSync(folder)
    for (const name of readdirSync(join(folder, place!))) {
      const path = join(folder, place!, name)
      const bytes = readFileSync(path)
      bytes[100]! ^= 1
      writeFileSync(path, bytes)
    }
    await read(0, 1_000_000)
    expect(asked).toHaveLength(4)
  })

  it('are not those of another server with a place of the same name', async () => {
    const folder = temporaryFolder()
    const first = createMemoryStorage()
    const second = createMemoryStorage()
    await first.putIfAbsent(pack, Buffer.from('what one server says'))
    await second.putIfAbsent(pack, Buffer.from('what another says...'))
    const read = (storage: Storage, server: string) =>
      cacheRanges(storage, { folder, limit: 1e8, server }).range(pack, 0, 20)

    expect(Buffer.from(await read(first, 'https://one')).toString()).toBe('what one server says')
    expect(Buffer.from(await read(second, 'https://two')).toString()).toBe('what another says...')
  })

  it('come to no more than the limit', async () => {
    const far = {
      location: 'far:',
      size: async () => 2_000_000,
      range: async (_: string, __: number, length: number) => new Uint8Array(length),
      close: async () => undefined,
    } as unknown as Storage
    const folder = temporaryFolder()
    const storage = cacheRanges(far, { folder, limit: 600_000 })
    await storage.range(pack, 0, 2_000_000)
    await storage.close()
    const [place] = readdirSync(folder)
    expect(readdirSync(join(folder, place!))).toHaveLength(2)
  })
})
