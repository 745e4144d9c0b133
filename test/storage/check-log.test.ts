import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import { readWholeLog } from '../../src/storage/check-log.ts'
import { encodeArchive } from '../../src/storage/log-archive.ts'
import {
  decodeEntry,
  encodeEntry,
  type LogEntry,
  type Transaction,
} from '../../src/storage/log-entry.ts'
import { seal } from '../../src/storage/log-envelope.ts'
import { decodeCheckpoint, encodeCheckpoint, type LogState } from '../../src/storage/log-state.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import { salvageLog } from '../../src/storage/salvage-log.ts'
import { copyAside } from '../../src/storage/set-aside.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { toldAs } from '../support/errors.ts'
import { allEntries, appendMoves, idOf, moveOf, someone } from '../support/transactions.ts'

const EVERY = 4
const MAIN = 'refs/heads/main'
const at = (folder: string, number: number): string =>
  `${folder}/${String(number).padStart(12, '0')}`

/** Eleven entries: two archives, two checkpoints, and three entries in the log. */
async function someLog(): Promise<Storage> {
  const storage = createMemoryStorage()
  const log = openRefLog(storage, { checkpointEvery: EVERY })
  await appendMoves(log, 5)
  await log.append(moveOf('refs/tags/v1', undefined, idOf('v1')))
  await appendMoves(log, 2)
  await log.append({
    ...moveOf('refs/heads/side', undefined, idOf('s')),
    head: { new: 'refs/heads/side' },
  })
  await appendMoves(log, 2)
  return storage
}

/** A copy in which some files have other bytes, or are gone. */
async function withFiles(
  storage: Storage,
  changed: ReadonlyMap<string, Uint8Array | undefined>,
): Promise<Storage> {
  const copy = createMemoryStorage()
  for (const folder of ['log/', 'checkpoints/', 'archive/']) {
    for (const { name } of await storage.list(folder)) {
      if (!changed.has(name)) await copy.putIfAbsent(name, (await storage.get(name))!)
    }
  }
  for (const [name, bytes] of changed) if (bytes !== undefined) await copy.putIfAbsent(name, bytes)
  return copy
}

async function problemsOf(storage: Storage): Promise<string[]> {
  return (await readWholeLog(storage)).problems.map(({ message }) => message)
}

async function withCheckpoint(
  storage: Storage,
  number: number,
  changed: (state: LogState) => LogState,
) {
  const name = at('checkpoints', number)
  const state = decodeCheckpoint((await storage.get(name))!, number, name)
  return withFiles(storage, new Map([[name, encodeCheckpoint(changed(state))]]))
}

async function withEntry(storage: Storage, number: number, changed: (entry: LogEntry) => LogEntry) {
  const entry = (await allEntries(openRefLog(storage))).find((one) => one.number === number)!
  return withFiles(storage, new Map([[at('log', number), encodeEntry(changed(entry))]]))
}

