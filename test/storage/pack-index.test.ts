import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import {
  checkFooter,
  encodeIndex,
  FOOTER_BYTES,
  PACK_MAGIC,
  PackIndex,
  readFooter,
  widthOf,
} from '../../src/storage/pack-index.ts'
import { wholeIndex } from '../../src/storage/pack-pages.ts'
import { toldAs } from '../support/errors.ts'
import { seededRandom } from '../support/seeded-random.ts'

const corrupt = toldAs('corrupt-pack')
const fault = (reason: string) => new VarveError('corrupt-pack', `a pack: ${reason}`)
const idOf = (number: number): Id => hashObject('blob', Buffer.from(`${number}`))

/** Ids in no order, and where their records end. */
function recordsOf(ids: readonly Id[]) {
  const random = seededRandom(ids.length)
  let end = PACK_MAGIC.length
  return { ids, ends: ids.map(() => (end += 1 + Math.floor(random() * 90))) }
}

/** An index that is held whole, how often it was read, and whether it says that it is there. */
function countedIndex(bytes: Uint8Array) {
  return {
    reads: 0,
    isThere: true,
    read(at: number, length: number) {
      this.reads++
      return bytes.subarray(at, at + length)
    },
    has() {
      return this.isThere
    },
  }
}

/** The index that reads these bytes. */
function indexOf(bytes: Uint8Array, recordsEnd: number, change?: (index: Uint8Array) => void) {
  const footer = readFooter(bytes.subarray(-FOOTER_BYTES), recordsEnd + bytes.length)
  const index = new Uint8Array(bytes.subarray(0, footer.indexLength))
  change?.(index)
  return { footer, index: new PackIndex(wholeIndex(index), footer, fault) }
}

function opened(ids: readonly Id[], change?: (index: Uint8Array) => void) {
  const { ends } = recordsOf(ids)
  const recordsEnd = ends.at(-1) ?? PACK_MAGIC.length
  return { ends, ...indexOf(encodeIndex(ids, ends), recordsEnd, change) }
}

const alike = (digits: string, number: number): Id =>
  (digits + idOf(number).slice(digits.length)) as Id

