import { describe, expect, it } from 'vitest'
import type { Id, ObjectKind } from '../../src/core/id.ts'
import type { CutId } from '../../src/storage/cut-ids.ts'
import { decodeArchive, encodeArchive } from '../../src/storage/log-archive.ts'
import { decodeEntry, encodeEntry, type LogEntry } from '../../src/storage/log-entry.ts'
import {
  applyEntries,
  decodeCheckpoint,
  emptyState,
  encodeCheckpoint,
} from '../../src/storage/log-state.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { decodeRecord, encodeRecord } from '../../src/storage/pack-record.ts'
import { PackWriter } from '../../src/storage/pack-writer.ts'
import { decodeVersion, encodeVersion } from '../../src/storage/versioned-file.ts'
import { documentedExamples, readGolden } from '../support/golden.ts'
import { storageWithPack } from '../support/packs.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const fromHex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))

interface GoldenPack {
  name: string
  pack: string
  objects: {
    kind: ObjectKind
    method: number
    id: Id
    bytes: string
    body: string
    record: string
    cuts?: CutId[]
  }[]
}

interface GoldenLog {
  entries: { entry: LogEntry; bytes: string }[]
  checkpoint: string
  /** Of all entries. */
  archive: string
  /** Of the last entry alone, with refs as they are before it. */
  later: string
  before: Record<string, Id>
}

describe('pack format', () => {
  const golden = readGolden<GoldenPack>('pack.json')

  it('is written as documented', async () => {
    const storage = createMemoryStorage()
    const writer = new PackWriter(storage)
    const ids = golden.objects.map(({ id }) => id)
    for (const [i, { record, ...object }] of golden.objects.entries()) {
      const stored = {
        ...object,
        length: object.bytes.length / 2,
        body: fromHex(object.body),
      }
      expect(hex(encodeRecord(stored, i, (id) => ids.indexOf(id)))).toBe(record)
      await writer.addRecord(stored)
    }
    expect(await writer.publish()).toBe(golden.name)
    expect(hex((await storage.get(`packs/${golden.name}.pack`))!)).toBe(golden.pack)
    expect(documentedExamples('format/pack.md').get('pack')).toBe(golden.pack)
  })

  it('is read as documented', async () => {
    const store = openObjectStore(await storageWithPack(golden.name, fromHex(golden.pack)), {
      verify: 'always',
    })
    expect(await store.verifyPack(golden.name)).toEqual([])
    const idsAt = (positions: readonly number[]) => positions.map((at) => golden.objects[at]!.id)
    for (const [i, { kind, id, bytes, record, method }] of golden.objects.entries()) {
      expect(hex(await store.read(id, kind))).toBe(bytes)
      const read = await decodeRecord(fromHex(record), id, i, idsAt)
      expect(read).toMatchObject({ id, kind, method })
    }
  })

  it('has a number for every kind of object', async () => {
    const codes: [ObjectKind, number][] = [
      ['blob', 1],
      ['column', 2],
      ['columns', 3],
      ['segments', 4],
      ['series', 5],
      ['settings', 6],
      ['tree', 7],
      ['commit', 8],
      ['tag', 9],
    ]
    for (const [kind, code] of codes) {
      const id = golden.objects[0]!.id
      const object = { id, kind, method: 0, length: 0, body: new Uint8Array(0) }
      const record = encodeRecord(object, 0, () => undefined)
      expect(record[0]).toBe(code)
      expect(await decodeRecord(record, id, 0, () => [])).toEqual(object)
    }
  })
})

describe('ref log format', () => {
  const golden = readGolden<GoldenLog>('ref-log.json')
  // JSON has no undefined: an id that is not there is null in the file.
  const entries = golden.entries.map(({ entry, bytes }) => ({
    bytes: fromHex(bytes),
    entry: {
      ...entry,
      updates: entry.updates.map((update) => ({ ...update, old: update.old ?? undefined })),
    },
  }))

  it('writes and reads entries as documented', () => {
    const examples = documentedExamples('format/ref-log.md')
    for (const { entry, bytes } of entries) {
      expect(hex(encodeEntry(entry))).toBe(hex(bytes))
    }
    const parsed = entries.map(({ entry, bytes }) => decodeEntry(bytes, entry.number, 'log/x'))
    expect(applyEntries(emptyState, parsed).entries).toEqual(entries.map(({ entry }) => entry))
    expect(examples.get('entry 1')).toBe(hex(entries[0]!.bytes))
    expect(examples.get('entry 2')).toBe(hex(entries[1]!.bytes))
  })

  it('writes and reads archives as documented', async () => {
    const parsed = entries.map(({ entry, bytes }) => decodeEntry(bytes, entry.number, 'log/x'))
    const whole = entries.map(({ entry: { retiredPacks: _, ...entry } }) => ({
      ...entry,
      packs: [],
    }))
    const written = await encodeArchive(parsed, new Map())
    expect(await decodeArchive(written, 'archive/x')).toEqual(whole)
    expect(await decodeArchive(fromHex(golden.archive), 'archive/x')).toEqual(whole)
    const later = await encodeArchive(parsed.slice(2), new Map(Object.entries(golden.before)))
    for (const bytes of [later, fromHex(golden.later)]) {
      expect(await decodeArchive(bytes, 'archive/x')).toEqual(whole.slice(2))
    }
    expect(documentedExamples('format/ref-log.md').get('archive')).toBe(golden.later)
  })

  it('writes and reads checkpoints as documented', () => {
    const parsed = entries.map(({ entry, bytes }) => decodeEntry(bytes, entry.number, 'log/x'))
    const { state } = applyEntries(emptyState, parsed)
    expect(hex(encodeCheckpoint(state))).toBe(golden.checkpoint)
    expect(decodeCheckpoint(fromHex(golden.checkpoint), 3, 'checkpoints/x')).toEqual(state)
    expect(documentedExamples('format/checkpoint.md').get('checkpoint')).toBe(golden.checkpoint)
  })
})

describe('versioned file format', () => {
  it('is written and read as documented', () => {
    const version = {
      token: fromHex('0102030405060708'),
      before: [fromHex('a1a2a3a4a5a6a7a8')],
      content: new TextEncoder().encode('hello'),
    }
    const example = documentedExamples('format/repository.md').get('versioned file')
    expect(hex(encodeVersion(version))).toBe(example)
    expect(decodeVersion(fromHex(example!), 'index.2')).toEqual(version)
  })
})
