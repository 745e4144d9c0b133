import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { readWholeLog } from '../../src/storage/check-log.ts'
import { encodeEntry, type LogEntry, type Transaction } from '../../src/storage/log-entry.ts'
import { logName } from '../../src/storage/log-names.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openRefLog, type RefLog } from '../../src/storage/ref-log.ts'
import { type SalvagedLogOptions, salvageLog } from '../../src/storage/salvage-log.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { allEntries, appendMoves, idOf, moveOf, someone } from '../support/transactions.ts'

const MAIN = 'refs/heads/main'
const TAG = 'refs/tags/salvaged/x'
const tags = new Map([[TAG, idOf('x')]])
const [a, b, c] = ['refs/tags/a', 'refs/tags/b', 'refs/tags/c'] as const

const open = (storage: Storage): RefLog => openRefLog(storage, { checkpointEvery: 4 })

/** Eight entries that a checkpoint covers, and others behind it. */
async function someLog(...behind: Transaction[]): Promise<Storage> {
  const storage = createMemoryStorage()
  const log = open(storage)
  await appendMoves(log, 8)
  for (const transaction of behind) await log.append(transaction)
  return storage
}

const made = (name: string): Transaction => moveOf(name, undefined, idOf(name))

async function damage(storage: Storage, ...names: string[]): Promise<void> {
  for (const name of names) {
    await storage.delete(name)
    await storage.putIfAbsent(name, Buffer.from('damaged'))
  }
}

/** An entry under a number, whether or not it follows from those before. */
async function putEntry(storage: Storage, number: number, transaction: Transaction): Promise<void> {
  const entry: LogEntry = { ...transaction, number, uuid: '12'.repeat(16) }
  await storage.delete(logName('log', number))
  await storage.putIfAbsent(logName('log', number), encodeEntry(entry))
}

/** Salvages a log, which is whole then; names the copies that were set aside. */
async function salvage(
  storage: Storage,
  options: Partial<SalvagedLogOptions> = {},
): Promise<string[]> {
  const copies = await salvageLog(storage, await readWholeLog(storage), {
    packs: new Set(),
    who: someone,
    tags,
    findTarget: async () => undefined,
    ...options,
  })
  const { problems, readable } = await readWholeLog(storage)
  expect([problems, readable]).toEqual([[], true])
  return copies
}

async function namesIn(storage: Storage, ...folders: string[]): Promise<string[]> {
  const lists = await Promise.all(folders.map((folder) => storage.list(`${folder}/`)))
  return lists.flatMap((list) => list.map(({ name }) => name).sort())
}

const refsOf = async (storage: Storage): Promise<ReadonlyMap<string, Id>> =>
  (await open(storage).state()).refs

/** Numbers and updates of the entries behind the first eight. */
async function behind(storage: Storage) {
  const entries = await allEntries(open(storage), false)
  return entries
    .filter(({ number }) => number > 8)
    .map(({ number, updates }) => [number, updates] as const)
}

describe('a log that is salvaged', () => {
  it('ends with an archive and a checkpoint in place of all entries; what else is there stays', async () => {
    const storage = await someLog(made(a), made(b), made(c))
    const before = await namesIn(storage, 'archive', 'checkpoints')
    await damage(storage, logName('log', 10))
    await storage.putIfAbsent('log/notes', Buffer.from('not of a log'))
    expect(await salvage(storage)).toEqual([`damaged/${logName('log', 10)}`])
    const ends = [logName('archive', 11), logName('checkpoints', 11)]
    expect(new Set(await namesIn(storage, 'archive', 'checkpoints'))).toEqual(
      new Set([...before, ...ends]),
    )
    const left = await namesIn(storage, 'log')
    expect(left).toContain('log/notes')
    expect(left.filter((name) => /\d/.test(name))).toEqual([])
    expect(await behind(storage)).toEqual([
      [9, made(a).updates],
      [10, [{ name: TAG, old: undefined, new: idOf('x') }]],
      [11, made(c).updates],
    ])
  })

  it('keeps its entries where it can be read: then only what is damaged goes', async () => {
    const storage = await someLog(made(a), made(b))
    const before = await namesIn(storage, 'archive', 'checkpoints', 'log')
    const archive = logName('archive', 4)
    await damage(storage, archive)
    expect((await readWholeLog(storage)).readable).toBe(true)
    expect(await salvage(storage)).toEqual([`damaged/${archive}`])
    expect(await namesIn(storage, 'archive', 'checkpoints', 'log')).toEqual(
      before.filter((name) => name !== archive),
    )
    expect((await refsOf(storage)).has(TAG)).toBe(false)
  })

  it('has files again under the names of those that were damaged, and loses no other', async () => {
    const storage = await someLog()
    const main = (await refsOf(storage)).get(MAIN)
    const checkpoint = logName('checkpoints', 8)
    await damage(storage, checkpoint)
    const deleted: string[] = []
    const watched = controlStorage(storage, {
      before: (call, name) => {
        if (call === 'delete') deleted.push(name)
      },
    })
    expect(await salvage(watched)).toEqual([`damaged/${checkpoint}`])
    expect(deleted).toEqual([checkpoint])
    expect((await refsOf(storage)).get(MAIN)).toBe(main)
  })

  it('tells of no copy of what has gone meanwhile', async () => {
    const storage = await someLog(made(a))
    await damage(storage, logName('log', 9))
    const reading = await readWholeLog(storage)
    const damaged = [logName('archive', 2), ...reading.damaged]
    const options = { packs: new Set<string>(), who: someone, tags }
    const findTarget = async () => undefined
    const copies = await salvageLog(storage, { ...reading, damaged }, { ...options, findTarget })
    expect(copies).toEqual([`damaged/${logName('log', 9)}`])
  })
})