describe('an index', () => {
  it.each<[string, Id[]]>([
    ['nothing', []],
    ['one', [idOf(1)]],
    ['some', Array.from({ length: 5 }, (_, i) => idOf(i))],
    ['more than a byte counts', Array.from({ length: 300 }, (_, i) => idOf(i))],
    ['many', Array.from({ length: 3000 }, (_, i) => idOf(i))],
    ['what begins alike', Array.from({ length: 300 }, (_, i) => alike('0123456789ab', i))],
    [
      'what begins alike among others',
      Array.from({ length: 400 }, (_, i) =>
        i % 2 ? idOf(i) : alike(i % 4 ? '00' : 'ffffffffffff', i),
      ),
    ],
  ])('finds each of %s, and nothing else', async (_, ids) => {
    const { index, ends, footer } = opened(ids)
    const sorted = [...ids].sort()
    expect(footer.records).toBe(ids.length)
    expect(await index.verify()).toEqual([])
    for (const [at, id] of ids.entries()) {
      expect(await index.position(id)).toBe(at)
      expect(await index.id(at)).toBe(id)
      const offset = ends[at - 1] ?? PACK_MAGIC.length
      expect(await index.place(at)).toEqual({ offset, length: ends[at]! - offset })
    }
    const start = ids[0]?.slice(0, 12) ?? 'ab'.repeat(6)
    const absent = [idOf(-1), alike(start, -1), '0'.repeat(64), 'f'.repeat(64)] as Id[]
    for (const id of absent) expect(await index.position(id)).toBeUndefined()
    for (const digits of [
      '',
      '0',
      '7',
      'f',
      start.slice(0, 3),
      start,
      `${start}0`,
      `${start}f`,
      ...absent,
      ...ids.slice(0, 9),
    ]) {
      expect(await index.find(digits)).toEqual(sorted.filter((id) => id.startsWith(digits)))
    }
    expect([...index.prefixes()]).toEqual(ids.map((id) => Number.parseInt(id.slice(0, 12), 16)))
    const positions = ids.map((_, at) => at).reverse()
    expect(await index.ids(positions)).toEqual([...ids].reverse())
    for (const [at, id] of ids.entries()) expect(await index.position(id)).toBe(at)
    expect(() => index.place(ids.length)).toThrow(corrupt)
    await expect((async () => index.id(ids.length))()).rejects.toEqual(corrupt)
  })

  it('looks at few ids where those have little in common with chance', () => {
    const ids = Array.from({ length: 4000 }, (_, i) => (i < 3990 ? alike('00000000', i) : idOf(i)))
    const { ends } = recordsOf(ids)
    const bytes = encodeIndex(ids, ends)
    const footer = readFooter(bytes.subarray(-FOOTER_BYTES), ends.at(-1)! + bytes.length)
    const counted = countedIndex(bytes)
    const index = new PackIndex(counted, footer, fault)
    const some = ids.filter((_, at) => at % 32 === 0)
    for (const id of some) index.position(id)
    expect(counted.reads / some.length).toBeLessThan(60)
  })

  it('looks at one id where they are asked for one after another, unless that has to be read', () => {
    const ids = Array.from({ length: 4000 }, (_, i) => idOf(i))
    const { ends } = recordsOf(ids)
    const bytes = encodeIndex(ids, ends)
    const footer = readFooter(bytes.subarray(-FOOTER_BYTES), ends.at(-1)! + bytes.length)
    const counted = countedIndex(bytes)
    const index = new PackIndex(counted, footer, fault)
    const readsFor = (from: number, to: number): number => {
      counted.reads = 0
      for (let at = from; at < to; at++) expect(index.position(ids[at]!)).toBe(at)
      return counted.reads / (to - from)
    }
    index.position(ids[0]!)
    expect(readsFor(1, 4000)).toBeLessThanOrEqual(2)
    expect(index.position(ids[0]!)).toBe(0)
    counted.isThere = false
    expect(readsFor(1, 1000)).toBeGreaterThan(4)
  })

  it('is refused with another order, an id twice, or records that do not end where it begins', async () => {
    const ids = [idOf(1), idOf(2), idOf(3)]
    const swapped = opened(ids, (index) => index.subarray(-3).reverse())
    expect(await swapped.index.verify()).not.toEqual([])
    const twice = opened([idOf(1), idOf(1), idOf(2)])
    expect(await twice.index.verify()).toEqual([
      expect.objectContaining({ message: expect.stringContaining(idOf(1)) }),
    ])
    const { ends } = recordsOf(ids)
    for (const recordsEnd of [ends[2]! - 1, ends[2]! + 1]) {
      const { index } = indexOf(encodeIndex(ids, ends), recordsEnd)
      expect(await index.verify()).toEqual([corrupt])
    }
    const empty = indexOf(encodeIndex([], []), PACK_MAGIC.length + 1)
    expect(await empty.index.verify()).toEqual([corrupt])
  })

  it('leads nowhere but to its records, whatever its bytes are', async () => {
    const ids = [idOf(1), idOf(2), idOf(3)]
    /** Where the ends of three records stand, each of one byte, and their order. */
    const [ends, order] = [3 * 32, 3 * 32 + 3]
    const last = recordsOf(ids).ends[2]!
    for (const [at, byte, position] of [
      [ends, 7, 0],
      [ends, 7, 1],
      [ends + 1, 200, 2],
      [ends + 2, last + 1, 2],
    ] as const) {
      const { index } = opened(ids, (bytes) => bytes.fill(byte, at, at + 1))
      await expect((async () => index.place(position))()).rejects.toEqual(corrupt)
    }
    const empty = opened(ids, (bytes) => bytes.set([8], ends))
    expect(await empty.index.place(0)).toEqual({ offset: 8, length: 0 })
    const astray = opened(ids, (bytes) => bytes.fill(3, order))
    await expect((async () => astray.index.position(idOf(1)))()).rejects.toEqual(corrupt)
    await expect(astray.index.find('')).rejects.toEqual(corrupt)
  })
})

