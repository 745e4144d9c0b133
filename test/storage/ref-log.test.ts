import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { encodeEntry, type LogEntry, type Transaction } from '../../src/storage/log-entry.ts'
import { decodeCheckpoint, emptyState, encodeCheckpoint } from '../../src/storage/log-state.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { toldAs } from '../support/errors.ts'
import { allEntries, appendMoves, idOf, moveOf, someone } from '../support/transactions.ts'

const names = async (storage: Storage, prefix: string): Promise<string[]> =>
  (await storage.list(prefix)).map(({ name }) => name).sort()

/** A log that somebody else wrote: an entry that no varve lets in. */
async function logWith(changed: Partial<LogEntry>): Promise<Storage> {
  const storage = createMemoryStorage()
  const entry = await openRefLog(storage).append(moveOf('refs/heads/main', undefined, idOf('a')))
  const hostile = createMemoryStorage()
  await hostile.putIfAbsent('log/000000000001', encodeEntry({ ...entry, ...changed }))
  return hostile
}

describe('ref log', () => {
  it.each([
    ['refs/heads/\x1b[2Jmain'],
    ['refs/heads/a\nrefs/heads/b'],
    ['refs/heads/\u202etxt'],
    ['refs/heads/../../HEAD'],
    ['refs/tags/'],
    ['-rf'],
  ])('refuses an entry or a checkpoint that names %j as a ref', async (name) => {
    const update = { name, old: undefined, new: idOf('a') }
    const corrupt = toldAs('corrupt-log')
    for (const changed of [
      { updates: [update] },
      { head: { new: name } },
      { head: { old: name, new: 'refs/heads/main' } },
    ]) {
      await expect(openRefLog(await logWith(changed)).state()).rejects.toEqual(corrupt)
    }
    const state = { ...emptyState, number: 1 }
    for (const changed of [{ refs: new Map([[name, idOf('a')]]) }, { head: name }]) {
      const bytes = encodeCheckpoint({ ...state, ...changed })
      expect(() => decodeCheckpoint(bytes, 1, 'checkpoints/1')).toThrow(corrupt)
    }
  })

  it.each([
    [{ seconds: 2 ** 52 }],
    [{ seconds: -(2 ** 51) }],
    [{ offsetMinutes: 100_000 }],
    [{ name: 'Ann\x1b[2J' }],
    [{ email: 'a@b>\n' }],
  ])('refuses an entry by %j, whom nobody can be', async (changed) => {
    const storage = await logWith({ who: { ...someone, ...changed } })
    await expect(openRefLog(storage).state()).rejects.toMatchObject({ code: 'corrupt-log' })
  })

  it('begins empty, with a default branch', async () => {
    const state = await openRefLog(createMemoryStorage()).state()
    expect(state).toMatchObject({ number: 0, head: 'refs/heads/main' })
    expect(state.refs.size + state.packs.size + state.shallow.size).toBe(0)
  })

  it('keeps all of a transaction', async () => {
    const storage = createMemoryStorage()
    const transaction: Transaction = {
      updates: [
        { name: 'refs/heads/main', old: undefined, new: idOf('a') },
        { name: 'refs/tags/v1 😀'.replace(' ', '-'), old: undefined, new: idOf('b') },
      ],
      head: { old: 'refs/heads/main', new: 'refs/heads/other' },
      who: { ...someone, seconds: -5, name: 'Ångström' },
      message: 'commit: first\nwith a body',
      packs: [idOf('p'), idOf('q')],
      retiredPacks: [idOf('r')],
      shallow: { added: [idOf('s')], removed: [] },
      index: { old: idOf('i') },
      uuid: '00112233-4455-6677-8899-aabbccddeeff',
    }
    await openRefLog(storage).append({ updates: [], who: someone, message: '', packs: [idOf('r')] })
    const entry = await openRefLog(storage).append(transaction)
    const log = openRefLog(storage)
    expect(entry).toEqual({ ...transaction, number: 2 })
    expect((await allEntries(log))[0]).toEqual(entry)
    const state = await log.state()
    expect(state.number).toBe(2)
    expect([...state.retired]).toEqual([idOf('r')])
    expect([...state.refs]).toEqual(transaction.updates.map((u) => [u.name, u.new]))
    expect(state.head).toBe('refs/heads/other')
    expect([...state.packs]).toEqual([idOf('p'), idOf('q')])
    expect([...state.shallow]).toEqual([idOf('s')])
  })

  it('sees at once what others append, and never changes a state handed out', async () => {
    const storage = createMemoryStorage()
    const [a, b] = [openRefLog(storage), openRefLog(storage)]
    await a.append(moveOf('refs/heads/x', undefined, idOf('1')))
    const before = await b.state()
    await a.append(moveOf('refs/heads/x', idOf('1'), idOf('2')))
    expect((await b.state()).refs.get('refs/heads/x')).toBe(idOf('2'))
    expect(before.refs.get('refs/heads/x')).toBe(idOf('1'))
  })

  it('refuses a transaction one of whose refs is not as expected, and changes nothing', async () => {
    const log = openRefLog(createMemoryStorage())
    await log.append(moveOf('refs/heads/x', undefined, idOf('1')))
    const updates = [
      { name: 'refs/heads/new', old: undefined, new: idOf('9') },
      { name: 'refs/heads/x', old: idOf('0'), new: idOf('2') },
    ]
    await expect(log.append({ ...moveOf('', undefined, undefined), updates })).rejects.toSatisfy(
      (e) => hasCode(e, 'conflict') && e.data.ref === 'refs/heads/x' && e.data.found === idOf('1'),
    )
    const conflict = (e: unknown): boolean => hasCode(e, 'conflict')
    const existing = moveOf('refs/heads/x', undefined, idOf('2'))
    await expect(log.append(existing)).rejects.toSatisfy(conflict)
    const gone = moveOf('refs/heads/y', idOf('1'), undefined)
    await expect(log.append(gone)).rejects.toSatisfy(conflict)
    expect((await log.state()).number).toBe(1)
  })

  it('refuses what no reader could take', async () => {
    const log = openRefLog(createMemoryStorage())
    const good = moveOf('refs/heads/x', undefined, idOf('1'))
    const bad: [Transaction, string][] = [
      [{ ...good, updates: [...good.updates, ...good.updates] }, 'refused'],
      [moveOf('refs/heads/a b', undefined, idOf('1')), 'invalid-name'],
      [moveOf('refs/heads/x', undefined, 'abc' as Id), 'invalid-id'],
      [{ ...good, packs: ['abc'] }, 'invalid-id'],
      [{ ...good, uuid: 'abc' }, 'invalid-id'],
      [{ ...good, features: ['from-the-future'] }, 'unsupported-format'],
    ]
    for (const [transaction, code] of bad) {
      await expect(log.append(transaction)).rejects.toMatchObject({ code })
    }
    expect((await log.state()).number).toBe(0)
  })

  it('deletes and recreates refs', async () => {
    const log = openRefLog(createMemoryStorage())
    await log.append(moveOf('refs/heads/x', undefined, idOf('1')))
    await log.append(moveOf('refs/heads/x', idOf('1'), undefined))
    expect((await log.state()).refs.has('refs/heads/x')).toBe(false)
    await log.append(moveOf('refs/heads/x', undefined, idOf('2')))
    expect((await log.state()).refs.get('refs/heads/x')).toBe(idOf('2'))
  })
})

