import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { RAW } from '../../src/storage/pack-encoding.ts'
import type { PackReader } from '../../src/storage/pack-reader.ts'
import { PackSet, type Reach } from '../../src/storage/pack-set.ts'
import { PackWriter, packPath } from '../../src/storage/pack-writer.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { idOf } from '../support/transactions.ts'

/** Packs in a storage, each a second newer than the one before it; what is asked of the storage is noted. */
function packsOf(storage: Storage = createMemoryStorage()) {
  const names: string[] = []
  const read: string[] = []
  const sized: string[] = []
  let listed = 0
  let ranges = 0
  const seen: Storage = Object.assign(
    Object.create(
      controlStorage(storage, {
        before: (call, name) => {
          if (call === 'size') sized.push(name)
          if (call === 'range') ranges++
          if (call === 'range' && read.at(-1) !== name) read.push(name)
        },
      }),
    ) as Storage,
    {
      location: storage.location,
      async list(prefix: string) {
        listed++
        const found = await storage.list(prefix)
        // In no order that says anything.
        return found.reverse().map((entry) => ({
          ...entry,
          modified: 1000 * names.findIndex((name) => packPath(name) === entry.name),
        }))
      },
    },
  )
  return {
    storage: seen,
    names,
    sized,
    /** The packs that were opened, by their place among all. */
    opened: () => read.map((path) => names.findIndex((name) => packPath(name) === path)),
    listings: () => listed,
    ranges: () => ranges,
    async add(...texts: string[]): Promise<{ name: string; size: number; end: Uint8Array }> {
      const writer = new PackWriter(storage)
      for (const text of texts) {
        const body = Buffer.from(text)
        await writer.addRecord({
          id: idOf(text),
          kind: 'blob',
          method: RAW,
          length: body.length,
          body,
        })
      }
      const name = await writer.publish()
      names.push(name)
      return { name, size: writer.length, end: writer.end! }
    },
  }
}

const many = (count: number, text: string): string[] =>
  Array.from({ length: count }, (_, i) => `${text} ${i}`)

/** The name of the pack that has an object. */
const nameIn =
  (text: string) =>
  async (pack: PackReader): Promise<string | undefined> =>
    (await pack.has(idOf(text))) ? pack.name : undefined

const whereIn = (set: PackSet, text: string, reach?: Reach): Promise<string | undefined> =>
  set.search(idOf(text), nameIn(text), reach)

/** Puts a file in place of a pack's that cannot be opened. */
async function damage(storage: Storage, name: string): Promise<void> {
  const bytes = (await storage.get(packPath(name)))!
  await storage.delete(packPath(name))
  await storage.putIfAbsent(packPath(name), bytes.fill(7, bytes.length - 20))
}