describe('the end of a pack', () => {
  const ids = [idOf(1), idOf(2)]
  const bytes = new Uint8Array(encodeIndex(ids, [20, 300]))
  const footer = bytes.slice(-FOOTER_BYTES)
  const size = 300 + bytes.length

  it('says how many records there are, and where the index is', () => {
    expect(readFooter(footer, size)).toEqual({
      records: 2,
      endWidth: 2,
      orderWidth: 1,
      indexStart: 300,
      indexLength: 2 * (32 + 2 + 1),
      sumsLength: 0,
    })
  })

  it.each([
    ['widths of nothing', 4, 0],
    ['ends that are too wide', 4, 7],
    ['positions of nothing', 5, 0],
    ['positions that are too wide', 5, 5],
    ['more records than there are bytes', 1, 1],
    ['more records than any pack has', 3, 0x10],
  ])('is refused with %s', (_, at, byte) => {
    const changed = footer.slice()
    changed[at] = byte
    expect(() => readFooter(changed, size)).toThrow(corrupt)
    if (at === 3) expect(() => readFooter(changed, 2 ** 50)).toThrow(corrupt)
  })

  it.each([
    [4, 6],
    [5, 4],
  ])('may have the widest numbers: %i', (at, byte) => {
    const changed = footer.slice()
    changed[at] = byte
    expect(readFooter(changed, size + 100).indexLength).toBeGreaterThan(2 * 35)
  })

  it('is refused where the index would begin before the first record can', () => {
    const smallest = PACK_MAGIC.length + bytes.length
    expect(readFooter(footer, smallest).indexStart).toBe(PACK_MAGIC.length)
    expect(() => readFooter(footer, smallest - 1)).toThrow(corrupt)
  })

  it('has a sum over the index, or over the sums of its pages', () => {
    const covered = bytes.subarray(0, -FOOTER_BYTES)
    expect(() => checkFooter(covered, footer)).not.toThrow()
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 1
      expect(() =>
        checkFooter(changed.subarray(0, -FOOTER_BYTES), changed.subarray(-FOOTER_BYTES)),
      ).toThrow(corrupt)
    }
    // 262,144 bytes are 7,084.9 records of 37.
    for (const [count, pages] of [
      [7084, 0],
      [7085, 65],
      [8192, 74],
    ] as const) {
      const many = Array.from({ length: count }, (_, i) => idOf(i))
      const end = encodeIndex(
        many,
        many.map((_, i) => 300 + i * 12),
      )
      const shape = readFooter(end.subarray(-FOOTER_BYTES), 2 ** 30)
      expect(shape.sumsLength).toBe(pages * 8)
      expect(shape.indexStart).toBe(2 ** 30 - end.length)
      const index = end.subarray(0, shape.indexLength)
      const sums = end.subarray(shape.indexLength, -FOOTER_BYTES)
      expect(sums).toHaveLength(pages * 8)
      checkFooter(pages === 0 ? index : sums, end.subarray(-FOOTER_BYTES))
      for (let page = 0; page < pages; page++) {
        const digest = createHash('sha256').update(index.subarray(page * 4096, (page + 1) * 4096))
        expect(digest.digest('hex').slice(0, 16)).toBe(
          Buffer.from(sums.subarray(page * 8, page * 8 + 8)).toString('hex'),
        )
      }
    }
  })

  it('has numbers as wide as the largest needs', () => {
    for (const [value, width] of [
      [0, 1],
      [255, 1],
      [256, 2],
      [65_535, 2],
      [65_536, 3],
      [2 ** 24, 4],
      [2 ** 32 - 1, 4],
      [2 ** 32, 5],
      [2 ** 47, 6],
    ] as const) {
      expect(widthOf(value)).toBe(width)
    }
  })
})
