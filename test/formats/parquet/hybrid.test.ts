import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kernelsFor } from '../../../src/core/encoding/kernels.ts'
import { HybridReader } from '../../../src/formats/parquet/hybrid.ts'

const GROUPS = 40

describe('packed numbers of a Parquet page', () => {
  it('are read in pieces of any size, whatever their width', () => {
    const input = fc.integer({ min: 0, max: 32 }).chain((width) =>
      fc.record({
        width: fc.constant(width),
        values: fc.array(fc.nat({ max: Math.min(2 ** width - 1, 2 ** 32 - 1) }), {
          minLength: 8 * GROUPS,
          maxLength: 8 * GROUPS,
        }),
        pieces: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        inKernels: fc.boolean(),
      }),
    )
    fc.assert(
      fc.property(input, ({ width, values, pieces, inKernels }) => {
        const packed = values.reduce(
          (all, value, i) => all | (BigInt(value) << BigInt(i * width)),
          0n,
        )
        const bytes = new Uint8Array(1 + GROUPS * width)
        bytes[0] = (GROUPS << 1) | 1
        for (let i = 1; i < bytes.length; i++) {
          bytes[i] = Number((packed >> BigInt(8 * (i - 1))) & 255n)
        }
        const reader = new HybridReader(bytes, 0, bytes.length, width)
        const read: number[] = []
        for (let i = 0; read.length < values.length; i++) {
          const count = Math.min(pieces[i % pieces.length]!, values.length - read.length)
          const piece = inKernels ? kernelsFor(count).words(count) : new Uint32Array(count)
          reader.read(piece)
          read.push(...piece)
        }
        expect(read).toEqual(values)
      }),
    )
  })
})
