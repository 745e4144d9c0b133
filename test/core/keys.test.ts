import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kernelsFor } from '../../src/core/encoding/kernels.ts'
import { branchBit, Keys, keyTooLong } from '../../src/core/keys.ts'

/** Keys of eight bytes as numbers, and of twelve with a rank behind. */
interface Row {
  readonly key: bigint
  readonly rank: number
}

const FLIP = 0x8000_0000
const LOW = 0xffff_ffffn

function halvesOf(rows: readonly Row[], flip: number, target?: Uint32Array): Uint32Array {
  const halves = target ?? new Uint32Array(2 * rows.length)
  for (const [i, { key }] of rows.entries()) {
    halves[2 * i] = Number(key & LOW)
    halves[2 * i + 1] = Number(key >> 32n) ^ flip
  }
  return halves
}

function bytesOf({ key, rank }: Row, width: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64BE(key)
  bytes.writeUInt32BE(rank, 8)
  return bytes.subarray(0, width)
}

const ranksOf = (rows: readonly Row[]): Uint32Array => Uint32Array.from(rows, ({ rank }) => rank)

function wordsOf(rows: readonly Row[], width: number): Keys {
  const words = rows.flatMap((row) => {
    const bytes = bytesOf(row, width)
    return Array.from({ length: width / 4 }, (_, word) => bytes.readUInt32BE(4 * word))
  })
  return Keys.ofWords(width, Uint32Array.from(words))
}

function endToEnd(keys: readonly Uint8Array[]): Keys {
  const offsets = new Uint32Array(keys.length + 1)
  for (const [i, key] of keys.entries()) offsets[i + 1] = offsets[i]! + key.length
  return Keys.ofBytes(Buffer.concat(keys), offsets)
}

/** Keys whose words have been asked for. */
function made(keys: Keys): Keys {
  if (keys.length > 0) keys.take(Uint32Array.of(0))
  return keys
}

type Form = (rows: readonly Row[]) => Keys
const eights: [string, Form][] = [
  ['halves', (rows) => Keys.ofHalves(halvesOf(rows, 0), 0)],
  ['halves with a bit turned', (rows) => Keys.ofHalves(halvesOf(rows, FLIP), FLIP)],
  ['halves made into words', (rows) => made(Keys.ofHalves(halvesOf(rows, FLIP), FLIP))],
  ['words', (rows) => wordsOf(rows, 8)],
  ['bytes', (rows) => endToEnd(rows.map((row) => bytesOf(row, 8)))],
]
const twelves: [string, Form][] = [
  ['halves and ranks', (rows) => Keys.ofHalves(halvesOf(rows, FLIP), FLIP, ranksOf(rows))],
  ['halves and ranks as words', (rows) => made(Keys.ofHalves(halvesOf(rows, 0), 0, ranksOf(rows)))],
  ['words with ranks', (rows) => wordsOf(rows, 12)],
  ['bytes with ranks', (rows) => endToEnd(rows.map((row) => bytesOf(row, 12)))],
]
/** Each form, others of the same keys, and how long the keys are. */
const forms = [
  ...eights.map(([name, form]) => [name, form, eights, 8] as const),
  ...twelves.map(([name, form]) => [name, form, twelves, 12] as const),
]

const anyKey = fc.constantFrom(
  ...[0n, 1n, 0xffff_ffffn, 1n << 32n, (1n << 32n) + 1n, (1n << 63n) - 1n, 1n << 63n],
  (1n << 64n) - 1n,
)
const anyRow = fc.record({ key: anyKey, rank: fc.constantFrom(0, 1, 0xffff_ffff) })
const anyRows = fc.array(anyRow, { maxLength: 9 })

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const all = (keys: Keys): string[] => Array.from({ length: keys.length }, (_, i) => hex(keys.at(i)))
/** The index of the first that a test holds for; as many as there are where it holds for none. */
function firstOf(list: readonly string[], test: (before: string, own: string) => boolean): number {
  const at = list.findIndex((own, i) => i > 0 && test(list[i - 1]!, own))
  return at === -1 ? list.length : at
}

