import { describe, expect, it } from 'vitest'
import { readWholeLog } from '../../src/storage/check-log.ts'
import { fetchLog } from '../../src/storage/fetch-log.ts'
import { encodeEntry } from '../../src/storage/log-entry.ts'
import { logName } from '../../src/storage/log-names.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { packPath } from '../../src/storage/pack-writer.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { appendMoves, idOf, moveOf } from '../support/transactions.ts'

const EVERY = 4
const [counted, gone] = ['ab'.repeat(32), 'cd'.repeat(32)]

/** Seven entries: an archive, a checkpoint, and three entries; the last but one names packs. */
async function someLog(retire = false): Promise<Storage> {
  const storage = createMemoryStorage()
  const log = openRefLog(storage, { checkpointEvery: EVERY })
  await appendMoves(log, 5)
  await log.append({ ...moveOf('refs/tags/x', undefined, idOf('x')), packs: [counted, gone] })
  const last = moveOf('refs/tags/y', undefined, idOf('y'))
  await log.append(retire ? { ...last, retiredPacks: [gone] } : last)
  return storage
}

async function copyOf(storage: Storage, without: readonly string[] = []): Promise<Storage> {
  const copy = createMemoryStorage()
  for (const folder of ['log/', 'checkpoints/', 'archive/', 'packs/']) {
    for (const { name } of await storage.list(folder)) {
      if (!without.includes(name)) await copy.putIfAbsent(name, (await storage.get(name))!)
    }
  }
  return copy
}

/** Has the packs that the log names. */
async function withPacks(storage: Storage): Promise<Storage> {
  for (const pack of [counted, gone]) await storage.putIfAbsent(packPath(pack), Uint8Array.of(1))
  return storage
}

async function fetched(own: Storage, other: Storage) {
  return fetchLog(own, await readWholeLog(own), other)
}

describe('what a log has lost', () => {
  const lost = [logName('log', 6)]

  it('is taken from a copy, where the packs that it names are here, or count no more', async () => {
    const whole = await someLog(true)
    const own = await copyOf(whole, lost)
    expect(await fetched(own, whole)).toBeUndefined()
    await own.putIfAbsent(packPath(counted), Uint8Array.of(1))
    expect((await fetched(own, whole))?.reading).toMatchObject({ problems: [], readable: true })
    const staying = await someLog()
    const here = await copyOf(staying, lost)
    await here.putIfAbsent(packPath(counted), Uint8Array.of(1))
    expect(await fetched(here, staying)).toBeUndefined()
  })

  it('is asked for no further than the copy goes, however much a name claims', async () => {
    const whole = await someLog()
    const own = await copyOf(whole)
    const number = 999_999_000_000
    const far = { ...moveOf('refs/tags/z', undefined, idOf('z')), number, uuid: '12'.repeat(16) }
    await own.putIfAbsent(logName('log', number), encodeEntry(far))
    const asked: string[] = []
    const watched = controlStorage(whole, {
      before: (call, name) => {
        if (call === 'get') asked.push(name)
      },
    })
    expect(await fetched(own, watched)).toBeUndefined()
    expect(new Set(asked).size).toBeLessThan(20)
  })

  it('is taken of archives, too', async () => {
    const whole = await someLog()
    const archive = logName('archive', 4)
    const own = await withPacks(await copyOf(whole, [archive, ...lost]))
    await own.putIfAbsent(archive, Buffer.from('damaged'))
    const found = await fetched(own, whole)
    expect(found?.archives).toEqual(new Map([[archive, await whole.get(archive)]]))
    expect(found?.reading).toMatchObject({ problems: [], state: { number: 7 } })
    const damaged = await copyOf(whole, [archive])
    await damaged.putIfAbsent(archive, Buffer.from('damaged, too'))
    expect(await fetched(own, damaged)).toBeUndefined()
  })

  it('is taken of several entries in a row', async () => {
    const whole = await someLog()
    const own = await withPacks(await copyOf(whole, [logName('log', 5), ...lost]))
    const found = await fetched(own, whole)
    expect(found?.reading).toMatchObject({ problems: [], state: { number: 7 } })
    expect(found?.archives.size).toBe(0)
    expect(await own.get(lost[0]!)).toBeUndefined()
  })

  it('is taken where the copy has lost something else, or files that are not of a log differ', async () => {
    const whole = await someLog()
    const own = await withPacks(await copyOf(whole, lost))
    const other = await copyOf(whole, [logName('log', 7)])
    await own.putIfAbsent('log/notes', Buffer.from('own'))
    await other.putIfAbsent('log/notes', Buffer.from('other'))
    expect((await fetched(own, other))?.reading).toMatchObject({ problems: [] })
  })

  it('is not taken from what has nothing in common, differs, or is not whole either', async () => {
    const whole = await someLog()
    const own = await withPacks(await copyOf(whole, lost))
    expect(await fetched(own, whole)).toBeDefined()
    expect(await fetched(own, createMemoryStorage())).toBeUndefined()
    const alone = createMemoryStorage()
    await alone.putIfAbsent(lost[0]!, (await whole.get(lost[0]!))!)
    expect(await fetched(own, alone)).toBeUndefined()
    const other = await copyOf(whole, [logName('log', 5)])
    await other.putIfAbsent(logName('log', 5), Buffer.from('another'))
    expect(await fetched(own, other)).toBeUndefined()
    const damaged = await copyOf(whole, lost)
    await damaged.putIfAbsent(lost[0]!, Buffer.from('damaged'))
    expect(await fetched(own, damaged)).toBeUndefined()
  })

  it('is not taken where what is here goes meanwhile', async () => {
    const whole = await someLog()
    const own = await copyOf(whole, lost)
    const reading = await readWholeLog(own)
    const going = controlStorage(own, {
      before: async (call, name) => {
        if (call === 'get') await own.delete(name)
      },
    })
    expect(await fetchLog(going, reading, whole)).toBeUndefined()
  })
})