describe('a ref log that is read whole', () => {
  it('is as it should be, and says how far it goes', async () => {
    const reading = await readWholeLog(await someLog())
    expect(reading).toMatchObject({
      problems: [],
      readable: true,
      count: 11,
      lost: [],
      damaged: [],
    })
    expect(reading.state.number).toBe(11)
  })

  it('may have lost its first archives', async () => {
    const storage = await withFiles(await someLog(), new Map([[at('archive', 4), undefined]]))
    expect(await problemsOf(storage)).toEqual([])
  })

  it.each<[string, (state: LogState) => LogState, string]>([
    [
      'another ref',
      (s) => ({ ...s, refs: new Map([...s.refs, [MAIN, idOf('x')]]) }),
      `${MAIN} is not`,
    ],
    [
      'one ref more',
      (s) => ({ ...s, refs: new Map([...s.refs, ['refs/tags/x', idOf('x')]]) }),
      'no entry before it made refs/tags/x',
    ],
    [
      'another default branch',
      (s) => ({ ...s, head: 'refs/heads/x' }),
      'the default branch is not',
    ],
    ['a shallow commit', (s) => ({ ...s, shallow: new Set([idOf('x')]) }), 'its shallow commits'],
  ])('finds %s in a checkpoint than the entries say', async (_, changed, message) => {
    const storage = await withCheckpoint(await someLog(), 8, changed)
    expect(await problemsOf(storage)).toContainEqual(expect.stringContaining(message))
  })

  it('finds that an archive has other entries than its name says, or none that follow', async () => {
    const log = await someLog()
    const other = (await log.get(at('archive', 4)))!
    expect(
      await problemsOf(await withFiles(log, new Map([[at('archive', 8), other]]))),
    ).toContainEqual(expect.stringContaining('its entries are not those that its name says'))
    const entries = (await allEntries(openRefLog(log), false)).slice(4, 8)
    const parsed = entries.map((entry) => decodeEntry(encodeEntry(entry), entry.number, 'log'))
    const before = new Map([[MAIN, `${entries[0]!.updates[0]!.old!.slice(0, 8)}${'0'.repeat(56)}`]])
    const moved = await encodeArchive(parsed, before as never)
    expect(
      await problemsOf(await withFiles(log, new Map([[at('archive', 8), moved]]))),
    ).toContainEqual(expect.stringContaining(`before entry 5, ${MAIN} was not what it says`))
  })

  it('finds a checkpoint that is missing with what it covers', async () => {
    const gone = new Map([4, 8].map((number) => [at('checkpoints', number), undefined] as const))
    const reading = await readWholeLog(
      await withFiles(
        await someLog(),
        new Map([...gone, ...[9, 10, 11].map((n) => [at('log', n), undefined] as const)]),
      ),
    )
    expect(reading.problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('it is missing, and so are the entries that it covers'),
    )
    expect(reading).toMatchObject({ readable: false, state: { number: 8 } })
  })

  it('goes on behind an entry that does not follow, or is gone', async () => {
    const log = await someLog()
    const made = await withEntry(log, 10, (entry) => ({
      ...entry,
      updates: [{ name: MAIN, old: undefined, new: idOf('y') }],
    }))
    const reading = await readWholeLog(made)
    expect(reading.problems).not.toEqual([])
    expect(reading.readable).toBe(false)
    expect(reading.roots.has(idOf('y'))).toBe(true)
    const gone = await readWholeLog(await withFiles(log, new Map([[at('log', 10), undefined]])))
    expect(gone).toMatchObject({
      lost: [{ first: 10, last: 10 }],
      problems: [{ data: { name: at('log', 10) } }],
    })
  })

  it('finds a checkpoint that says the right things in another way', async () => {
    const name = at('checkpoints', 8)
    const log = await someLog()
    const { refs, head } = decodeCheckpoint((await log.get(name))!, 8, name)
    const writer = new ByteWriter().varint(8).varint(0).text(head).varint(refs.size)
    for (const [ref, id] of [...refs].reverse()) writer.text(ref).id(id)
    const bytes = seal('varveLC', writer.varint(0).varint(0).varint(0).finish())
    expect(decodeCheckpoint(bytes, 8, name).refs).toEqual(refs)
    const reading = await readWholeLog(await withFiles(log, new Map([[name, bytes]])))
    expect(reading).toMatchObject({ damaged: [name], readable: false, from: { number: 4 } })
    expect(reading.problems).toContainEqual(toldAs('corrupt-log'))
    expect(reading.lost).toEqual([])
    expect(reading.entries.map(({ number }) => number)).toEqual([5, 6, 7, 8, 9, 10, 11])
    expect(reading.state.refs).toEqual((await openRefLog(log).state()).refs)
  })

  it('says what entries lead to, archived or not, and what each was', async () => {
    const storage = createMemoryStorage()
    const log = openRefLog(storage, { checkpointEvery: EVERY })
    const discarding = (text: string): Transaction => ({
      ...moveOf(`refs/heads/${text}`, undefined, idOf(text)),
      head: { old: idOf(`${text} before`), new: idOf(`${text} after`) },
      index: { old: idOf(`${text} tree`) },
    })
    await log.append(discarding('early'))
    await appendMoves(log, 4)
    await log.append(discarding('late'))
    await log.append(moveOf('refs/heads/late', idOf('late'), undefined))
    const { roots, count } = await readWholeLog(storage)
    expect(count).toBe(7)
    for (const [text, number] of [
      ['early', 1],
      ['late', 6],
    ] as const) {
      expect(roots.get(idOf(text))).toEqual({ number: text === 'late' ? 7 : 1 })
      expect(roots.get(idOf(`${text} before`))).toEqual({ number })
      expect(roots.get(idOf(`${text} after`))).toEqual({ number })
      expect(roots.get(idOf(`${text} tree`))).toEqual({ number, kind: 'tree' })
    }
    expect(roots.size).toBe(4 + 4 + 4)
  })

  it.each([
    [[10], /it is missing$/],
    [[9, 10], /it is missing, and so are those up to 10$/],
  ])('says which entries are missing: %j', async (numbers, message) => {
    const gone = numbers.map((number) => [at('log', number), undefined] as const)
    const { problems, lost, count } = await readWholeLog(
      await withFiles(await someLog(), new Map(gone)),
    )
    expect(problems).toEqual([expect.objectContaining({ data: { name: at('log', numbers[0]!) } })])
    expect(problems[0]!.message).toMatch(message)
    expect(lost).toEqual([{ first: numbers[0], last: 10 }])
    expect(count).toBe(11 - numbers.length)
  })

  it('counts no entries that only the name of a checkpoint claims there were', async () => {
    const far = at('checkpoints', 999_999_999_999)
    const storage = await withFiles(await someLog(), new Map([[far, Uint8Array.of(1)]]))
    expect(await readWholeLog(storage)).toMatchObject({
      problems: [{ data: { name: far } }],
      damaged: [far],
      lost: [{ first: 9, last: 999_999_999_999 }],
    })
  })

  it.each([
    [11 + 1024, 11 + 1024],
    [11 + 1025, 11],
    [999_999_999_999, 11],
  ])('takes what is damaged for an entry only where one can be: %i', async (number, last) => {
    const far = at('log', number)
    const storage = await withFiles(await someLog(), new Map([[far, Uint8Array.of(1)]]))
    const reading = await readWholeLog(storage)
    expect(reading).toMatchObject({ damaged: [far], readable: false, state: { number: last } })
    expect(reading.lost).toEqual(last === 11 ? [] : [{ first: 12, last: number }])
    expect(reading.problems.map(({ data }) => data.name)).toContain(far)
    await salvageLog(storage, reading, {
      packs: new Set(),
      who: someone,
      tags: new Map(),
      findTarget: async () => undefined,
    })
    expect(await problemsOf(storage)).toEqual([])
    const { number: next } = await openRefLog(storage, { checkpointEvery: EVERY }).append(
      moveOf('refs/tags/after', undefined, idOf('after')),
    )
    expect(next).toBe(last + 1)
  })

  it('begins again where others write a checkpoint meanwhile, or what it has listed has gone', async () => {
    const shared = await someLog()
    let isLate = false
    const watched = controlStorage(shared, {
      before: async (call, name) => {
        if (call !== 'get' || isLate || !name.startsWith('log/')) return
        isLate = true
        await appendMoves(openRefLog(shared, { checkpointEvery: EVERY }), 3)
      },
    })
    expect(await readWholeLog(watched)).toMatchObject({ problems: [], state: { number: 14 } })
    expect(isLate).toBe(true)
  })
})