describe('ref log: checkpoints', () => {
  it('are written every 128 entries; covered entries go, the reflog stays', async () => {
    const storage = createMemoryStorage()
    const log = openRefLog(storage)
    await appendMoves(log, 300)
    expect(await names(storage, 'checkpoints/')).toEqual([
      'checkpoints/000000000128',
      'checkpoints/000000000256',
    ])
    expect(await names(storage, 'log/')).toHaveLength(300 - 256)
    expect(await names(storage, 'archive/')).toHaveLength(2)
    for (const reader of [log, openRefLog(storage)]) {
      expect((await reader.state()).number).toBe(300)
      expect((await allEntries(reader)).map(({ number }) => number)).toEqual(
        Array.from({ length: 300 }, (_, i) => 300 - i),
      )
      expect((await allEntries(reader, false)).map(({ number }) => number)).toEqual(
        Array.from({ length: 300 }, (_, i) => i + 1),
      )
    }
    expect((await openRefLog(storage).state()).refs).toEqual((await log.state()).refs)
  })

  it('are the same bytes whoever writes them', async () => {
    const one = createMemoryStorage()
    const log = openRefLog(one, { checkpointEvery: 8 })
    for (const name of ['b', 'a', '😀', '\uff5e', 'c']) {
      await log.append({
        ...moveOf(`refs/heads/${name}`, undefined, idOf(name)),
        packs: [idOf(name)],
      })
    }
    await appendMoves(log, 2)
    const other = createMemoryStorage()
    for (const { name } of await one.list('log/')) {
      await other.putIfAbsent(name, (await one.get(name))!)
    }
    await appendMoves(log, 1)
    const last = (await allEntries(log))[0]!
    await openRefLog(other, { checkpointEvery: 8 }).append(last)
    for (const name of ['checkpoints/000000000008', 'archive/000000000008']) {
      expect(await other.get(name)).toEqual(await one.get(name))
    }
    const { refs } = await openRefLog(other).state()
    expect([...refs.keys()]).toEqual(
      ['a', 'b', 'c', 'main', '\uff5e', '😀'].map((name) => `refs/heads/${name}`),
    )
  })

  it('end the reflog where archives have been removed, no sooner', async () => {
    const storage = createMemoryStorage()
    const log = openRefLog(storage, { checkpointEvery: 4 })
    await appendMoves(log, 14)
    await storage.delete('archive/000000000004')
    expect((await allEntries(openRefLog(storage))).at(-1)?.number).toBe(5)
    expect((await allEntries(openRefLog(storage), false))[0]?.number).toBe(5)
  })

  it('are made good by the next writer when one could not be written', async () => {
    const storage = createMemoryStorage()
    const log = openRefLog(storage, { checkpointEvery: 4 })
    await appendMoves(log, 11)
    const late = openRefLog(storage, { checkpointEvery: 2 })
    await appendMoves(late, 1)
    expect((await names(storage, 'checkpoints/')).at(-1)).toBe('checkpoints/000000000012')
    expect((await openRefLog(storage).state()).number).toBe(12)
    expect(await allEntries(openRefLog(storage))).toHaveLength(12)
  })
})

