import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../../src/core/bytes.ts'
import { kernelsFor } from '../../../src/core/encoding/kernels.ts'
import { decodeSparse, encodeSparse } from '../../../src/core/encoding/sparse.ts'
import { VarveError } from '../../../src/core/errors.ts'

const encode = (stream: Uint8Array): Uint8Array | undefined =>
  encodeSparse(stream, kernelsFor(stream.length))

function decode(code: Uint8Array, length: number): Uint8Array {
  const stream = new Uint8Array(length)
  const reader = new ByteReader(code)
  decodeSparse(reader, stream)
  reader.expectEnd()
  return stream
}

describe('bytes nearly all of which are alike', () => {
  it('come back, whatever they are and wherever the others stand', () => {
    const input = fc.record({
      length: fc.integer({ min: 64, max: 3000 }),
      common: fc.integer({ min: 0, max: 255 }),
      others: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1 }),
    })
    fc.assert(
      fc.property(input, ({ length, common, others }) => {
        const stream = new Uint8Array(length).fill(common)
        for (const [place, more] of others.slice(0, Math.floor(length / 64))) {
          stream[place % length] = (common + more) & 255
        }
        const code = encode(stream)
        // Of its first, middle and last byte two may be others.
        if (code !== undefined) expect(decode(code, length)).toEqual(stream)
        const ends = [stream[0], stream[length >> 1], stream[length - 1]]
        if (ends.every((byte) => byte === common)) expect(code).toBeDefined()
      }),
    )
  })

  it('are left to others where more than one of 64 is another, or none', () => {
    const stream = new Uint8Array(6400)
    expect(encode(stream)).toBeUndefined()
    for (let i = 0; i < 100; i++) stream[20 + 64 * i] = 1 + i
    expect(decode(encode(stream)!, 6400)).toEqual(stream)
    stream[1] = 1
    expect(encode(stream)).toBeUndefined()
  })

  it.each([
    ['no others', [5, 0]],
    ['another that is no other', [5, 1, 3, 5]],
    ['another behind the last', [5, 1, 100, 6]],
    ['a second one behind the last', [5, 2, 99, 6, 0, 7]],
    ['fewer than it says', [5, 3, 1, 6, 1, 7]],
    ['more than it says', [5, 1, 1, 6, 1, 7]],
  ])('are refused with %s', (_, code) => {
    expect(() => decode(Uint8Array.from(code), 100)).toThrow(VarveError)
  })
})
