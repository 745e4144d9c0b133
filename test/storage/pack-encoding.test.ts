import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { LONGEST_UNPACKED } from '../../src/core/encoding/frame-bound.ts'
import { objectKinds } from '../../src/core/id.ts'
import {
  BYTES_DELTA,
  COLUMN,
  DICTIONARY,
  decodeBody,
  decodeBodyWith,
  decodeDifference,
  encodeBody,
  encodeDifference,
  isDelta,
  lengthLimit,
  RAW,
  ROWS_DELTA,
  ZSTD,
} from '../../src/storage/pack-encoding.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { toldAs } from '../support/errors.ts'
import { seededRandom } from '../support/seeded-random.ts'

const LEVEL = 1

const numbers = (rows: number, from: number): Uint8Array =>
  encodeColumn(
    columnOf(
      'int64',
      Array.from({ length: rows }, (_, row) => BigInt(from + row * 1000)),
    ),
  )

function noise(length: number): Uint8Array {
  const random = seededRandom(length)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

describe('the body of a record', () => {
  it.each([
    [47, RAW],
    [48, ZSTD],
    [5000, ZSTD],
  ])('of %i equal bytes is by method %i', async (length, method) => {
    const bytes = new Uint8Array(length).fill(7)
    const encoded = await encodeBody('tree', bytes, LEVEL)
    expect(encoded.method).toBe(method)
    expect(encoded.body.length < length).toBe(method === ZSTD)
    expect([...(await decodeBody(method, encoded.body, length))]).toEqual([...bytes])
  })

  it.each([
    ['bytes that do not repeat', noise(500)],
    ['what is longer than a reader makes room for', new Uint8Array(LONGEST_UNPACKED + 1)],
  ])('is the bytes themselves for %s', async (_, bytes) => {
    const { method, body } = await encodeBody('blob', bytes, LEVEL)
    expect([method, body === bytes]).toEqual([RAW, true])
  })

  it('is its values by their kind for a column, a short one too', async () => {
    for (const canonical of [numbers(4, 0), numbers(500, 0)]) {
      const { method, body } = await encodeBody('column', canonical, LEVEL)
      expect(method).toBe(COLUMN)
      expect(body.length).toBeLessThan(canonical.length)
      const decoded = await decodeBody(method, body, canonical.length)
      expect([...decoded]).toEqual([...canonical])
      expect((await encodeBody('blob', canonical, LEVEL)).method).not.toBe(COLUMN)
    }
  })

  it('is as of any other bytes for a column that cannot be taken apart', async () => {
    const empty = encodeColumn(columnOf('int64', []))
    expect(await encodeBody('column', empty, LEVEL)).toEqual({ method: RAW, body: empty })
    const none = new Uint8Array(500).fill(255)
    expect((await encodeBody('column', none, LEVEL)).method).toBe(ZSTD)
  })
})

describe('a difference', () => {
  it('is to bytes of the same kind, by a method that tells how it was made', async () => {
    const [base, after] = [numbers(500, 0), numbers(500, 0)]
    after.fill(1, 100, 103)
    const rows = (await encodeDifference('column', after, base, LEVEL))!
    const bytes = (await encodeDifference('blob', after, base, LEVEL))!
    expect([rows.method, bytes.method]).toEqual([ROWS_DELTA, BYTES_DELTA])
    for (const [kind, { method, body }] of [['column', rows] as const, ['blob', bytes] as const]) {
      const decoded = await decodeDifference(kind, method, body, base, after.length)
      expect(Buffer.compare(decoded, after)).toBe(0)
    }
  })

  it('is what methods 3 to 6 are', () => {
    expect([RAW, ZSTD, COLUMN, 7].filter(isDelta)).toEqual([])
    expect([BYTES_DELTA, ROWS_DELTA, DICTIONARY, 6].every(isDelta)).toBe(true)
  })
})

it('what is no value has at most 65 MiB, and a value what a record can hold', () => {
  const limits = objectKinds.map((kind) => [kind, lengthLimit(kind)])
  const values = limits.filter(([, limit]) => limit === 0xf000_0000).map(([kind]) => kind)
  expect(values).toEqual(['blob', 'column'])
  expect(limits.filter(([, limit]) => limit === 65 * 1024 * 1024)).toHaveLength(
    objectKinds.length - values.length,
  )
})

describe('a body that is read', () => {
  it('stays as it is when another is, unless it was to last so long alone', async () => {
    const zstd = await loadZstd()
    const [first, second] = [numbers(4096, 1), numbers(4096, 7)]
    const bodies = []
    for (const canonical of [first, second]) {
      bodies.push((await encodeBody('column', canonical, LEVEL)).body)
    }
    const decoded = decodeBodyWith(zstd, COLUMN, bodies[0]!, first.length)
    const brief = decodeBodyWith(zstd, COLUMN, bodies[1]!, second.length, true)
    expect(Buffer.compare(brief, second)).toBe(0)
    expect(Buffer.compare(decoded, first)).toBe(0)
  })

  it('has just as many bytes as are declared', async () => {
    const bytes = noise(10)
    expect(await decodeBody(RAW, bytes, 10)).toBe(bytes)
    for (const length of [0, 9, 11]) {
      await expect(decodeBody(RAW, bytes, length)).rejects.toEqual(toldAs('corrupt-object'))
    }
  })

  it('makes no room for more than a frame can stand for', async () => {
    const { body } = await encodeBody('blob', new Uint8Array(1000), LEVEL)
    for (const length of [200_000_000, LONGEST_UNPACKED + 1, 2 ** 50]) {
      const told = expect.objectContaining({
        code: 'corrupt-object',
        message: `${body.length} bytes cannot stand for ${length}`,
      })
      await expect(decodeBody(ZSTD, body, length)).rejects.toEqual(told)
    }
  })

  it('is read without zstd where it is plain, and only then', () => {
    const bytes = noise(10)
    expect(decodeBodyWith(undefined, RAW, bytes, 10)).toBe(bytes)
    for (const method of [ZSTD, COLUMN]) {
      expect(() => decodeBodyWith(undefined, method, bytes, 10)).toThrow(
        toldAs('unsupported-format'),
      )
    }
  })

  it.each([3, 7, 255])('is refused where its method, %i, is not known', async (method) => {
    await expect(decodeBody(method, noise(10), 10)).rejects.toMatchObject({
      code: 'unsupported-format',
      message: `objects of encoding ${method} cannot be read`,
      hint: 'a newer varve wrote this repository',
      data: { encoding: method },
    })
  })
})
