import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column } from '../../../src/core/column.ts'
import { encodeColumn } from '../../../src/core/column-codec.ts'
import { decodeColumnBody, encodeColumnBody } from '../../../src/core/encoding/body.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const zstd = await loadZstd()
const STEPS = 5

function floats(values: Float64Array): Uint8Array {
  return encodeColumn({ type: 'float64', length: values.length, values } as Column)
}

describe('values split into bytes', () => {
  it.each([3, 300])('have differences of high bytes where they are noise around %d', (level) => {
    const random = seededRandom(level)
    const noise = Float64Array.from({ length: 32_768 }, () => level * (1 + 0.02 * random()))
    const canonical = floats(noise)
    const body = encodeColumnBody(canonical, 1, zstd)!
    expect(decodeColumnBody(body, canonical.length, zstd)).toEqual(canonical)
    expect(body.length).toBeLessThan(6.3 * noise.length)
  })

  it('come back bit for bit, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('float64', 'float32', 'int64', 'uint16'),
        fc.integer({ min: 2048, max: 5000 }),
        fc.integer(),
        fc.integer({ min: 1, max: 255 }),
        (type, rows, seed, spread) => {
          const width = { float64: 8, float32: 4, int64: 8, uint16: 2 }[type]!
          const random = seededRandom(seed)
          const bytes = new Uint8Array(rows * width)
          // High bytes that go up and down, below them noise.
          for (let i = 0; i < rows; i++) {
            for (let k = 0; k < width; k++) bytes[i * width + k] = 256 * random()
            const before = i === 0 ? 64 : bytes[i * width - 1]!
            bytes[(i + 1) * width - 1] = before + spread * random()
          }
          const { buffer } = bytes
          const values = {
            float64: () => new Float64Array(buffer),
            float32: () => new Float32Array(buffer),
            int64: () => new BigInt64Array(buffer),
            uint16: () => new Uint16Array(buffer),
          }[type]!()
          const canonical = encodeColumn({ type, length: rows, values } as Column)
          for (const thorough of [false, true]) {
            const body = encodeColumnBody(canonical, 1, zstd, { thorough })
            if (body === undefined) continue
            expect(decodeColumnBody(body, canonical.length, zstd)).toEqual(canonical)
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  it('are refused where bytes that they do not have are said to be differences', () => {
    const random = seededRandom(1)
    const values = Float32Array.from({ length: 40 }, () => (random() - 0.5) ** 9)
    const canonical = encodeColumn({ type: 'float32', length: 40, values } as Column)
    const plain = encodeColumnBody(canonical, 1, zstd)!
    expect(plain[2]).toBe(3)
    const stepped = (steps: number): Uint8Array =>
      Uint8Array.of(plain[0]!, plain[1]!, STEPS, steps, ...plain.subarray(3))
    expect(decodeColumnBody(stepped(0), canonical.length, zstd)).toEqual(canonical)
    expect(decodeColumnBody(stepped(15), canonical.length, zstd)).not.toEqual(canonical)
    expect(() => decodeColumnBody(stepped(16), canonical.length, zstd)).toThrow(
      /differences of bytes/,
    )
  })
})
