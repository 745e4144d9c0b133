import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes } from '../../src/core/bytes.ts'
import { branchBit } from '../../src/core/key.ts'
import {
  bitOf,
  cutChunks,
  partition,
  RadixSplitter,
  type Run,
  searchBit,
} from '../../src/core/split.ts'

class KeyRun implements Run<KeyRun> {
  readonly keys: readonly Uint8Array[]
  constructor(keys: readonly Uint8Array[]) {
    this.keys = keys
  }
  get rows() {
    return this.keys.length
  }
  get first() {
    return this.keys[0]!
  }
  get last() {
    return this.keys.at(-1)!
  }
  rowsBefore(bit: number) {
    return searchBit(this.rows, (row) => this.keys[row]!, bit)
  }
  slice(from: number, to: number) {
    return new KeyRun(this.keys.slice(from, to))
  }
}

/** The rule as the format states it, over all rows at once. */
function splitPlainly(keys: readonly Uint8Array[], cap: number): Uint8Array[][] {
  if (keys.length === 0) return []
  if (keys.length <= cap) return [[...keys]]
  const bit = branchBit(keys[0]!, keys.at(-1)!)
  const zeros = keys.filter((key) => bitOf(key, bit) === 0)
  const ones = keys.filter((key) => bitOf(key, bit) === 1)
  return [...splitPlainly(zeros, cap), ...splitPlainly(ones, cap)]
}

const flat = (runs: readonly KeyRun[]) => runs.flatMap((run) => [...run.keys])
const hex = (segments: Uint8Array[][]) =>
  segments.map((keys) => keys.map((key) => Buffer.from(key).toString('hex')))

function unique(keys: Uint8Array[]): Uint8Array[] {
  const sorted = keys.sort(compareBytes)
  return sorted.filter((key, i) => i === 0 || compareBytes(sorted[i - 1]!, key) !== 0)
}

/** Two bytes from few values, so that they share long prefixes; of one length, so prefix-free. */
const someKeys = fc
  .array(fc.tuple(fc.constantFrom(0, 1, 2, 3, 0x80, 0xfe, 0xff), fc.nat(255)), { maxLength: 120 })
  .map((pairs) => unique(pairs.map((pair) => Uint8Array.from(pair))))

/** Text as keys hold it: escaped and ended, so that none is the prefix of another. */
const textKeys = fc
  .array(fc.string({ maxLength: 6 }), { maxLength: 80 })
  .map((texts) => unique(texts.map((text) => Buffer.from(`${text.replaceAll('\0', '')}\0\0`))))

const keySets = fc.oneof(someKeys, textKeys)
const caps = fc.constantFrom(1, 2, 3, 4, 8, 16)

describe('radix split', () => {
  it('cuts at the highest bit in which the first and last key differ', () => {
    const keys = [0x00, 0x01, 0x7f, 0x80, 0x81].map((byte) => Uint8Array.of(byte))
    const segments = [...partition([new KeyRun(keys)], -1, -1, 2)].map(flat)
    expect(hex(segments)).toEqual([['00', '01'], ['7f'], ['80', '81']])
  })

  it('halves aligned ranges of whole numbers', () => {
    const keys = Array.from({ length: 100 }, (_, i) => Uint8Array.of(i))
    const segments = [...partition([new KeyRun(keys)], -1, -1, 32)].map(flat)
    expect(segments.map((segment) => segment.length)).toEqual([32, 32, 32, 4])
  })

  it('gives the same segments streamed in any pieces as split at once', () => {
    fc.assert(
      fc.property(keySets, caps, fc.array(fc.nat(20), { minLength: 1 }), (keys, cap, sizes) => {
        const splitter = new RadixSplitter<KeyRun>(cap)
        const segments: Uint8Array[][] = []
        for (let at = 0, i = 0; at < keys.length; i++) {
          const size = Math.max(1, sizes[i % sizes.length]!)
          const run = new KeyRun(keys.slice(at, at + size))
          for (const runs of splitter.push(run)) segments.push(flat(runs))
          at += size
        }
        for (const runs of splitter.finish()) segments.push(flat(runs))
        expect(hex(segments)).toEqual(hex(splitPlainly(keys, cap)))
      }),
      { numRuns: 500 },
    )
  })

  it('gives a stretch between two boundaries the segments it has in the whole', () => {
    fc.assert(
      fc.property(keySets, caps, fc.nat(), fc.nat(), (keys, cap, a, b) => {
        const whole = splitPlainly(keys, cap)
        fc.pre(whole.length > 0)
        const from = a % whole.length
        const to = from + 1 + (b % (whole.length - from))
        const stretch = whole.slice(from, to)
        const left = from === 0 ? -1 : branchBit(whole[from - 1]!.at(-1)!, stretch[0]![0]!)
        const right = to === whole.length ? -1 : branchBit(stretch.at(-1)!.at(-1)!, whole[to]![0]!)
        const splitter = new RadixSplitter<KeyRun>(cap)
        splitter.begin(left)
        const segments: Uint8Array[][] = []
        for (const runs of splitter.push(new KeyRun(stretch.flat()))) segments.push(flat(runs))
        for (const runs of splitter.finish(right)) segments.push(flat(runs))
        expect(hex(segments)).toEqual(hex(stretch))
      }),
      { numRuns: 500 },
    )
  })

  it('holds at most the cap between pushes', () => {
    const splitter = new RadixSplitter<KeyRun>(4)
    let out = 0
    for (let i = 0; i < 200; i++) {
      for (const runs of splitter.push(new KeyRun([Uint8Array.of(i)]))) out += flat(runs).length
      expect(i + 1 - out).toBeLessThanOrEqual(4)
    }
  })
})

describe('chunks of a column', () => {
  const keys = Array.from({ length: 16 }, (_, i) => Uint8Array.of(i))
  const limits = { segmentRows: 16, chunkBytes: 100 }

  it('leaves a column that is small enough whole', () => {
    expect(cutChunks([new KeyRun(keys)], (from, to) => (to - from) * 6, limits)).toEqual([16])
  })

  it('halves the cap until each part is small enough, that part alone', () => {
    const sizes = keys.map((_, i) => (i < 4 ? 60 : 10))
    const bytesOf = (from: number, to: number) =>
      sizes.slice(from, to).reduce((sum, size) => sum + size, 0)
    expect(cutChunks([new KeyRun(keys)], bytesOf, limits)).toEqual([1, 1, 1, 1, 4, 8])
  })

  it('ends at single rows, however large', () => {
    expect(cutChunks([new KeyRun(keys.slice(0, 3))], () => 1000, limits)).toEqual([1, 1, 1])
  })
})
