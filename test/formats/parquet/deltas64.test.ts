import fc from 'fast-check'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { ByteWriter } from 'hyparquet-writer'
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js'
import { describe, expect, it } from 'vitest'
import { packDeltas, unpackDeltas } from '../../../src/formats/parquet/deltas64.ts'

/** Runs of steps, with a jump now and then. */
const walks = (most: bigint) =>
  fc
    .record({
      first: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
      steps: fc.array(fc.bigInt({ min: -most, max: most }), { maxLength: 400 }),
    })
    .map(({ first, steps }) => {
      let value = first
      return BigInt64Array.from([first, ...steps.map((step) => (value += step))], (n) =>
        BigInt.asIntN(64, n),
      )
    })

const anyWalk = fc.constantFrom(0n, 1n, 1_000n, 2n ** 31n, 2n ** 40n, 2n ** 51n).chain(walks)
const anyIntegers = fc
  .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 300 })
  .map((list) => BigInt64Array.from(list))

describe('64-bit integers as deltas', () => {
  it('come back, by varve and by hyparquet', () => {
    fc.assert(
      fc.property(anyWalk, (values) => {
        const bytes = packDeltas(values, 1e6)!
        const [own, foreign] = [new BigInt64Array(values.length), new BigInt64Array(values.length)]

        unpackDeltas(bytes, own)
        // It reads past the end of a last miniblock.
        const padded = Buffer.concat([bytes, Buffer.alloc(8)])
        const view = new DataView(padded.buffer, padded.byteOffset, padded.length)
        deltaBinaryUnpack({ view, offset: 0 }, values.length, foreign)

        expect(own).toEqual(values)
        expect(foreign).toEqual(values)
      }),
      { numRuns: 300 },
    )
  })

  it('are read as another writer has them, whatever they are', () => {
    fc.assert(
      fc.property(fc.oneof(anyWalk, anyIntegers), (values) => {
        const writer = new ByteWriter()
        deltaBinaryPack(writer, values, 'INT64')
        const read = new BigInt64Array(values.length)

        unpackDeltas(writer.getBytes(), read)

        expect(read).toEqual(values)
      }),
      { numRuns: 300 },
    )
  })

  it('are not made where the steps are too great', () => {
    expect(packDeltas(BigInt64Array.of(0n, 2n ** 60n, -(2n ** 60n)), 1e6)).toBeUndefined()
  })
})