describe.each(forms)('keys as %s', (_, form, others, width) => {
  const textsOf = (rows: readonly Row[]) => rows.map((row) => hex(bytesOf(row, width)))

  it('are as their bytes, in part and in another order, too', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(9), fc.nat(9), (rows, x, y) => {
        const keys = form(rows)
        const texts = textsOf(rows)
        expect(keys.length).toBe(rows.length)
        expect(all(keys)).toEqual(texts)
        const [from, to] = [Math.min(x, y, rows.length), Math.min(Math.max(x, y), rows.length)]
        const slice = form(rows).slice(from, to)
        expect(all(slice)).toEqual(texts.slice(from, to))
        const reversed = texts.slice(from, to).reverse()
        const back = slice.take(Uint32Array.from(reversed, (_, i) => reversed.length - 1 - i))
        expect(all(back)).toEqual(reversed)
        expect(all(slice)).toEqual(texts.slice(from, to))
      }),
    )
  })

  it('have the order of their bytes, and branch where these do', () => {
    fc.assert(
      fc.property(anyRows, fc.constantFrom(...others), (rows, [, otherForm]) => {
        const [keys, other] = [form(rows), otherForm(rows)]
        const texts = textsOf(rows)
        for (const [i, a] of texts.entries()) {
          for (const [j, b] of texts.entries()) {
            const order = a < b ? -1 : a > b ? 1 : 0
            expect(Math.sign(keys.compare(i, other, j))).toBe(order)
            expect(Math.sign(keys.compareTo(i, Buffer.from(b, 'hex')))).toBe(order)
            const bits = [a, b].map((text) => BigInt(`0x1${text}`).toString(2).slice(1))
            const branch = [...bits[0]!].findIndex((bit, at) => bit !== bits[1]![at])
            expect(keys.branchBit(i, other, j)).toBe(branch)
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  it('are sorted, rows with equal keys in the order they have', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const texts = textsOf(rows)
        const expected = [...texts.keys()].sort((a, b) =>
          texts[a]! < texts[b]! ? -1 : texts[a]! > texts[b]! ? 1 : a - b,
        )
        expect([...form(rows).order()]).toEqual(expected)
      }),
    )
  })

  it('tell where they stop ascending, and where they descend', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(9), fc.boolean(), (rows, sorted, asked) => {
        const sort = (a: Row, b: Row) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.rank - b.rank)
        const given = [...rows.slice(0, sorted).sort(sort), ...rows.slice(sorted)]
        const texts = textsOf(given)
        const keys = form(given)
        const notAscending = firstOf(texts, (a, b) => a >= b)
        if (asked) expect(keys.firstNotAscending()).toBe(notAscending)
        expect(keys.firstDescending()).toBe(firstOf(texts, (a, b) => a > b))
        expect(keys.firstNotAscending()).toBe(notAscending)
      }),
    )
  })

  it('count the rows with the same key before each', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(3), (rows, before) => {
        const texts = textsOf(rows)
        const expected: number[] = []
        for (const [i, text] of texts.entries()) {
          if (i === 0) expected.push(before)
          else expected.push(text === texts[i - 1] ? expected[i - 1]! + 1 : 0)
        }
        expect([...form(rows).ranks(before)]).toEqual(expected)
      }),
    )
  })

  it('count those that are the same as those of others', () => {
    const anyPair = anyRows.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.oneof(fc.constant(rows), anyRows)),
    )
    const at = fc.nat(8)
    fc.assert(
      fc.property(anyPair, fc.constantFrom(...others), at, at, at, ([a, b], [, other], i, j, n) => {
        const [from, to] = [Math.min(i, a.length), Math.min(j, b.length)]
        const most = Math.min(n, a.length - from, b.length - to)
        const [x, y] = [textsOf(a).slice(from), textsOf(b).slice(to)]
        const end = x.findIndex((text, row) => row >= most || text !== y[row])
        expect(form(a).equalRun(from, other(b), to, most)).toBe(end === -1 ? x.length : end)
      }),
    )
  })

  it('count no further than where the first differs', () => {
    const rows = [1n, 2n, 3n << 40n, 4n, 3n << 62n].map((key) => ({ key, rank: 7 }))
    for (const [, other] of others) {
      const keys = form(rows)
      const run = (i: number, list: readonly Row[], j: number, most: number) =>
        keys.equalRun(i, other(list), j, most)
      expect([
        run(0, rows, 0, 5),
        run(1, rows, 1, 2),
        run(4, rows, 4, 1),
        run(2, rows, 2, 0),
      ]).toEqual([5, 2, 1, 0])
      expect([run(2, rows.slice(1), 1, 3), run(0, rows, 1, 4)]).toEqual([3, 0])
      for (const at of [0, 3, 4]) {
        for (const key of [rows[at]!.key + 1n, rows[at]!.key ^ (1n << 33n)]) {
          expect(run(0, rows.with(at, { key, rank: 7 }), 0, 5)).toBe(at)
        }
      }
    }
  })

  it('are searched by a key and by what keys begin with', () => {
    fc.assert(
      fc.property(anyRows, anyRow, fc.nat(12), (rows, probe, length) => {
        const unsorted = form(rows)
        const keys = unsorted.take(unsorted.order())
        const prefix = bytesOf(probe, width).subarray(0, length)
        const texts = textsOf(rows)
        expect(keys.lowerBound(prefix)).toBe(texts.filter((text) => text < hex(prefix)).length)
        const below = texts.filter((text) => text.slice(0, 2 * prefix.length) <= hex(prefix))
        expect(keys.upperBound(prefix)).toBe(below.length)
      }),
    )
  })
})