describe('an entry that does not follow from those before', () => {
  it('is where the archive begins: what refs were is what the entry made of them', async () => {
    const storage = await someLog(made(a), made(b), made(c))
    const [never, next] = [idOf('never'), idOf('next')]
    await putEntry(storage, 10, moveOf(MAIN, never, next))
    await putEntry(storage, 11, moveOf(MAIN, next, idOf('last')))
    await salvage(storage)
    expect(await behind(storage)).toEqual([[11, [{ name: MAIN, old: next, new: idOf('last') }]]])
    const refs = await refsOf(storage)
    expect([refs.get(MAIN), refs.get(a)]).toEqual([idOf('last'), idOf(a)])
    expect(refs.has(TAG)).toBe(false)
  })

  it('may be one that deletes a ref', async () => {
    const storage = await someLog(made(a), made(b), made(c))
    await putEntry(storage, 10, moveOf(MAIN, idOf('never'), undefined))
    await putEntry(storage, 11, made(MAIN))
    await salvage(storage)
    expect(await behind(storage)).toEqual([[11, made(MAIN).updates]])
    expect((await refsOf(storage)).get(MAIN)).toBe(idOf(MAIN))
  })
})

describe('what stands in for a lost entry', () => {
  it('changes nothing that the next entry finds as it was', async () => {
    const storage = await someLog(made(a), made(b), moveOf(a, idOf(a), idOf('more')))
    await damage(storage, logName('log', 10))
    await salvage(storage, { tags: new Map() })
    expect((await behind(storage))[1]).toEqual([10, []])
  })

  it('makes and deletes refs as the next entry says', async () => {
    const storage = await someLog(made(a), moveOf(a, idOf(a), undefined), made(a))
    await damage(storage, logName('log', 10))
    const asked: string[] = []
    const findTarget = async (digits: string) => {
      asked.push(digits)
      return idOf(b)
    }
    await salvage(storage, { findTarget, tags: new Map() })
    expect((await behind(storage))[1]).toEqual([10, [{ name: a, old: idOf(a), new: undefined }]])
    expect(asked).toEqual([])
    const other = await someLog(made(a), made(b), moveOf(b, idOf(b), idOf('more')))
    await damage(other, logName('log', 10))
    await salvage(other, { findTarget, tags: new Map() })
    expect((await behind(other))[1]).toEqual([10, made(b).updates])
    expect(asked).toEqual([idOf(b).slice(0, 8)])
  })

  it('makes the tags of what nothing leads to in the last that is lost', async () => {
    const storage = await someLog(made(a), made(b), made(c))
    await damage(storage, logName('log', 9), logName('log', 11))
    await salvage(storage)
    expect(await behind(storage)).toEqual([
      [9, []],
      [10, made(b).updates],
      [11, [{ name: TAG, old: undefined, new: idOf('x') }]],
    ])
  })

  it.each([
    [[512, 512], 1024],
    [[513, 512], 514],
    [[1, 1023, 1], 1025],
  ])('is one for each only up to 1024 of them: of %j there are %i', async (gaps, expected) => {
    const storage = await someLog()
    const main = (await refsOf(storage)).get(MAIN)!
    let number = 8
    let old = main
    for (const gap of gaps) {
      number += gap + 1
      await putEntry(storage, number, moveOf(MAIN, old, idOf(`${number}`)))
      old = idOf(`${number}`)
    }
    await salvage(storage)
    expect((await behind(storage)).length).toBe(expected + gaps.length)
    expect((await refsOf(storage)).get(MAIN)).toBe(old)
  })
})