describe('the packs of a storage', () => {
  it('are those that have names of packs, the newest first, listed once', async () => {
    const packs = packsOf()
    for (const text of ['a', 'b', 'c']) await packs.add(text)
    const [a, b, c] = packs.names
    for (const other of ['packs/notes', `packs/${a}.packs`, `packs/x${a}.pack`]) {
      await packs.storage.putIfAbsent(other, Uint8Array.of(1))
    }
    const set = new PackSet(packs.storage)
    expect((await set.known()).map(({ name }) => name)).toEqual([c, b, a])
    expect(await set.get(a!)).toMatchObject({ name: a })
    expect(await set.get('ab'.repeat(32))).toBeUndefined()
    expect(await whereIn(set, 'a')).toBe(a)
    expect(await whereIn(set, 'z')).toBeUndefined()
    expect(packs.listings()).toBe(1)
  })

  it('that are equally old have the order of their names', async () => {
    const packs = packsOf()
    for (const text of many(5, 'x')) await packs.add(text)
    const names = packs.names.splice(0)
    const set = new PackSet(packs.storage)
    expect((await set.known()).map(({ name }) => name)).toEqual(names.sort())
  })

  it('are listed again where somebody asks: how many are new, and none that has gone', async () => {
    const packs = packsOf()
    await packs.add('a')
    await packs.add('b')
    const set = new PackSet(packs.storage)
    expect(await set.refresh()).toBe(2)
    expect(await set.refresh()).toBe(0)
    await packs.add('c')
    await packs.storage.delete(packPath(packs.names[0]!))
    expect(await Promise.all([set.refresh(), set.refresh()])).toEqual([1, 1])
    expect(packs.listings()).toBe(3)
    expect(packs.sized).toEqual([packPath(packs.names[0]!)])
    expect((await set.known()).map(({ name }) => name)).toEqual([packs.names[2], packs.names[1]])
    expect(await whereIn(set, 'a')).toBeUndefined()
  })

  it('that are published while others are listed are not lost', async () => {
    const packs = packsOf()
    const { name, size } = await packs.add('a')
    const set = new PackSet(
      Object.assign(Object.create(packs.storage) as Storage, { list: async () => [] }),
    )
    expect(await set.known()).toEqual([])
    set.adopt(name, size)
    await set.refresh()
    expect(await whereIn(set, 'a')).toBe(name)
    await packs.storage.delete(packPath(name))
    await set.refresh()
    expect(await set.get(name)).toBeUndefined()
  })

  it('that were just published are known, and not read where their end is at hand', async () => {
    const packs = packsOf()
    await packs.add('a')
    const set = new PackSet(packs.storage)
    const b = await packs.add('b')
    set.adopt(b.name, b.size, b.end)
    expect(set.opened(b.name)).toBeUndefined()
    expect((await set.known()).length).toBe(2)
    const [c, d] = [await packs.add('c'), await packs.add('d')]
    set.adopt(c.name, c.size, c.end)
    set.adopt(d.name, d.size)
    set.adopt(d.name, d.size, d.end)
    expect([set.opened(c.name)?.name, set.opened(d.name)]).toEqual([c.name, undefined])
    expect((await set.known()).map(({ name }) => name).slice(2)).toEqual([b.name, packs.names[0]])
    expect(await whereIn(set, 'c')).toBe(c.name)
    expect(packs.opened()).toEqual([])
    expect(await whereIn(set, 'd')).toBe(d.name)
    expect(packs.opened().at(-1)).toBe(3)
    expect(packs.listings()).toBe(1)
  })

  it('that were just published are found when all others are open', async () => {
    const packs = packsOf()
    await packs.add('a')
    const set = new PackSet(packs.storage)
    expect(await whereIn(set, 'a')).toBe(packs.names[0])
    const { name, size } = await packs.add('b')
    set.adopt(name, size)
    expect(await whereIn(set, 'b')).toBe(name)
  })

  it('that are neither published nor retired may be staged', async () => {
    const packs = packsOf()
    for (const text of ['a', 'b', 'c']) await packs.add(text)
    const [a, b, c] = packs.names
    const set = new PackSet(packs.storage)
    const none = new Set<string>()
    expect((await set.staged(none, none)).sort()).toEqual([a, b, c].sort())
    expect(await set.staged(new Set([a!]), new Set([b!]))).toEqual([c])
    // What was published once is not staged again.
    expect(await set.staged(none, none)).toEqual([c])
    const d = await packs.add('d')
    set.adopt(d.name, d.size)
    set.retire(c!)
    expect(await set.staged(none, none)).toEqual([d.name])
  })

  it('that are retired or excluded have nothing more', async () => {
    const packs = packsOf()
    for (const text of ['a', 'b', 'c']) await packs.add(text)
    const [a, b, c] = packs.names
    const set = new PackSet(packs.storage)
    set.retire(a!)
    for (const text of ['a', 'b', 'c']) expect(await whereIn(set, text)).toBeDefined()
    await packs.storage.delete(packPath(a!))
    set.retire(a!)
    set.exclude(new Set([b!, 'ab'.repeat(32)]))
    for (const look of ['at once', 'after a look']) {
      expect([look, await whereIn(set, 'a'), await whereIn(set, 'b')]).toEqual([
        look,
        undefined,
        undefined,
      ])
      expect([set.opened(a!), set.opened(b!), set.opened(c!)?.name]).toEqual([
        undefined,
        undefined,
        c,
      ])
      expect((await set.known()).map(({ name }) => name)).toEqual([c])
      expect(set.peek(idOf('b'), nameIn('b'))).toBeUndefined()
      await set.refresh()
    }
  })

  it('that are retired or excluded are not opened', async () => {
    const packs = packsOf()
    for (const text of ['a', 'b', 'c']) await packs.add(text)
    const [a, b, c] = packs.names
    const set = new PackSet(packs.storage)
    set.exclude(new Set([a!]))
    expect((await set.known()).map(({ name }) => name)).toEqual([c, b])
    set.retire(c!)
    expect(await whereIn(set, 'nowhere')).toBeUndefined()
    expect(packs.opened()).toEqual([1])
  })

  it('have what they had when others have gone, also what those had too', async () => {
    const packs = packsOf()
    await packs.add(...many(4097, 'large'))
    await packs.add(...many(4097, 'other'))
    await packs.add('small', 'both')
    await packs.add('both', 'gone')
    await packs.add('gone, too')
    const set = new PackSet(packs.storage)
    expect(await whereIn(set, 'nowhere')).toBeUndefined()
    await packs.add('new')
    await packs.add('newer')
    await set.refresh()
    for (const place of [1, 3, 4, 6]) await packs.storage.delete(packPath(packs.names[place]!))
    await set.refresh()
    const found = await Promise.all(
      ['large 1', 'small', 'both', 'new', 'other 1', 'gone', 'gone, too', 'newer'].map((text) =>
        whereIn(set, text),
      ),
    )
    const places = [0, 2, 2, 5].map((place) => packs.names[place])
    expect(found).toEqual([...places, ...Array(4).fill(undefined)])
    expect(packs.listings()).toBe(3)
  })

  it('are all opened, the newest first; where one has gone, what took its place is, too', async () => {
    const packs = packsOf()
    for (const text of ['a', 'b', 'c']) await packs.add(text)
    const [a, b, c] = packs.names
    const set = new PackSet(packs.storage)
    const found: string[] = []
    for await (const { name } of set.all()) {
      found.push(name)
      if (name !== c) continue
      await packs.storage.delete(packPath(b!))
      await packs.add('b', 'more')
    }
    expect(found).toEqual([c, a, packs.names[3]])
    await damage(packs.storage, a!)
    const walk = async () => {
      for await (const { name } of new PackSet(packs.storage).all()) found.push(name)
    }
    await expect(walk()).rejects.toMatchObject({ code: 'corrupt-pack', data: { pack: a } })
  })
})

