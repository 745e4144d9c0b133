import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, hasCode, VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import type { LogEntry } from '../../src/storage/log-entry.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openRefLog, type RefLog } from '../../src/storage/ref-log.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { controlStorage, Gate, type StorageControl } from '../support/controlled-storage.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { allEntries, appendMoves, idOf, moveOf } from '../support/transactions.ts'

const checkpointEvery = 4
const open = (storage: Storage, control: StorageControl = {}): RefLog =>
  openRefLog(controlStorage(storage, control), { checkpointEvery })

/** Stalls the first call that `matches`. */
function stallOnce(gate: Gate, matches: (call: string, name: string) => boolean): StorageControl {
  let stalled = false
  return {
    async before(call, name) {
      if (stalled || !matches(call, name)) return
      stalled = true
      await gate.wait()
    },
  }
}

/** The log holds every entry once, without gaps, and they lead to the state. */
async function expectWhole(storage: Storage): Promise<LogEntry[]> {
  const log = openRefLog(storage, { checkpointEvery })
  const entries = await allEntries(log, false)
  const state = await log.state()
  expect(entries.map(({ number }) => number)).toEqual(entries.map((_, i) => i + 1))
  expect(new Set(entries.map(({ uuid }) => uuid)).size).toBe(entries.length)
  expect(state.number).toBe(entries.length)
  const refs = new Map()
  for (const { updates } of entries) {
    for (const update of updates) {
      expect(refs.get(update.name)).toBe(update.old)
      if (update.new === undefined) refs.delete(update.name)
      else refs.set(update.name, update.new)
    }
  }
  expect(new Map([...state.refs].sort())).toEqual(new Map([...refs].sort()))
  return entries
}

describe('a writer that stalls', () => {
  it('before publishing, until its number has been freed: its entry is void and it tries again', async () => {
    const storage = createMemoryStorage()
    await appendMoves(open(storage), 1)
    const gate = new Gate()
    const stalled = open(
      storage,
      stallOnce(gate, (call, name) => call === 'putIfAbsent' && name === 'log/000000000002'),
    )
    const appended = stalled.append(moveOf('refs/heads/slow', undefined, idOf('slow')))
    await gate.arrived
    await appendMoves(open(storage), 6)
    expect(await storage.get('log/000000000002')).toBeUndefined()
    gate.open()
    expect((await appended).number).toBe(8)
    expect(await storage.get('log/000000000002')).toBeUndefined()
    const entries = await expectWhole(storage)
    expect(entries.at(-1)?.updates[0]?.name).toBe('refs/heads/slow')
  })

  it('and whose ref has moved meanwhile: a conflict, and nothing of it is ever read', async () => {
    const storage = createMemoryStorage()
    await appendMoves(open(storage), 1)
    const old = (await open(storage).state()).refs.get('refs/heads/main')
    const gate = new Gate()
    const stalled = open(
      storage,
      stallOnce(gate, (call, name) => call === 'putIfAbsent' && name.startsWith('log/')),
    )
    const appended = stalled.append(moveOf('refs/heads/main', old, idOf('slow')))
    await gate.arrived
    await appendMoves(open(storage), 5)
    gate.open()
    await expect(appended).rejects.toSatisfy((e) => hasCode(e, 'conflict'))
    await expectWhole(storage)
  })

  it('after its void entry is there: readers that come meanwhile do not believe it', async () => {
    const storage = createMemoryStorage()
    await appendMoves(open(storage), 1)
    const before = new Gate()
    const after = new Gate()
    const stalled = open(storage, {
      before: (call, name) =>
        call === 'putIfAbsent' && name === 'log/000000000002' ? before.wait() : undefined,
      after: (call, name) =>
        call === 'putIfAbsent' && name === 'log/000000000002' ? after.wait() : undefined,
    })
    const late = open(storage)
    await late.state()
    const appended = stalled.append(moveOf('refs/heads/slow', undefined, idOf('slow')))
    await before.arrived
    await appendMoves(open(storage), 6)
    before.open()
    await after.arrived
    expect(await storage.get('log/000000000002')).toBeDefined()
    for (const reader of [late, open(storage)]) {
      const state = await reader.state()
      expect(state.number).toBe(7)
      expect(state.refs.has('refs/heads/slow')).toBe(false)
      expect(await allEntries(reader)).toHaveLength(7)
    }
    after.open()
    expect((await appended).number).toBe(8)
    await expectWhole(storage)
  })

  it('after winning, until a checkpoint covers its entry: it has won, once', async () => {
    const storage = createMemoryStorage()
    await appendMoves(open(storage), 1)
    const gate = new Gate()
    let won = false
    const stalled = open(storage, {
      async after(call, name) {
        if (call !== 'putIfAbsent' || name !== 'log/000000000002') return
        won = true
        await gate.wait()
      },
    })
    const appended = stalled.append(moveOf('refs/heads/slow', undefined, idOf('slow')))
    await gate.arrived
    expect(won).toBe(true)
    await appendMoves(open(storage), 5)
    gate.open()
    expect((await appended).number).toBe(2)
    expect(await expectWhole(storage)).toHaveLength(7)
  })

  it('while checkpointing, until others have gone further: what it writes changes nothing', async () => {
    const storage = createMemoryStorage()
    await appendMoves(open(storage), 3)
    const gate = new Gate()
    const stalled = open(
      storage,
      stallOnce(gate, (call, name) => call === 'putIfAbsent' && name.startsWith('checkpoints/')),
    )
    const appended = appendMoves(stalled, 1)
    await gate.arrived
    await appendMoves(open(storage), 10)
    gate.open()
    await appended
    expect(await expectWhole(storage)).toHaveLength(14)
  })
})

