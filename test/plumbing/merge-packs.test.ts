import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { mergeDuePacks, replacePacks } from '../../src/plumbing/merge-packs.ts'
import { removeRetired } from '../../src/plumbing/remove-retired.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { log } from '../../src/porcelain/log.ts'
import { reflog } from '../../src/porcelain/reflog.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { mergePacks } from '../../src/storage/merge-packs.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage, type StorageControl } from '../support/controlled-storage.ts'
import { ann, collect } from '../support/repositories.ts'
import { table } from '../support/tables.ts'

async function commitRow(repo: Repository, i: number, series = 'prices'): Promise<void> {
  const commit = { author: ann(i), committer: ann(i), message: `row ${i}\n` }
  await writeSeries(repo, { series, input: table(`n,v\n${i},${i * 7}\n`), create: true, commit })
}

async function newStorage(commits: number): Promise<Storage> {
  const storage = createMemoryStorage()
  const { repo } = await initRepository({ storage, who: ann(0) })
  for (let i = 1; i <= commits; i++) await commitRow(repo, i)
  return storage
}

const packsOf = async (storage: Storage): Promise<string[]> =>
  (await storage.list('packs/')).map(({ name }) => name.slice(6, -5)).sort()

/** What fsck finds, opened anew. */
async function problemsOf(storage: Storage): Promise<unknown[]> {
  const found = await collect(fsck(assembleRepository({ storage })))
  return found.filter(({ kind }) => kind === 'problem')
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

async function messages(storage: Storage): Promise<string[]> {
  const repo = assembleRepository({ storage })
  const found = await collect(log(repo, { words: ['main'] }))
  return found.map(({ commit }) => commit.message.trim())
}

describe('merging packs', () => {
  it('keeps a long history in few packs, whole, and shows in no reflog', async () => {
    const storage = await newStorage(150)
    const names = await packsOf(storage)
    expect(names.length).toBeLessThan(40)
    const repo = assembleRepository({ storage })
    expect([...(await repo.refs.state()).packs].sort()).toEqual(names)
    expect(await problemsOf(storage)).toEqual([])
    expect(await messages(storage)).toHaveLength(150)
    const lines = await collect(reflog(repo, { ref: 'refs/heads/main', shown: 'main' }))
    expect(lines.map(({ message }) => message).every((text) => text.startsWith('commit'))).toBe(
      true,
    )
    expect(lines).toHaveLength(150)
  }, 60_000)

  it('leaves alone what is staged', async () => {
    const storage = await newStorage(20)
    const other = assembleRepository({ storage })
    const batch = await other.objects.begin()
    const id = await batch.put('blob', Buffer.from('waiting in an index'))
    const staged = (await batch.publish())!
    const repo = assembleRepository({ storage })
    for (let i = 21; i < 60; i++) await commitRow(repo, i)
    expect(await packsOf(storage)).toContain(staged)
    expect((await repo.objects.readAny(id)).kind).toBe('blob')
    expect((await repo.refs.state()).packs.has(staged)).toBe(false)
    expect((await packsOf(storage)).length).toBeLessThan(40)
  })

  it('is not noticed by who has the repository open', async () => {
    const storage = await newStorage(32)
    const reader = assembleRepository({ storage })
    const writer = assembleRepository({ storage })
    const seen = await packsOf(storage)
    // Both know the packs, and have opened few of them.
    expect((await collect(log(reader, { words: ['main'], maxCount: 1 }))).length).toBe(1)
    expect(await writer.objects.packNames()).toHaveLength(32)
    await commitRow(assembleRepository({ storage }), 33)
    const now = await packsOf(storage)
    expect(now.filter((name) => seen.includes(name))).toEqual([])
    expect((await collect(log(reader, { words: ['main'] }))).length).toBe(33)
    await commitRow(writer, 34)
    const state = await assembleRepository({ storage }).refs.state()
    expect([...state.packs].filter((name) => seen.includes(name))).toEqual([])
    expect(await problemsOf(storage)).toEqual([])
  })

  it('does not disturb who reads everything meanwhile', async () => {
    const before = await newStorage(32)
    for (const call of [1, 20, 60, 90]) {
      const storage = await copyOf(before)
      let calls = 0
      const control: StorageControl = {
        before: async (kind) => {
          if (kind !== 'range' || ++calls !== call) return
          await commitRow(assembleRepository({ storage }), 33)
        },
      }
      const reader = assembleRepository({ storage: controlStorage(storage, control) })
      const found = await collect(fsck(reader))
      expect(found.filter(({ kind }) => kind === 'problem')).toEqual([])
      expect((await packsOf(storage)).length).toBe(1)
      expect((await reader.objects.packs()).map(({ name }) => name)).toEqual(await packsOf(storage))
    }
  })

  it('of larger packs leaves their objects as they are stored', async () => {
    const storage = await newStorage(4)
    const repo = assembleRepository({ storage })
    for (let i = 1; i <= 8; i++) {
      const rows = Array.from(
        { length: 8_000 },
        (_, row) => `${row},${Math.floor(Math.sin(row * row + i) * 1e9)}`,
      )
      const commit = { author: ann(i), committer: ann(i), message: `rows ${i}\n` }
      const input = table(`n,v\n${rows.join('\n')}\n`)
      await writeSeries(repo, { series: `long/s${i % 3}`, input, create: true, commit })
    }
    const names = await packsOf(storage)
    const packs = await repo.objects.packs()
    expect(packs.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(128 * 1024)
    const merged = await mergePacks(repo.objects, names)
    const given = { who: ann(1), message: 'merge', retired: names, merged }
    expect(await replacePacks(repo, given)).toBe(true)
    expect(await packsOf(storage)).toEqual([merged.name])
    expect(await problemsOf(storage)).toEqual([])
  })

  it('by two at once leaves one', async () => {
    const storage = await newStorage(12)
    const [a, b] = [assembleRepository({ storage }), assembleRepository({ storage })]
    const names = await packsOf(storage)
    const first = await mergePacks(a.objects, names)
    const second = await mergePacks(b.objects, names.slice(3))
    const third = await mergePacks(b.objects, names)
    expect(third.name).toBe(first.name)
    const given = { who: ann(1), message: 'merge' }
    expect(await replacePacks(a, { ...given, retired: names, merged: first })).toBe(true)
    expect(await replacePacks(b, { ...given, retired: names.slice(3), merged: second })).toBe(false)
    expect(await replacePacks(b, { ...given, retired: names, merged: third })).toBe(false)
    expect(await packsOf(storage)).toEqual([first.name])
    expect(await problemsOf(storage)).toEqual([])
  })

  it('of packs of which one holds all is that one', async () => {
    const storage = await newStorage(5)
    const repo = assembleRepository({ storage })
    const names = await packsOf(storage)
    const merged = await mergePacks(repo.objects, names)
    await replacePacks(repo, { who: ann(1), message: 'merge', retired: names, merged })
    const again = await mergePacks(repo.objects, [merged.name])
    expect(again.name).toBe(merged.name)
    const given = { who: ann(1), message: 'merge', retired: [merged.name], merged: again }
    expect(await replacePacks(repo, given)).toBe(false)
    expect(await packsOf(storage)).toEqual([merged.name])
  })

  it('stopped at any call leaves all as it was, or merged, and the next one tidies up', async () => {
    const before = await newStorage(32)
    const history = await messages(before)
    for (let stop = 0; ; stop++) {
      const storage = await copyOf(before)
      let calls = 0
      let isDead = false
      const die = (): void => {
        if (isDead || calls++ === stop) {
          isDead = true
          throw new VarveError('io', 'the machine has stopped')
        }
      }
      const control: StorageControl = { before: die }
      let isOver = true
      const dying = assembleRepository({ storage: controlStorage(storage, control) })
      await commitRow(dying, 33).catch(() => {
        isOver = false
      })
      expect(await problemsOf(storage)).toEqual([])
      const now = await messages(storage)
      expect([history, ['row 33', ...history]]).toContainEqual(now)
      if (isOver) expect(now[0]).toBe('row 33')
      if (!isDead) break
      const next = assembleRepository({ storage })
      await removeRetired(next)
      for (let i = 40; i < 74 && stop % 4 === 0; i++) await commitRow(next, i)
      const left = (await packsOf(storage)).length - (await next.refs.state()).packs.size
      // A pack that was never named cannot be told from one that somebody is about to name.
      expect(left).toBeLessThanOrEqual(1)
      expect(await problemsOf(storage)).toEqual([])
      stop += 9
    }
  }, 120_000)

  it('that fails fails no command, and is done later', async () => {
    const storage = await newStorage(32)
    let failing = true
    const control: StorageControl = {
      before: (call, name) => {
        if (failing && call === 'delete' && name.startsWith('packs/')) {
          throw new VarveError('permission-denied', 'not yours')
        }
      },
    }
    const repo = assembleRepository({ storage: controlStorage(storage, control) })
    await commitRow(repo, 33)
    expect((await packsOf(storage)).length).toBe(34)
    expect((await repo.refs.state()).packs.size).toBe(1)
    expect(await problemsOf(storage)).toEqual([])
    failing = false
    for (let i = 34; i < 70; i++) await commitRow(repo, i)
    expect((await packsOf(storage)).length).toBe((await repo.refs.state()).packs.size)
  })

  it('goes round a damaged pack', async () => {
    const storage = await newStorage(32)
    const [name] = await packsOf(storage)
    const bytes = (await storage.get(`packs/${name}.pack`))!
    bytes[12]! ^= 1
    await storage.delete(`packs/${name}.pack`)
    await storage.putIfAbsent(`packs/${name}.pack`, bytes)
    const repo = assembleRepository({ storage })
    await mergeDuePacks(repo, ann(1))
    expect(await packsOf(storage)).toHaveLength(32)
  })
})
