import { describe, expect, it } from 'vitest'
import { countObjects } from '../../src/plumbing/count-objects.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { ann } from '../support/repositories.ts'
import { table } from '../support/tables.ts'

async function commitRow(repo: Repository, i: number): Promise<void> {
  const commit = { author: ann(i), committer: ann(i), message: `${i}\n` }
  await writeSeries(repo, { series: 's', input: table(`n,v\n${i},${i}\n`), create: true, commit })
}

/** A repository of several packs, and a view of it that does something when a pack is read for the nth time. */
async function beside(nth: number, then: (storage: Storage, reads: number) => Promise<void>) {
  const storage = createMemoryStorage()
  const { repo } = await initRepository({ storage, who: ann(0) })
  for (let i = 1; i <= 4; i++) await commitRow(repo, i)
  let reads = 0
  const view = controlStorage(storage, {
    before: async (call, name) => {
      if (call === 'range' && name.startsWith('packs/') && ++reads % nth === 0) {
        await then(storage, reads)
      }
    },
  })
  return { storage, counted: assembleRepository({ storage: view }) }
}

/** Times that counting these objects reads a pack, at least. */
const READS = 12

describe('counting objects', () => {
  it('counts what there is when others have put packs together meanwhile', async () => {
    for (let nth = 1; nth <= READS; nth++) {
      let done = false
      const { storage, counted } = await beside(nth, async (storage) => {
        if (!done) await gc(assembleRepository({ storage }), { who: ann(900), now: 900_000 })
        done = true
      })
      const result = await countObjects(counted, { kinds: true })
      expect(done).toBe(true)
      expect(result).toEqual(await countObjects(assembleRepository({ storage }), { kinds: true }))
      expect(result.published.packs).toBe(1)
    }
  })

  it('says so when others leave no time for it', async () => {
    const { counted } = await beside(3, async (storage, reads) => {
      const writer = assembleRepository({ storage })
      await commitRow(writer, 100 + reads)
      await gc(writer, { who: ann(900), now: 900_000 })
    })
    await expect(countObjects(counted, { kinds: true })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('does not hide damage', async () => {
    const { storage, counted } = await beside(1, async () => undefined)
    const [first] = await storage.list('packs/')
    const bytes = (await storage.get(first!.name))!.slice()
    await storage.delete(first!.name)
    bytes[20] = bytes[20]! ^ 1
    await storage.putIfAbsent(first!.name, bytes)
    await expect(countObjects(counted, { kinds: true })).rejects.toMatchObject({
      code: 'corrupt-object',
    })
  })
})