describe('salvaging a log', () => {
  const salvage = async (storage: Storage) => {
    const reading = await readWholeLog(storage)
    const copies = await salvageLog(storage, reading, {
      packs: new Set(),
      who: someone,
      tags: new Map(),
      findTarget: async () => undefined,
    })
    return { reading, copies }
  }

  it('ends it with what can be explained, also where entries do not follow one another', async () => {
    const log = await someLog()
    for (const changed of [idOf('y'), undefined]) {
      const storage = await withEntry(log, 10, (entry) => ({
        ...entry,
        updates: [
          { name: MAIN, old: idOf('never'), new: changed },
          { name: 'refs/heads/side', old: idOf('never'), new: undefined },
        ],
      }))
      await salvage(storage)
      const state = await openRefLog(storage, { checkpointEvery: EVERY }).state()
      expect(state.number).toBe(11)
      expect(await problemsOf(storage)).toEqual([])
    }
  })

  it('makes up for lost entries of which later ones tell what they did', async () => {
    const log = await someLog()
    const storage = await withFiles(log, new Map([[at('log', 10), Buffer.from('damaged')]]))
    const { reading, copies } = await salvage(storage)
    expect(reading.lost).toEqual([{ first: 10, last: 10 }])
    expect(copies).toEqual([`damaged/${at('log', 10)}`])
    expect(await openRefLog(storage, { checkpointEvery: EVERY }).state()).toMatchObject({
      number: 11,
    })
  })
})