describe('a reader that stalls', () => {
  it.each(['get', 'list'])(
    'at any %s, while others checkpoint, sees a true state',
    async (kind) => {
      for (let at = 0; at < 12; at++) {
        const storage = createMemoryStorage()
        await appendMoves(open(storage), 6)
        const gate = new Gate()
        let calls = 0
        const stalled = open(
          storage,
          stallOnce(gate, (call) => call === kind && calls++ === at),
        )
        const state = stalled.state()
        await Promise.race([gate.arrived, state])
        await appendMoves(open(storage), 9)
        gate.open()
        const { number, refs } = await state
        const entries = await expectWhole(storage)
        const expected = entries[number - 1]?.updates[0]?.new
        expect(refs.get('refs/heads/main')).toBe(expected)
      }
    },
  )
})

describe('an unclear answer', () => {
  const fail = (code: ErrorCode): never => {
    throw new VarveError(code, 'it failed')
  }
  const lost = (): never => fail('io')

  it('is resolved by reading back: the write had worked', async () => {
    const storage = createMemoryStorage()
    let failures = 0
    const log = open(storage, {
      after: (call, name) =>
        call === 'putIfAbsent' && name.startsWith('log/') && failures++ === 0 ? lost() : undefined,
    })
    expect((await log.append(moveOf('refs/heads/x', undefined, idOf('1')))).number).toBe(1)
    expect(await expectWhole(storage)).toHaveLength(1)
  })

  it('is resolved by reading back: another had been first', async () => {
    const storage = createMemoryStorage()
    let failures = 0
    const log = open(storage, {
      async before(call, name) {
        if (call !== 'putIfAbsent' || !name.startsWith('log/') || failures++ > 0) return
        await open(storage).append(moveOf('refs/heads/y', undefined, idOf('2')))
        lost()
      },
    })
    expect((await log.append(moveOf('refs/heads/x', undefined, idOf('1')))).number).toBe(2)
    expect(await expectWhole(storage)).toHaveLength(2)
  })

  it.each(['io', 'unreachable', 'disconnected'] as const)(
    'is tried again when nothing is there, and reported when that does not help: %s',
    async (code) => {
      const storage = createMemoryStorage()
      let failures = 0
      const log = open(storage, {
        before: (call, name) =>
          call === 'putIfAbsent' && name.startsWith('log/') && failures++ < 2
            ? fail(code)
            : undefined,
      })
      expect((await log.append(moveOf('refs/heads/x', undefined, idOf('1')))).number).toBe(1)
      failures = -10
      const failing = log.append(moveOf('refs/heads/x', idOf('1'), idOf('2')))
      await expect(failing).rejects.toSatisfy((e) => hasCode(e, code))
      expect(await expectWhole(storage)).toHaveLength(1)
    },
  )

  it('of a full disk is not tried again', async () => {
    let attempts = 0
    const log = open(createMemoryStorage(), {
      before(call) {
        if (call !== 'putIfAbsent') return
        attempts++
        throw new VarveError('disk-full', 'full')
      },
    })
    const failing = log.append(moveOf('refs/heads/x', undefined, idOf('1')))
    await expect(failing).rejects.toSatisfy((e) => hasCode(e, 'disk-full'))
    expect(attempts).toBe(1)
  })

  it.each([
    'disk-full',
    'permission-denied',
    'access-denied',
    'unreachable',
    'disconnected',
  ] as const)(
    'of a checkpoint does not fail the transaction; the next writer makes it: %s',
    async (code) => {
      const storage = createMemoryStorage()
      const full = open(storage, {
        before(call, name) {
          if (call === 'putIfAbsent' && !name.startsWith('log/')) fail(code)
        },
      })
      await appendMoves(full, 5)
      expect(await storage.list('checkpoints/')).toEqual([])
      await appendMoves(open(storage), 1)
      expect((await storage.list('checkpoints/')).map(({ name }) => name)).toEqual([
        'checkpoints/000000000004',
      ])
      expect(await expectWhole(storage)).toHaveLength(6)
    },
  )
})

describe('many writers at once', () => {
  it('lose nothing, whatever the interleaving', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const storage = createMemoryStorage()
      const random = seededRandom(seed)
      const pause = async (): Promise<void> => {
        const turns = random() < 0.05 ? 400 : Math.floor(random() * 6)
        for (let i = 0; i < turns; i++) await Promise.resolve()
      }
      const acknowledged: LogEntry[] = []
      const writers = Array.from({ length: 5 }, async (_, writer) => {
        const log = open(storage, { before: pause, after: pause })
        let old: Id | undefined
        for (let i = 0; i < 8; i++) {
          const next = idOf(`${writer} ${i}`)
          acknowledged.push(await log.append(moveOf(`refs/heads/${writer}`, old, next)))
          old = next
        }
      })
      await Promise.all(writers)
      const entries = await expectWhole(storage)
      const sorted = acknowledged.sort((a, b) => a.number - b.number)
      expect(entries).toEqual(sorted)
    }
  }, 30_000)

  it('of one ref: each move wins once, the others are told', async () => {
    const folder = await mkdtemp(join(temporaryFolder(), 'log-'))
    let won = 0
    let told = 0
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      const log = openRefLog(openFileSystemStorage(folder), { checkpointEvery })
      for (let i = 0; i < 10; i++) {
        const old = (await log.state()).refs.get('refs/heads/main')
        try {
          await log.append(moveOf('refs/heads/main', old, idOf(`${writer} ${i}`)))
          won++
        } catch (error) {
          if (!hasCode(error, 'conflict')) throw error
          told++
        }
      }
    })
    await Promise.all(writers)
    expect(won + told).toBe(60)
    expect(told).toBeGreaterThan(0)
    expect(await expectWhole(openFileSystemStorage(folder))).toHaveLength(won)
  })
})