describe('ref log: what lies in archives', () => {
  it('is given once each, where archives overlap', async () => {
    const storage = createMemoryStorage()
    const log = openRefLog(storage, { checkpointEvery: 6 })
    await appendMoves(log, 5)
    const four = createMemoryStorage()
    for (const { name } of await storage.list('log/')) {
      await four.putIfAbsent(name, (await storage.get(name))!)
    }
    await openRefLog(four, { checkpointEvery: 4 }).append(
      moveOf('refs/tags/x', undefined, idOf('x')),
    )
    await appendMoves(log, 8)
    // As of somebody who was stopped before the last step, and goes on much later.
    await storage.putIfAbsent('archive/000000000004', (await four.get('archive/000000000004'))!)
    expect(await names(storage, 'archive/')).toHaveLength(3)
    const numbers = Array.from({ length: 13 }, (_, i) => i + 1)
    for (const reader of [log, openRefLog(storage)]) {
      const inOrder = await allEntries(reader, false)
      expect(inOrder.map(({ number }) => number)).toEqual(numbers)
      expect(await allEntries(reader)).toEqual(inOrder.reverse())
    }
  })

  it('is all that there is, where that is asked for', async () => {
    const storage = createMemoryStorage()
    const log = openRefLog(storage, { checkpointEvery: 4 })
    expect(await log.archive()).toBe(0)
    await appendMoves(log, 6)
    const before = await log.state()
    expect(await log.archive()).toBe(2)
    expect(await log.archive()).toBe(0)
    expect(await names(storage, 'log/')).toEqual([])
    expect(await names(storage, 'checkpoints/')).toEqual(['checkpoints/000000000006'])
    expect(await allEntries(openRefLog(storage))).toHaveLength(6)
    expect((await openRefLog(storage).state()).refs).toEqual(before.refs)
    await appendMoves(log, 1)
    expect((await openRefLog(storage).state()).number).toBe(7)
  })

  it('leaves two checkpoints: the last, and the one that a reader may be about to open', async () => {
    const storage = createMemoryStorage()
    await appendMoves(openRefLog(storage, { checkpointEvery: 2 }), 9)
    expect(await names(storage, 'checkpoints/')).toEqual([
      'checkpoints/000000000006',
      'checkpoints/000000000008',
    ])
  })
})

