import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { walkReferences } from '../../src/core/references.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { updateRef } from '../../src/plumbing/update-ref.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { reflog } from '../../src/porcelain/reflog.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { ann, collect } from '../support/repositories.ts'
import { table } from '../support/tables.ts'
import { temporaryFolder } from '../support/temporary.ts'

const options = { who: ann(900), now: 900_000 }

async function commitRows(repo: Repository, i: number, rows = 1): Promise<void> {
  const commit = { author: ann(i), committer: ann(i), message: `${i}\n` }
  const lines = Array.from({ length: rows }, (_, row) => `${i + row},${(i * 37 + row * 11) % 101}`)
  const input = table(`n,v\n${lines.join('\n')}\n`)
  await writeSeries(repo, { series: i % 3 === 0 ? 'a/one' : 'two', input, create: true, commit })
}

/** A history of many versions, something staged by somebody, and something nobody leads to. */
async function history(storage: Storage = createMemoryStorage()) {
  const { repo } = await initRepository({ storage, who: ann(0) })
  await commitRows(repo, 1, 2_000)
  await commitRows(repo, 3, 2_000)
  for (let i = 4; i < 24; i++) await commitRows(repo, i)
  const main = (await repo.refs.state()).refs.get('refs/heads/main')!
  await commitRows(repo, 30)
  const lost = (await repo.refs.state()).refs.get('refs/heads/main')!
  const changes = [{ ref: 'refs/heads/main', new: main }]
  await updateRef(repo, { changes, who: ann(31), message: 'back' })
  const batch = await repo.objects.begin()
  const staged = await batch.put('blob', Buffer.from('staged'))
  return { storage, main, lost, staged, pack: (await batch.publish())! }
}

async function problemsOf(storage: Storage): Promise<unknown[]> {
  const found = await collect(fsck(assembleRepository({ storage })))
  return found.filter(({ kind }) => kind === 'problem')
}

async function everything(storage: Storage): Promise<Map<Id, string>> {
  const { objects } = assembleRepository({ storage })
  const all = new Map<Id, string>()
  for await (const { id } of objects.objects()) {
    const { kind, bytes } = await objects.readAny(id)
    all.set(id, `${kind} ${Buffer.from(bytes).toString('latin1')}`)
  }
  return all
}

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = createMemoryStorage()
  for (const folder of ['packs/', 'log/', 'checkpoints/', 'archive/']) {
    for (const { name } of await storage.list(folder)) {
      await copy.putIfAbsent(name, (await storage.get(name))!)
    }
  }
  return copy
}