it('keys in the memory of kernels stop ascending where others do', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const room = kernelsFor(rows.length).words(2 * rows.length)
      const keys = Keys.ofHalves(halvesOf(rows, FLIP, room), FLIP)
      const texts = all(wordsOf(rows, 8))
      expect(keys.firstNotAscending()).toBe(firstOf(texts, (a, b) => a >= b))
      expect(keys.firstDescending()).toBe(firstOf(texts, (a, b) => a > b))
    }),
  )
})

describe('keys of different lengths', () => {
  const keys = endToEnd(['', 'a', 'ab', 'b', 'ba'].map((text) => Buffer.from(text)))

  it('come behind what they begin with', () => {
    for (let i = 0; i < keys.length; i++) {
      for (let j = 0; j < keys.length; j++) {
        expect(Math.sign(keys.compare(i, keys, j))).toBe(Math.sign(i - j))
        expect(Math.sign(keys.slice(1, 5).compare(Math.max(0, i - 1), keys, j))).toBe(
          Math.sign(Math.max(1, i) - j),
        )
      }
    }
  })

  it('are compared with those that all have one length', () => {
    const words = Keys.ofWords(4, Uint32Array.of(0x61620000, 0x62000000))
    expect(keys.compare(2, words, 0)).toBeLessThan(0)
    expect(words.compare(0, keys, 3)).toBeLessThan(0)
    expect(words.branchBit(1, keys, 3)).toBe(8)
    expect(words.compare(0, Keys.ofWords(8, Uint32Array.of(0x61620000, 0)), 0)).toBeLessThan(0)
  })

  it('branch at the first bit that one of them alone has', () => {
    expect(keys.branchBit(1, keys, 2)).toBe(8)
    expect(keys.branchBit(0, keys, 1)).toBe(0)
    expect(keys.branchBit(1, keys, 3)).toBe(6)
    expect(branchBit(Buffer.from('ab'), Buffer.from('ab'))).toBe(-1)
  })
})

it('a key that is too long is told with its length and, where it is known, its row', () => {
  expect(keyTooLong(1025)).toMatchObject({
    code: 'bad-input',
    message: 'a key has 1025 bytes: more than 1024',
    hint: 'use shorter values in the index columns',
  })
  expect(keyTooLong(1025).data).toEqual({ length: 1025 })
  expect(keyTooLong(1025, 0).data).toEqual({ length: 1025, row: 0 })
})