describe('ref log: who looks at it', () => {
  it('is told of each state once, and completes a transaction for the one that it follows', async () => {
    const storage = createMemoryStorage()
    const told: number[] = []
    const completed: number[] = []
    const log = openRefLog(storage, {
      onState: ({ number }) => told.push(number),
      complete: async (transaction, { number }) => {
        completed.push(number)
        return { ...transaction, message: `after ${number}` }
      },
    })
    await log.state()
    await appendMoves(log, 2)
    await appendMoves(openRefLog(storage), 1)
    await log.state()
    await log.state()
    expect(told).toEqual([0, 1, 2, 3])
    expect(completed).toEqual([0, 1])
    const messages = (await allEntries(log)).map(({ message }) => message)
    expect(messages.slice(1)).toEqual(['after 1', 'after 0'])
  })

  it('does not read again what it has read or written', async () => {
    const storage = createMemoryStorage()
    await appendMoves(openRefLog(storage), 3)
    const read: string[] = []
    const log = openRefLog(
      controlStorage(storage, {
        before: (call, name) => {
          if (call === 'get') read.push(name)
        },
      }),
    )
    await log.state()
    await log.append(moveOf('refs/heads/x', undefined, idOf('x')))
    read.length = 0
    expect((await log.state()).refs.get('refs/heads/x')).toBe(idOf('x'))
    expect(read).toEqual(['log/000000000005'])
  })
})

