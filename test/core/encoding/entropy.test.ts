import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../../src/core/bytes.ts'
import { decodeEntropy, encodeEntropy, LONGEST_CODED } from '../../../src/core/encoding/entropy.ts'
import { kernelsFor } from '../../../src/core/encoding/kernels.ts'
import { VarveError } from '../../../src/core/errors.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const encode = (stream: Uint8Array): Uint8Array | undefined =>
  encodeEntropy(stream, stream.length, kernelsFor(stream.length))

function decode(code: Uint8Array, length: number): Uint8Array {
  const stream = new Uint8Array(length)
  const reader = new ByteReader(code)
  decodeEntropy(reader, code.length, stream, kernelsFor(length))
  reader.expectEnd()
  return stream
}

/** Bytes of which each comes half as often as the one before it, about. */
function skewed(seed: number, length: number, share = 0.5): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length }, () =>
    Math.min(255, Math.floor(Math.log(1 - random()) / Math.log(1 - share))),
  )
}

describe('streams coded by how often bytes come', () => {
  it('come back, whatever their length and how often each byte comes', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.oneof(fc.integer({ min: 60, max: 300 }), fc.integer({ min: 300, max: 40_000 })),
        fc.double({ min: 0.02, max: 0.999, noNaN: true }),
        (seed, length, share) => {
          const stream = skewed(seed, length, share)
          const code = encode(stream)
          if (code !== undefined) expect(decode(code, length)).toEqual(stream)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('take little more than their entropy', () => {
    const length = 32_768
    const stream = skewed(1, length, 0.9)
    const counts = new Map<number, number>()
    for (const byte of stream) counts.set(byte, (counts.get(byte) ?? 0) + 1)
    let bits = 0
    for (const count of counts.values()) bits -= count * Math.log2(count / length)
    const code = encode(stream)!
    expect(code.length).toBeLessThan(1.01 * (bits / 8) + 40)
    expect(code.length).toBeLessThan(length / 12)
  })

  it('come back where nearly all bytes are alike, and where all 256 are there', () => {
    const rare = new Uint8Array(LONGEST_CODED)
    rare[70_000] = 255
    const all = Uint8Array.from({ length: 5000 }, (_, i) => (i < 256 ? i : 7))
    for (const stream of [rare, all]) expect(decode(encode(stream)!, stream.length)).toEqual(stream)
  })

  it('are left to others where they are too long, all alike, or noise', () => {
    const random = seededRandom(2)
    expect(encode(new Uint8Array(LONGEST_CODED + 4).fill(1, 5))).toBeUndefined()
    expect(encode(new Uint8Array(4000))).toBeUndefined()
    expect(encode(Uint8Array.from({ length: 4000 }, () => 256 * random()))).toBeUndefined()
    expect(encodeEntropy(skewed(3, 4000), 100, kernelsFor(4000))).toBeUndefined()
  })

  it('are refused where a byte of them is another, or they are cut or longer', () => {
    const stream = skewed(4, 3000)
    const code = encode(stream)!
    const same = (bytes: Uint8Array): boolean => {
      try {
        return Buffer.from(decode(bytes, stream.length)).equals(stream)
      } catch (error) {
        expect(error).toBeInstanceOf(VarveError)
        return false
      }
    }
    expect(same(code)).toBe(true)
    for (let at = 0; at < code.length; at++) {
      const other = code.slice()
      other[at]! ^= 1 << (at % 8)
      expect(same(other)).toBe(false)
      expect(() => decode(code.subarray(0, at), stream.length)).toThrow(VarveError)
    }
    expect(() => decode(Uint8Array.of(...code, 0), stream.length)).toThrow(VarveError)
    expect(() => decode(Uint8Array.of(...code, 0, 0), stream.length)).toThrow(VarveError)
    expect(() => decode(code, stream.length - 1)).toThrow(VarveError)
    expect(() => decode(code, stream.length + 1)).toThrow(VarveError)
  })

  it.each([
    ['one byte alone', [0, 7]],
    ['bytes that do not rise', [1, 8, 7, 1]],
    ['the same byte twice', [1, 7, 7, 1]],
    ['a share of 0', [1, 7, 8, 0]],
    ['shares of more than all', [1, 7, 8, 0x80, 0x20]],
    ['fewer bytes than it says', [32, ...new Array(31).fill(255), 0]],
  ])('are refused with a table of %s', (_, table) => {
    const code = Uint8Array.of(...table, ...new Array(40).fill(1))
    expect(() => decode(code, 100)).toThrow(VarveError)
  })
})
