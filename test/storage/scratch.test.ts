import { readdirSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { createScratch } from '../../src/storage/scratch.ts'
import { openSpill } from '../../src/storage/spill.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = temporaryFolder()
const noise = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 5000 }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 11) & 0xff)

describe('scratch', () => {
  it('lays new objects over a store, in memory and then in a file, and publishes none', async () => {
    const folder = await mkdtemp(join(root, 'spill-'))
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const batch = await store.begin()
    const stored = await batch.put('blob', noise(-1))
    await batch.publish()
    const scratch = createScratch(store, { spill: openSpill(folder), memoryLimit: 20_000 })
    const ids: Id[] = []
    for (let i = 0; i < 20; i++) {
      const own = i % 2 === 0 ? noise(i) : Buffer.from(noise(i))
      ids.push(await scratch.put('blob', own))
      own.fill(0)
    }
    expect(await scratch.put('blob', noise(3))).toBe(ids[3])
    for (const [i, id] of ids.entries()) {
      expect(Buffer.compare(await scratch.read(id, 'blob'), noise(i))).toBe(0)
    }
    expect(await scratch.has(stored)).toBe(true)
    expect(Buffer.compare(await scratch.read(stored, 'blob'), noise(-1))).toBe(0)
    expect(await scratch.has(ids[0]!)).toBe(true)
    expect(await store.has(ids[0]!, { fresh: true })).toBe(false)
    await expect(scratch.read(ids[0]!, 'tree')).rejects.toSatisfy((e) =>
      hasCode(e, 'corrupt-object'),
    )
    await scratch.discard()
    expect(await scratch.has(ids[0]!)).toBe(false)
    expect(await storage.list('packs/')).toHaveLength(1)
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('spill', () => {
  it('gives back what was set aside and leaves no file', async () => {
    const folder = await mkdtemp(join(root, 'spill-'))
    const file = await openSpill(folder).create()
    await file.write(Uint8Array.of(1, 2, 3))
    await file.write(Uint8Array.of(4, 5))
    expect(await file.range(1, 3)).toEqual(Uint8Array.of(2, 3, 4))
    await expect(file.range(3, 3)).rejects.toSatisfy((e) => hasCode(e, 'io'))
    // Nothing to remove even when the process is killed now.
    if (process.platform !== 'win32') expect(readdirSync(folder)).toEqual([])
    await file.discard()
    await file.discard()
    expect(readdirSync(folder)).toEqual([])
    await expect(file.range(0, 1)).rejects.toSatisfy((e) => hasCode(e, 'io'))
  })
})