describe('a search in the packs of a storage', () => {
  it('opens the newest and the largest in turn, and no more than it must', async () => {
    const packs = packsOf()
    for (const texts of [many(40, 'a'), ['b'], many(20, 'c'), ['d'], ['e']]) {
      await packs.add(...texts)
    }
    const set = new PackSet(packs.storage)
    expect(await whereIn(set, 'e')).toBe(packs.names[4])
    expect(packs.opened()).toEqual([4])
    expect(await whereIn(set, 'a 7')).toBe(packs.names[0])
    expect(packs.opened()).toEqual([4, 0])
    expect(await whereIn(set, 'z')).toBeUndefined()
    expect(packs.opened()).toEqual([4, 0, 3, 2, 1])
    expect(await whereIn(set, 'b')).toBe(packs.names[1])
    expect(packs.opened().length).toBe(5)
  })

  it('asks small packs for what their ids begin like, and large ones for everything', async () => {
    const packs = packsOf()
    await packs.add(...many(4096, 'small'))
    await packs.add(...many(4097, 'large'))
    const set = new PackSet(packs.storage)
    const asked: number[] = []
    const ask = (text: string) =>
      set.search(idOf(text), (pack) => {
        asked.push(packs.names.indexOf(pack.name))
        return nameIn(text)(pack)
      })
    expect(await ask('neither')).toBeUndefined()
    expect(asked.splice(0)).toEqual([1])
    expect(await ask('small 9')).toBe(packs.names[0])
    expect(asked.splice(0)).toEqual([0])
    expect(await ask('large 9')).toBe(packs.names[1])
    expect(asked).toEqual([1])
  })

  it('begins with the large pack that answered last', async () => {
    const packs = packsOf()
    for (const text of ['a', 'b', 'c']) await packs.add(...many(4097, text))
    const set = new PackSet(packs.storage)
    await whereIn(set, 'nowhere')
    for (const [text, place] of [
      ['a', 0],
      ['c', 2],
      ['b', 1],
    ] as const) {
      expect(await whereIn(set, `${text} 1`)).toBe(packs.names[place])
      const asked: string[] = []
      const ask = async ({ name }: PackReader) => void asked.push(name)
      await set.search(idOf('nowhere'), ask)
      expect([asked[0], asked.length]).toEqual([packs.names[place], 3])
      expect(await set.peek(idOf(`${text} 2`), nameIn(`${text} 2`))).toBe(packs.names[place])
    }
  })

  it('looks no further than what is at hand where it need not find', async () => {
    const packs = packsOf()
    for (const text of many(70, 'x')) await packs.add(text)
    const set = new PackSet(packs.storage)
    expect(await whereIn(set, 'nowhere', 'at-hand')).toBeUndefined()
    expect(packs.opened().length).toBe(64)
    const left = packs.names.findIndex((_, place) => !packs.opened().includes(place))
    expect(await whereIn(set, `x ${left}`, 'at-hand')).toBeUndefined()
    expect(await set.search(idOf(`x ${left}`), nameIn(`x ${left}`))).toBe(packs.names[left])
    expect(await whereIn(set, 'nowhere')).toBeUndefined()
    expect(packs.opened().length).toBe(70)
  })

  it('looks for what costs next to nothing only where that costs less', async () => {
    const packs = packsOf()
    for (const text of many(70, 'x')) await packs.add(text)
    const set = new PackSet(packs.storage)
    expect(await whereIn(set, 'nowhere', 'near')).toBeUndefined()
    expect(packs.opened().length).toBe(8)
    const [known] = packs.opened()
    const left = packs.names.findIndex((_, place) => !packs.opened().includes(place))
    expect(await whereIn(set, `x ${known}`, 'near')).toBe(packs.names[known!])
    expect(await whereIn(set, `x ${left}`, 'near')).toBeUndefined()
    expect(packs.opened().length).toBe(8)
    expect(await whereIn(set, `x ${left}`)).toBe(packs.names[left])
  })

  it('reads nothing of an index that is not in memory for what costs next to nothing', async () => {
    const packs = packsOf()
    // Of so many an index is read whole; of more page by page.
    await packs.add(...many(5000, 'whole'))
    await packs.add(...many(8000, 'paged'))
    const set = new PackSet(packs.storage)
    expect(await whereIn(set, 'paged 7', 'at-hand')).toBe(packs.names[1])
    expect(await whereIn(set, 'whole 7', 'near')).toBe(packs.names[0])
    const before = packs.ranges()
    expect(await whereIn(set, 'paged 4711', 'near')).toBeUndefined()
    expect(await whereIn(set, 'nowhere', 'near')).toBeUndefined()
    expect(packs.ranges()).toBe(before)
    expect(await whereIn(set, 'paged 4711', 'at-hand')).toBe(packs.names[1])
    expect(packs.ranges()).toBeGreaterThan(before)
  })

  it('asks few large packs for what is at hand', async () => {
    const packs = packsOf()
    for (const text of many(6, 'x')) await packs.add(text)
    for (const name of packs.names) await damage(packs.storage, name)
    const set = new PackSet(packs.storage)
    // What cannot be opened may have anything.
    await expect(whereIn(set, 'x 1', 'at-hand')).rejects.toMatchObject({ code: 'corrupt-pack' })
    expect(new Set(packs.opened()).size).toBe(4)
    await expect(whereIn(set, 'x 1')).rejects.toMatchObject({ code: 'corrupt-pack' })
    expect(new Set(packs.opened()).size).toBe(6)
    const before = packs.opened().length
    await expect(whereIn(set, 'x 1', 'at-hand')).rejects.toMatchObject({ code: 'corrupt-pack' })
    expect(new Set(packs.opened().slice(before)).size).toBe(4)
  })

  it('finds what one has though another is damaged; else it says what is', async () => {
    const packs = packsOf()
    for (const text of ['a', 'b']) await packs.add(text)
    const [a, b] = packs.names
    const whole = (await packs.storage.get(packPath(b!)))!
    await damage(packs.storage, b!)
    const set = new PackSet(packs.storage)
    expect(await whereIn(set, 'a')).toBe(a)
    expect(set.opened(b!)).toBeUndefined()
    for (const text of ['b', 'nowhere']) {
      await expect(whereIn(set, text)).rejects.toMatchObject({ data: { pack: b } })
    }
    await packs.storage.delete(packPath(b!))
    await packs.storage.putIfAbsent(packPath(b!), whole)
    expect(await whereIn(set, 'b')).toBe(b)
  })

  it('ends with what is no fault of a pack', async () => {
    const packs = packsOf()
    await packs.add('a')
    const set = new PackSet(packs.storage)
    const failing = () => {
      throw new TypeError('not of varve')
    }
    await expect(set.search(idOf('a'), failing)).rejects.toThrow('not of varve')
    expect(() => set.peek(idOf('a'), failing)).toThrow('not of varve')
    await expect(set.peek(idOf('a'), async () => failing())).rejects.toThrow('not of varve')
    const { name, size, end } = await packs.add('a', 'more')
    set.adopt(name, size, end)
    const once = (pack: PackReader) => (pack.name === name ? name : failing())
    await expect(set.search(idOf('a'), once)).rejects.toThrow('not of varve')
  })

  it('goes on in what has taken the place of a pack that has gone', async () => {
    const packs = packsOf()
    await packs.add('a')
    await packs.add('b')
    const set = new PackSet(packs.storage)
    await set.known()
    for (const name of packs.names) await packs.storage.delete(packPath(name))
    const { name } = await packs.add('a', 'b')
    expect(await whereIn(set, 'a')).toBe(name)
    expect((await set.known()).map((pack) => pack.name)).toEqual([name])
    await packs.storage.delete(packPath(name))
    const reading = set.search(idOf('a'), (pack) => pack.record(idOf('a')))
    expect(await reading).toBeUndefined()
    expect(await set.known()).toEqual([])
  })
})