describe('entries that are lost', () => {
  it.each([1024, 1025, 999_999_000_000])(
    'are stood in for by one where there are too many: %i',
    async (count) => {
      const log = await someLog()
      const [last] = await allEntries(openRefLog(log))
      const { name, new: tip } = last!.updates[0]!
      const far: LogEntry = {
        ...last!,
        number: 12 + count,
        updates: [{ name, old: idOf('between'), new: idOf('far') }],
      }
      expect(tip).not.toBe(idOf('between'))
      const storage = await withFiles(log, new Map([[at('log', far.number), encodeEntry(far)]]))
      await salvageLog(storage, await readWholeLog(storage), {
        packs: new Set(),
        who: someone,
        tags: new Map([['refs/tags/salvaged/x', idOf('x')]]),
        findTarget: async () => idOf('between'),
      })
      expect(await problemsOf(storage)).toEqual([])
      const mended = openRefLog(storage, { checkpointEvery: EVERY })
      const entries = await allEntries(mended, false)
      const stoodIn = count <= 1024 ? count : 1
      expect(entries.map(({ number }) => number)).toEqual([
        ...Array.from({ length: 11 }, (_, before) => before + 1),
        ...Array.from({ length: stoodIn + 1 }, (_, after) => far.number - stoodIn + after),
      ])
      expect(entries.at(-1)).toMatchObject({ number: far.number, updates: far.updates })
      expect(entries.at(-2)!.updates).toEqual([
        { name, old: tip, new: idOf('between') },
        { name: 'refs/tags/salvaged/x', old: undefined, new: idOf('x') },
      ])
      expect((await mended.state()).refs.get(name)).toBe(idOf('far'))
    },
  )

  it('are stood in for one by one only until those are many, however many gaps there are', async () => {
    const log = await someLog()
    const [last] = await allEntries(openRefLog(log))
    const { name, new: tip } = last!.updates[0]!
    const numbers = [612, 1213, 1215]
    const entries = numbers.map((number, i): LogEntry => {
      const old = i === 0 ? tip : idOf(`far ${i - 1}`)
      return { ...last!, number, updates: [{ name, old, new: idOf(`far ${i}`) }] }
    })
    const files = entries.map((entry) => [at('log', entry.number), encodeEntry(entry)] as const)
    const storage = await withFiles(log, new Map(files))
    await salvageLog(storage, await readWholeLog(storage), {
      packs: new Set(),
      who: someone,
      tags: new Map(),
      findTarget: async () => undefined,
    })
    expect(await problemsOf(storage)).toEqual([])
    const mended = openRefLog(storage, { checkpointEvery: EVERY })
    const found = (await allEntries(mended, false)).map(({ number }) => number)
    expect(found.length).toBeLessThan(620)
    expect(found).toEqual([...Array.from({ length: 612 }, (_, i) => i + 1), 1212, 1213, 1214, 1215])
    expect((await mended.state()).refs.get(name)).toBe(idOf('far 2'))
  })

  it('are told of by those that come after, and by what is found that nothing leads to', async () => {
    const log = await someLog()
    const entries = await allEntries(openRefLog(log))
    const made = entries.find(({ number }) => number === 10)!.updates[0]!
    for (const lost of [[10], [9, 10]]) {
      const damaged = lost.map((number) => [at('log', number), Buffer.from('bad')] as const)
      const storage = await withFiles(log, new Map(damaged))
      await storage.putIfAbsent('log/hint', Buffer.from('7'))
      const asked: string[] = []
      await salvageLog(storage, await readWholeLog(storage), {
        packs: new Set(),
        who: someone,
        tags: new Map([['refs/tags/salvaged/x', idOf('x')]]),
        findTarget: async (digits) => {
          asked.push(digits)
          return made.new
        },
      })
      expect(asked).toContain(made.new!.slice(0, 8))
      const mended = openRefLog(storage, { checkpointEvery: EVERY })
      const stood = (await allEntries(mended)).find(({ number }) => number === 10)
      expect(stood).toMatchObject({ message: expect.stringContaining('this entry is lost') })
      expect(stood!.updates).toContainEqual({
        name: made.name,
        old: expect.any(String),
        new: made.new,
      })
      expect((await mended.state()).refs.get('refs/tags/salvaged/x')).toBe(idOf('x'))
      expect(await storage.size('log/hint')).toBe(1)
    }
  })
})

describe('a copy set aside', () => {
  it('is made once of the same bytes, and has a name of its own where others have that', async () => {
    const storage = createMemoryStorage()
    expect(await copyAside(storage, 'log/1')).toBeUndefined()
    await storage.putIfAbsent('log/1', Uint8Array.of(1, 2, 3))
    expect(await copyAside(storage, 'log/1')).toBe('damaged/log/1')
    expect(await copyAside(storage, 'log/1')).toBe('damaged/log/1')
    for (const [bytes, name] of [
      [Uint8Array.of(1, 2, 4), 'damaged/log/1.2'],
      [Uint8Array.of(1), 'damaged/log/1.3'],
    ] as const) {
      await storage.delete('log/1')
      await storage.putIfAbsent('log/1', bytes)
      expect(await copyAside(storage, 'log/1')).toBe(name)
      expect(await storage.get(name)).toEqual(bytes)
    }
  })

  it('takes another name where somebody was faster', async () => {
    const shared = createMemoryStorage()
    await shared.putIfAbsent('log/1', Uint8Array.of(1))
    let isTaken = false
    const raced: Storage = {
      ...controlStorage(shared, {}),
      create: async () => {
        const writer = await shared.create()
        return {
          write: (bytes) => writer.write(bytes),
          range: (offset, length) => writer.range(offset, length),
          discard: () => writer.discard(),
          publish: async (name) => {
            if (!isTaken) await shared.putIfAbsent(name, Uint8Array.of(9))
            isTaken = true
            return writer.publish(name)
          },
        }
      },
    }
    expect(await copyAside(raced, 'log/1')).toBe('damaged/log/1.2')
  })
})
