import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import { decodeEntry, encodeContent, type ParsedEntry } from '../../src/storage/log-entry.ts'
import { seal } from '../../src/storage/log-envelope.ts'
import { toldAs } from '../support/errors.ts'
import { idOf, someone } from '../support/transactions.ts'

const entry: ParsedEntry = {
  number: 1,
  uuid: '00112233-4455-6677-8899-aabbccddeeff',
  updates: [],
  who: someone,
  message: 'x',
  packs: [],
}
const content = encodeContent(entry)
/** After the number, of one byte, and the UUID. */
const PARTS = 17

function read(bytes: Uint8Array): ParsedEntry {
  return decodeEntry(seal('varveLG', bytes), 1, 'log/1')
}

/** The content of an entry with other flags, and bytes for what those announce. */
function withParts(parts: number, more: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = new ByteWriter().bytes(content.subarray(0, PARTS)).u8(parts)
  return head
    .bytes(content.subarray(PARTS + 1))
    .bytes(more)
    .finish()
}

describe('an entry from a stranger', () => {
  it('is read where it is as it would be written', () => {
    expect(read(content)).toEqual(entry)
    expect(read(withParts(0x10))).toEqual({ ...entry, index: {} })
    const whole: ParsedEntry = {
      ...entry,
      head: { old: 'refs/heads/a', new: idOf('a') },
      retiredPacks: [idOf('r')],
      shallow: { added: [], removed: [idOf('s')] },
      index: { old: idOf('i') },
    }
    expect(read(encodeContent(whole))).toEqual(whole)
  })

  it.each([
    ['a flag that nobody knows', withParts(0x80)],
    ['an old place of HEAD, and no new one', moved()],
    ['the tree of an index that was not discarded', withParts(0x20, Buffer.alloc(32))],
    ['a prefix of refs that nobody knows', updated(4 << 2)],
    ['more updates than bytes', listOf(2 ** 40)],
  ])('is refused with %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(toldAs('corrupt-log'))
  })
})

/** HEAD's old place stands behind the updates. */
function moved(): Uint8Array {
  const head = new ByteWriter().bytes(content.subarray(0, PARTS)).u8(0x02).varint(0)
  return head
    .text('refs/heads/a')
    .bytes(content.subarray(PARTS + 2))
    .finish()
}

/** One update with these flags, of a ref whose name is whole. */
function updated(flags: number): Uint8Array {
  const head = new ByteWriter().bytes(content.subarray(0, PARTS)).u8(0).varint(1)
  return head
    .u8(flags)
    .text('refs/heads/a')
    .bytes(content.subarray(PARTS + 2))
    .finish()
}

function listOf(count: number): Uint8Array {
  const head = new ByteWriter().bytes(content.subarray(0, PARTS)).u8(0).varint(count)
  return head.bytes(content.subarray(PARTS + 2)).finish()
}
