import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import {
  decodeEntry,
  encodeEntry,
  type LogEntry,
  type ParsedEntry,
} from '../../src/storage/log-entry.ts'
import { seal } from '../../src/storage/log-envelope.ts'
import {
  applyEntries,
  decodeCheckpoint,
  emptyState,
  encodeCheckpoint,
  type LogState,
  nextCheckpoint,
  remembering,
} from '../../src/storage/log-state.ts'
import { idOf, someone } from '../support/transactions.ts'

const entryOf = (number: number, changed: Partial<LogEntry> = {}): LogEntry => ({
  number,
  uuid: '00112233-4455-6677-8899-aabbccddeeff',
  updates: [],
  who: someone,
  message: '',
  packs: [],
  ...changed,
})

const apply = (state: LogState, ...entries: LogEntry[]): LogState =>
  applyEntries(state, entries.map(readBack)).state

/** An entry as it is read. */
const readBack = (entry: LogEntry): ParsedEntry =>
  decodeEntry(encodeEntry(entry), entry.number, `log/${entry.number}`)

describe('the state of a log', () => {
  it('is the very same after no entries', () => {
    const { state, entries } = applyEntries(emptyState, [])
    expect(state).toBe(emptyState)
    expect(entries).toEqual([])
  })

  it('does not follow from an entry that is not the next', () => {
    for (const number of [0, 1, 3]) {
      expect(() => apply(emptyState, entryOf(1), entryOf(number))).toThrow(
        expect.objectContaining({
          code: 'corrupt-log',
          message: `the ref log is damaged: entry ${number}: it follows entry 1`,
        }),
      )
    }
  })

  it('keeps, of packs and shallow commits, what was last said', () => {
    // A feature that this program has not can be in no entry that it reads.
    const entries = [
      entryOf(1, { packs: [idOf('p'), idOf('q')], shallow: { added: [idOf('s')], removed: [] } }),
      entryOf(2, { retiredPacks: [idOf('p')] }),
      entryOf(3, { shallow: { added: [idOf('t')], removed: [idOf('s')] }, features: ['f'] }),
    ]
    const { state } = applyEntries(
      emptyState,
      entries.map((entry) => ({ ...entry, updates: [] })),
    )
    expect(state).toMatchObject({ number: 3, retiredAt: 2 })
    expect([...state.packs]).toEqual([idOf('q')])
    expect([...state.retired]).toEqual([idOf('p')])
    expect([...state.shallow]).toEqual([idOf('t')])
    expect([...state.requiredFeatures]).toEqual(['f'])
    const again = apply(state, entryOf(4, { packs: [idOf('p')] }))
    expect([...again.retired]).toEqual([])
    const checkpoint = nextCheckpoint(state, [readBack(entryOf(4, { retiredPacks: [idOf('q')] }))])
    expect([...checkpoint.retired]).toEqual([idOf('q')])
  })

  it('read anew, remembers every pack that counted once and does no more', () => {
    const earlier = {
      ...emptyState,
      packs: new Set([idOf('kept'), idOf('gone')]),
      retired: new Set([idOf('retired'), idOf('back')]),
    }
    const state = {
      ...emptyState,
      number: 9,
      packs: new Set([idOf('kept'), idOf('back')]),
      retired: new Set([idOf('new')]),
    }
    const found = remembering(state, earlier)
    expect(found).toMatchObject({ number: 9, packs: state.packs })
    expect([...found.retired].sort()).toEqual([idOf('gone'), idOf('new'), idOf('retired')].sort())
  })
})

describe('a checkpoint', () => {
  const state: LogState = {
    ...emptyState,
    number: 7,
    retiredAt: 7,
    refs: new Map([['refs/heads/b', idOf('b')]]).set('refs/heads/a', idOf('a')),
    packs: new Set(['p', 'q', 'r'].map(idOf)),
    retired: new Set(['s', 't', 'u'].map(idOf)),
    shallow: new Set(['v', 'w', 'x'].map(idOf)),
  }

  it('has the same bytes whatever the order in which all of it came', () => {
    const bytes = encodeCheckpoint(state)
    expect(decodeCheckpoint(bytes, 7, 'checkpoints/7')).toEqual(state)
    const reversed: LogState = {
      ...state,
      refs: new Map([...state.refs].reverse()),
      packs: new Set([...state.packs].reverse()),
      retired: new Set([...state.retired].reverse()),
      shallow: new Set([...state.shallow].reverse()),
    }
    expect(encodeCheckpoint(reversed)).toEqual(bytes)
  })

  it('says which features it needs, which a reader without them refuses', () => {
    const bytes = encodeCheckpoint({ ...state, requiredFeatures: new Set(['later', 'also']) })
    expect(() => decodeCheckpoint(bytes, 7, 'checkpoints/7')).toThrow(
      expect.objectContaining({
        code: 'unsupported-format',
        message: 'checkpoints/7 requires also, later',
      }),
    )
  })

  it('is refused by its name where its content is not what it must be', () => {
    const content = encodeCheckpoint(state).subarray(8, -8)
    for (const [bytes, number, reason] of [
      [content, 8, 'it has another number inside'],
      [content.subarray(0, -1), 7, 'bad bytes: cut short'],
      [Buffer.concat([content, Uint8Array.of(0)]), 7, 'bad bytes: 1 bytes too many'],
    ] as const) {
      const name = `checkpoints/${number}`
      expect(() => decodeCheckpoint(seal('varveLC', bytes), number, name)).toThrow(
        expect.objectContaining({
          code: 'corrupt-log',
          message: `the ref log is damaged: ${name}: ${reason}`,
          data: { name },
        }),
      )
    }
  })
})

describe('what a log of a stranger asks for', () => {
  it.each([
    ['an empty name', [''], 'a feature of 0 characters'],
    ['a long name', ['x'.repeat(101)], 'a feature of 101 characters'],
    ['257 of them', Array.from({ length: 257 }, () => 'x'), 'more than 256 features'],
  ])('is damage where a feature has, or is, %s', (_, features, reason) => {
    const corrupt = expect.objectContaining({
      code: 'corrupt-log',
      message: expect.stringContaining(reason),
    })
    const checkpoint = new ByteWriter().varint(1).varint(features.length)
    for (const feature of features) checkpoint.text(feature)
    const bytes = seal('varveLC', checkpoint.finish())
    expect(() => decodeCheckpoint(bytes, 1, 'checkpoints/1')).toThrow(corrupt)
    expect(() => readBack(entryOf(1, { features }))).toThrow(corrupt)
  })

  it('is named, eight features at most, each as long as it may be', () => {
    const features = Array.from({ length: 256 }, (_, at) => `${at}`.padStart(100, 'x'))
    expect(() => readBack(entryOf(1, { features }))).toThrow(
      expect.objectContaining({
        code: 'unsupported-format',
        message: `log/1 requires ${features.slice(0, 8).join(', ')}, and 248 more`,
      }),
    )
  })

  it('shows only the beginning of a long name that is none', () => {
    const name = `refs/heads/${' '.repeat(1_000_000)}`
    const entry = entryOf(1, { updates: [{ name, old: undefined, new: idOf('a') }] })
    let message = ''
    try {
      readBack(entry)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).toContain('not the name of a ref: "refs/heads/ ')
    expect(message.length).toBeLessThan(400)
  })
})