describe('gc', () => {
  it('keeps everything, in fewer bytes, in one pack beside what is staged', async () => {
    const { storage, lost, staged, pack } = await history()
    const before = await everything(storage)
    const repo = assembleRepository({ storage })
    const lines = await collect(reflog(repo, { ref: 'refs/heads/main', shown: 'main' }))
    const result = await gc(repo, options)
    expect(await everything(storage)).toEqual(before)
    expect(await problemsOf(storage)).toEqual([])
    expect(result.after).toMatchObject({ packs: 1, otherPacks: 1 })
    expect(result.after!.packBytes).toBeLessThan(result.before.packBytes * 0.8)
    const log = ['log/', 'checkpoints/', 'archive/'].map((folder) => storage.list(folder))
    const sizes = (await Promise.all(log)).flat().map(({ size }) => size)
    expect(result.after!.logBytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
    expect(result.objects).toBe(before.size - 1)
    expect(await storage.list('log/')).toEqual([])
    const fresh = assembleRepository({ storage })
    expect(await fresh.objects.packOf(staged)).toBe(pack)
    expect((await fresh.objects.readAny(lost)).kind).toBe('commit')
    const after = await collect(reflog(fresh, { ref: 'refs/heads/main', shown: 'main' }))
    expect(after).toEqual(lines)
  })

  it('stores the newest versions whole, and older ones as differences', async () => {
    const { storage, main } = await history()
    const repo = assembleRepository({ storage })
    const newest = new Set<Id>()
    await walkReferences(repo.objects, { kind: 'commit', id: main }, async ({ kind, id }) => {
      newest.add(id)
      return kind !== 'commit' || id === main
    })
    const based = async (): Promise<number> => {
      let count = 0
      for (const id of newest) if ((await repo.objects.baseOf(id)) !== undefined) count++
      return count
    }
    expect(await based()).toBeGreaterThan(3)
    await gc(repo, options)
    // Its parent, which the walk only names, and what nobody leads to is made of no newer one.
    expect(await based()).toBeLessThanOrEqual(1)
    let differences = 0
    for (const id of (await everything(storage)).keys()) {
      if ((await repo.objects.baseOf(id)) !== undefined) differences++
    }
    expect(differences).toBeGreaterThan(60)
  })

  it('done again changes nothing', async () => {
    const { storage } = await history()
    const first = await gc(assembleRepository({ storage }), options)
    const again = await gc(assembleRepository({ storage }), options)
    expect(again.after).toEqual(first.after)
    expect(again.before).toEqual(first.after)
  })

  it('in a dry run only says what there is', async () => {
    const { storage } = await history()
    const { before, after } = await gc(assembleRepository({ storage }), {
      ...options,
      dryRun: true,
    })
    expect(after).toBeUndefined()
    expect(before).toMatchObject({ packs: 23, otherPacks: 1 })
    expect(await storage.list('packs/')).toHaveLength(24)
  })

  it('lets others write and read meanwhile', async () => {
    const { storage } = await history()
    const writer = assembleRepository({ storage })
    const reader = assembleRepository({ storage })
    const main = (await reader.refs.state()).refs.get('refs/heads/main')!
    expect((await reader.objects.readAny(main)).kind).toBe('commit')
    let commits = 0
    let work = Promise.resolve()
    await gc(assembleRepository({ storage }), {
      ...options,
      onObjects: (written) => {
        if (written % 20 !== 0) return
        commits++
        work = work.then(() => commitRows(writer, 100 + written))
      },
    })
    await work
    await commitRows(writer, 999)
    expect(await problemsOf(storage)).toEqual([])
    const all = await everything(storage)
    expect([...all.values()].filter((text) => text.startsWith('commit'))).toHaveLength(24 + commits)
    for (const id of all.keys()) await reader.objects.readAny(id)
    // What was written meanwhile is made of what is stored otherwise by now.
    await gc(assembleRepository({ storage }), options)
    expect(await everything(storage)).toEqual(all)
    expect(await problemsOf(storage)).toEqual([])
  })

  it('goes on where others put packs together meanwhile', async () => {
    const before = createMemoryStorage()
    const { repo } = await initRepository({ storage: before, who: ann(0) })
    for (let i = 1; i <= 32; i++) await commitRows(repo, i)
    for (const call of [1, 15, 30, 45, 60, 75, 90]) {
      const storage = await copyOf(before)
      let calls = 0
      const control = {
        before: async (kind: string) => {
          if (kind === 'range' && ++calls === call)
            await commitRows(assembleRepository({ storage }), 33)
        },
      }
      await gc(assembleRepository({ storage: controlStorage(storage, control) }), options)
      expect(calls).toBeGreaterThanOrEqual(call)
      expect(await problemsOf(storage)).toEqual([])
      const all = [...(await everything(storage)).values()]
      expect(all.filter((text) => text.startsWith('commit'))).toHaveLength(33)
    }
  }, 30_000)

  it('leaves everything when it is stopped at any call', async () => {
    const { storage } = await history()
    const before = await everything(storage)
    for (let stop = 3; ; stop += 37) {
      const copy = await copyOf(storage)
      let calls = 0
      const die = (): void => {
        if (calls++ >= stop) throw new VarveError('io', 'the machine has stopped')
      }
      const dying = assembleRepository({ storage: controlStorage(copy, { before: die }) })
      const isOver = await gc(dying, options).then(
        () => true,
        () => false,
      )
      expect(await everything(copy)).toEqual(before)
      expect(await problemsOf(copy)).toEqual([])
      const after = await gc(assembleRepository({ storage: copy }), options)
      expect(after.after).toMatchObject({ packs: 1 })
      expect(await everything(copy)).toEqual(before)
      if (isOver) break
    }
  }, 60_000)

  it('refuses to put together what is damaged, and changes nothing', async () => {
    const { storage } = await history()
    const { name } = (await storage.list('packs/')).sort((a, b) => b.size - a.size)[0]!
    const bytes = (await storage.get(name))!
    bytes[30]! ^= 1
    await storage.delete(name)
    await storage.putIfAbsent(name, bytes)
    const packs = (await storage.list('packs/')).length
    await expect(gc(assembleRepository({ storage }), options)).rejects.toThrow(/damaged/)
    expect(await storage.list('packs/')).toHaveLength(packs)
  })

  it('removes what stopped commands left behind a day ago', async () => {
    const folder = join(temporaryFolder(), 'r.varve')
    mkdirSync(folder)
    await initRepositoryFolder(folder)
    const storage = openFileSystemStorage(folder)
    await history(storage)
    const now = Date.now()
    for (const [name, age] of [
      ['old', 25 * 3600],
      ['young', 23 * 3600],
    ] as const) {
      writeFileSync(join(folder, 'tmp', name), 'half a pack')
      utimesSync(join(folder, 'tmp', name), now / 1000 - age, now / 1000 - age)
    }
    const { removed } = await gc(assembleRepository({ storage }), { who: ann(900), now })
    expect(removed).toBe(1)
    expect((await storage.list('tmp/')).map(({ name }) => name)).toEqual(['tmp/young'])
    await storage.close()
  })
})
