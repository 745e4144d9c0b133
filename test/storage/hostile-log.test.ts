import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import type { Id } from '../../src/core/id.ts'
import { decodeArchive, encodeArchive } from '../../src/storage/log-archive.ts'
import { encodeContent, type ParsedEntry } from '../../src/storage/log-entry.ts'
import { seal } from '../../src/storage/log-envelope.ts'
import { RAW, ZSTD } from '../../src/storage/pack-encoding.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { idOf, someone } from '../support/transactions.ts'

const MIB = 1024 * 1024
const nothing: ParsedEntry = {
  number: 1,
  uuid: '00112233-4455-6677-8899-aabbccddeeff',
  updates: [],
  who: someone,
  message: '',
  packs: [],
}

/** The entries of an archive, as they are before they are packed: one, whose message makes them so many bytes. */
function entriesOf(length: number): Uint8Array {
  const bytesWith = (message: string): Uint8Array =>
    new ByteWriter()
      .varint(1)
      .lengthPrefixed(encodeContent({ ...nothing, message }))
      .finish()
  const around = bytesWith('x'.repeat(length - 100)).length - (length - 100)
  const bytes = bytesWith('x'.repeat(length - around))
  expect(bytes).toHaveLength(length)
  return bytes
}

async function archiveOf(method: number, entries: Uint8Array, length = entries.length) {
  const frame = method === ZSTD ? (await loadZstd()).compress(entries, 3)! : entries
  const writer = new ByteWriter().varint(1).varint(0).u8(method).varint(length)
  return seal('varveLA', writer.bytes(frame).finish())
}

describe('an archive of the ref log that somebody made', () => {
  it('is refused where a frame stands for more than 2 MiB of entries, whatever they are', async () => {
    const most = await archiveOf(ZSTD, entriesOf(2 * MIB))
    expect(await decodeArchive(most, 'archive/1')).toHaveLength(1)
    const more = await archiveOf(ZSTD, entriesOf(2 * MIB + 1))
    expect(more.length).toBeLessThan(1000)
    await expect(decodeArchive(more, 'archive/1')).rejects.toMatchObject({
      code: 'corrupt-log',
      message: expect.stringContaining('2097153 bytes of entries in a frame'),
      data: { name: 'archive/1' },
    })
    const lying = await archiveOf(ZSTD, entriesOf(2 * MIB + 1), 1000)
    await expect(decodeArchive(lying, 'archive/1')).rejects.toMatchObject({ code: 'corrupt-log' })
  })

  it('may hold more as they are, which is how more are written', async () => {
    const entries = entriesOf(3 * MIB)
    expect(await decodeArchive(await archiveOf(RAW, entries), 'archive/1')).toHaveLength(1)
    const parsed = { ...nothing, message: 'x'.repeat(3 * MIB) }
    const [before, long] = await Promise.all(
      [{ ...parsed, message: '' }, parsed].map((entry) => encodeArchive([entry], new Map())),
    )
    expect(before!.length).toBeLessThan(200)
    const many = await encodeArchive([{ ...parsed, message: 'x'.repeat(10_000) }], new Map())
    expect(many.length).toBeLessThan(1000)
    expect(long!.length).toBeGreaterThan(3 * MIB)
    expect(await decodeArchive(long!, 'archive/1')).toEqual([parsed])
  })

  it.each([2, 3, 9])(
    'is refused where its entries are packed in another way: %i',
    async (method) => {
      const bytes = await archiveOf(method, new ByteWriter().varint(0).finish())
      await expect(decodeArchive(bytes, 'archive/1')).rejects.toMatchObject({ code: 'corrupt-log' })
    },
  )

  it('is refused where it is not whole', async () => {
    const whole = await archiveOf(RAW, new ByteWriter().varint(0).finish())
    expect(await decodeArchive(whole, 'archive/1')).toEqual([])
    const packs: readonly Id[] = [idOf('p')]
    const content = encodeContent({ ...nothing, packs })
    for (const entries of [
      new ByteWriter().varint(0).u8(7).finish(),
      new ByteWriter().varint(2).lengthPrefixed(content).finish(),
      new ByteWriter().varint(1).lengthPrefixed(content.subarray(1)).finish(),
    ]) {
      await expect(decodeArchive(await archiveOf(RAW, entries), 'archive/1')).rejects.toMatchObject(
        {
          code: 'corrupt-log',
        },
      )
    }
  })
})