describe('ref log: damage', () => {
  const entry: LogEntry = {
    ...moveOf('refs/heads/x', undefined, idOf('1')),
    number: 1,
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
  }

  it('refuses an entry with any byte changed', async () => {
    const bytes = encodeEntry(entry)
    for (let at = 0; at < bytes.length; at++) {
      const storage = createMemoryStorage()
      const bad = bytes.slice()
      bad[at]! ^= 1 << (at % 8)
      await storage.putIfAbsent('log/000000000001', bad)
      await expect(openRefLog(storage).state()).rejects.toSatisfy(
        (e) => hasCode(e, 'corrupt-log') || (at === 7 && hasCode(e, 'unsupported-format')),
      )
    }
  })

  it('refuses an entry cut short, at any length', async () => {
    const bytes = encodeEntry(entry)
    for (let length = 0; length < bytes.length; length++) {
      const storage = createMemoryStorage()
      await storage.putIfAbsent('log/000000000001', bytes.slice(0, length))
      await expect(openRefLog(storage).state()).rejects.toSatisfy((e) => hasCode(e, 'corrupt-log'))
    }
  })

  it('refuses an entry under another number, and one that does not follow', async () => {
    const moved = createMemoryStorage()
    await openRefLog(moved).append(moveOf('refs/heads/y', undefined, idOf('1')))
    await moved.putIfAbsent('log/000000000002', encodeEntry(entry))
    await expect(openRefLog(moved).state()).rejects.toSatisfy((e) => hasCode(e, 'corrupt-log'))

    const odd = createMemoryStorage()
    await openRefLog(odd).append(moveOf('refs/heads/x', undefined, idOf('2')))
    await odd.putIfAbsent('log/000000000002', encodeEntry({ ...entry, number: 2 }))
    await expect(openRefLog(odd).state()).rejects.toSatisfy((e) => hasCode(e, 'corrupt-log'))
  })

  it('detects a missing entry', async () => {
    const storage = createMemoryStorage()
    await appendMoves(openRefLog(storage), 9)
    await storage.delete('log/000000000004')
    await expect(openRefLog(storage).state()).rejects.toSatisfy(
      (e) => hasCode(e, 'corrupt-log') && e.message.includes('log/000000000004'),
    )
  })

  it('refuses a damaged checkpoint and a damaged archive', async () => {
    for (const name of ['checkpoints/000000000004', 'archive/000000000004']) {
      const storage = createMemoryStorage()
      await appendMoves(openRefLog(storage, { checkpointEvery: 4 }), 5)
      const bytes = (await storage.get(name))!
      bytes[bytes.length >> 1]! ^= 4
      await storage.delete(name)
      await storage.putIfAbsent(name, bytes)
      await expect(allEntries(openRefLog(storage))).rejects.toSatisfy((e) =>
        hasCode(e, 'corrupt-log'),
      )
    }
  })

  it('refuses a required feature that it does not know, in an entry or a checkpoint', async () => {
    const storage = createMemoryStorage()
    const bytes = encodeEntry({ ...entry, features: ['from-the-future'] })
    await storage.putIfAbsent('log/000000000001', bytes)
    const log = openRefLog(storage)
    const unsupported = (e: unknown): boolean =>
      hasCode(e, 'unsupported-format') && e.message.includes('from-the-future')
    await expect(log.state()).rejects.toSatisfy(unsupported)
    await expect(log.append(moveOf('refs/heads/z', undefined, idOf('1')))).rejects.toSatisfy(
      unsupported,
    )
    expect(await names(storage, 'log/')).toHaveLength(1)
  })

  it('does not believe log/hint, nor mind other names', async () => {
    const storage = createMemoryStorage()
    await storage.putIfAbsent('log/hint', new TextEncoder().encode('999'))
    await appendMoves(openRefLog(storage), 3)
    expect((await openRefLog(storage).state()).number).toBe(3)
  })
})

describe('an entry for one state alone', () => {
  it('is refused where another one was appended since', async () => {
    const log = openRefLog(createMemoryStorage())
    await appendMoves(log, 2)
    const entry = { updates: [], who: someone, message: 'x', packs: [] }
    expect((await log.append(entry, { after: 2 })).number).toBe(3)
    await expect(log.append(entry, { after: 2 })).rejects.toMatchObject({
      code: 'conflict',
      data: { expected: 2, found: 3 },
    })
  })
})

it('a checkpoint that was listed and cannot be found again is damage, unless a later one is there', async () => {
  const storage = createMemoryStorage()
  await appendMoves(openRefLog(storage, { checkpointEvery: 2 }), 5)
  const [older, newer] = await names(storage, 'checkpoints/')
  const hiding = (hidden: readonly string[]): Storage => ({
    ...controlStorage(storage, {}),
    get: async (name) => (hidden.includes(name) ? undefined : storage.get(name)),
  })
  await expect(openRefLog(hiding([newer!])).state()).rejects.toMatchObject({ code: 'corrupt-log' })
  let lists = 0
  const late: Storage = {
    ...hiding([older!]),
    list: async (prefix) => {
      const found = await storage.list(prefix)
      return prefix === 'checkpoints/' && lists++ === 0
        ? found.filter(({ name }) => name !== newer)
        : found
    },
  }
  expect((await openRefLog(late).state()).number).toBe(5)
})

it('a failure that is none of a storage is told, though the entry is there', async () => {
  const storage = createMemoryStorage()
  const log = openRefLog(
    controlStorage(storage, {
      before: (call, name) => {
        if (call === 'putIfAbsent' && name.startsWith('archive/'))
          throw new TypeError('not of varve')
      },
    }),
    { checkpointEvery: 2 },
  )
  await expect(appendMoves(log, 2)).rejects.toThrow('not of varve')
  expect((await openRefLog(storage).state()).number).toBe(2)
})
