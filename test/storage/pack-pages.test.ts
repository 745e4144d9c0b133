import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { PAGE_BYTES, PagedIndex } from '../../src/storage/pack-pages.ts'
import { checksum } from '../../src/storage/pack-record.ts'
import { NotRead, whenRead } from '../../src/storage/soon.ts'
import { seededRandom } from '../support/seeded-random.ts'

/** Bytes of which none is as the one a page before it. */
const bytesOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + Math.floor(at / PAGE_BYTES) * 13) % 251)

/** An index of some bytes, and the pages that it reads, one after another. */
function paged(bytes: Uint8Array, stored: Uint8Array = bytes) {
  const sums: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    sums.push(checksum(bytes.subarray(at, at + PAGE_BYTES)))
  }
  const loads: (readonly [first: number, bytes: number])[] = []
  const load = async (at: number, length: number) => {
    loads.push([at / PAGE_BYTES, length])
    return stored.slice(at, at + length)
  }
  const fault = (reason: string) => new VarveError('corrupt-pack', `pack: ${reason}`)
  const index = new PagedIndex(bytes.length, Buffer.concat(sums), load, fault)
  return {
    loads,
    read: async (at: number, length: number) => whenRead(() => index.read(at, length)),
    index,
  }
}

describe('an index that is read in pages', () => {
  it('gives the bytes that are asked for, also where they begin in one page and end in the next', async () => {
    const bytes = bytesOf(10 * PAGE_BYTES + 100)
    const { read } = paged(bytes)
    const random = seededRandom(1)
    const places = Array.from({ length: 300 }, () => Math.floor(random() * (bytes.length - 32)))
    const edges = [0, PAGE_BYTES - 32, PAGE_BYTES - 31, 2 * PAGE_BYTES - 1, bytes.length - 32]
    for (const at of [...edges, ...places]) {
      expect(Buffer.from(await read(at, 32))).toEqual(Buffer.from(bytes.subarray(at, at + 32)))
    }
  })

  it('reads a page once, and nothing behind its end', async () => {
    const bytes = bytesOf(2 * PAGE_BYTES + 100)
    const { read, loads, index } = paged(bytes)
    expect(() => index.read(5, 4)).toThrow(NotRead)
    for (const at of [5, 9, 4000, PAGE_BYTES - 4]) await read(at, 4)
    expect(new Set(loads.map(([first]) => first))).toEqual(new Set([0]))
    loads.length = 0
    await read(2 * PAGE_BYTES + 96, 4)
    expect(loads).toEqual([[2, 100]])
    expect(Buffer.from(index.read(2 * PAGE_BYTES + 96, 4))).toEqual(Buffer.from(bytes.subarray(-4)))
  })

  it.each([
    ['forwards', (page: number) => page],
    ['backwards', (page: number) => 99 - page],
  ])('reads ever more pages at once where it is gone through %s, at most 16', async (_, pageAt) => {
    const { read, loads } = paged(bytesOf(100 * PAGE_BYTES))
    for (let i = 0; i < 100; i++) await read(pageAt(i) * PAGE_BYTES, 8)
    const pages = loads.map(([, length]) => length / PAGE_BYTES)
    expect(pages.reduce((a, b) => a + b, 0)).toBe(100)
    expect(loads.length).toBeLessThan(14)
    expect(Math.max(...pages)).toBeGreaterThan(12)
    expect(Math.max(...pages)).toBeLessThanOrEqual(16)
  })

  it('refuses a page that is not as its checksum says, alone', async () => {
    const bytes = bytesOf(6 * PAGE_BYTES)
    const stored = bytes.slice()
    stored[3 * PAGE_BYTES + 17]! ^= 1
    const { read } = paged(bytes, stored)
    for (const page of [0, 1, 2, 4, 5]) {
      expect((await read(page * PAGE_BYTES, 1))[0]).toBe(bytes[page * PAGE_BYTES])
    }
    for (let again = 0; again < 2; again++) {
      await expect(read(3 * PAGE_BYTES, 1)).rejects.toMatchObject({
        code: 'corrupt-pack',
        message: expect.stringContaining('page 3'),
      })
    }
  })

  it('keeps the 4 MiB that were used last', async () => {
    const { read, loads } = paged(bytesOf(1030 * PAGE_BYTES))
    for (let page = 0; page < 1024; page++) await read(page * PAGE_BYTES, 1)
    await read(0, 1)
    loads.length = 0
    for (let page = 1024; page < 1027; page++) await read(page * PAGE_BYTES, 1)
    expect(loads.length).toBeGreaterThan(0)
    loads.length = 0
    for (const page of [0, 1023, 1026]) await read(page * PAGE_BYTES, 1)
    expect(loads).toEqual([])
    await read(PAGE_BYTES, 1)
    expect(loads).toHaveLength(1)
  })
})