describe('a look at the packs that are open', () => {
  it('gives what the most likely of them has, and nothing where none is or it is damaged', async () => {
    const packs = packsOf()
    await packs.add('a')
    const set = new PackSet(packs.storage)
    expect(set.peek(idOf('a'), nameIn('a'))).toBeUndefined()
    await set.known()
    expect(set.peek(idOf('a'), nameIn('a'))).toBeUndefined()
    await whereIn(set, 'a')
    expect(await set.peek(idOf('a'), nameIn('a'))).toBe(packs.names[0])
    expect(set.peek(idOf('a'), ({ name }) => name)).toBe(packs.names[0])
    expect(set.peek(idOf('b'), ({ name }) => name)).toBeUndefined()
    await packs.add(...many(4097, 'large'))
    await set.refresh()
    await whereIn(set, 'nowhere')
    const large = ({ name }: PackReader) => (name === packs.names[1] ? name : undefined)
    expect(set.peek(idOf('a'), large)).toBe(packs.names[1])
    const fault = new VarveError('corrupt-object', 'damaged')
    const failing = () => {
      throw fault
    }
    expect(set.peek(idOf('a'), failing)).toBeUndefined()
    expect(await set.peek(idOf('a'), async () => failing())).toBeUndefined()
    for (const name of packs.names) set.retire(name)
    expect(set.peek(idOf('a'), ({ name }) => name)).toBeUndefined()
  })
})
