import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column, ColumnType, Scalar } from '../../src/core/column.ts'
import { ColumnBuilder, columnOf } from '../../src/core/column-builder.ts'
import { decodeColumn, encodeColumn } from '../../src/core/column-codec.ts'
import { scalarAt } from '../../src/core/column-ops.ts'
import { hashObject as idOf } from '../../src/core/id.ts'
import { hashObject } from '../../src/plumbing/hash-object.ts'
import { readValues, type ValueTextOptions } from '../../src/plumbing/values-in.ts'
import { valueLines, valuesAsJson } from '../../src/plumbing/values-out.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'

/** The bytes of a text in pieces of `size`, so that lines are cut anywhere. */
async function* bytes(text: string | Uint8Array, size = 3): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text)
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
}

async function values(text: string, type: ColumnType, options?: ValueTextOptions) {
  const column = await readValues(bytes(text), type, 'in', options)
  return Array.from({ length: column.length }, (_, row) => scalarAt(column, row))
}

async function* one(column: Column) {
  yield column
}

async function text(pieces: AsyncIterable<Uint8Array | string>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(Buffer.from(piece))
  return Buffer.concat(all).toString('utf8')
}

describe('values, one a line', () => {
  it('reads each line as a value, the last one without its line feed too', async () => {
    expect(await values('1.5\n-0\nNaN\n1e3', 'float64')).toEqual([1.5, -0, Number.NaN, 1000])
    expect(await values('2026-08-17\r\n1969-12-31\r\n', 'date')).toEqual([20682, -1])
    expect(await values('9223372036854775807\n-1\n', 'int64')).toEqual([2n ** 63n - 1n, -1n])
    expect(await values('true\nfalse\n', 'bool')).toEqual([true, false])
    expect(await values('', 'float64')).toEqual([])
  })

  it('takes an empty line as null and "" as the empty string', async () => {
    expect(await values('1\n\n2\n', 'int32')).toEqual([1, null, 2])
    expect(await values('a\n\n""\n"b"\n c \r\n', 'string')).toEqual(['a', null, '', '"b"', ' c \r'])
    expect(await values('\n\n', 'null')).toEqual([null, null])
  })

  it('has nothing special but the null text when that is given', async () => {
    const options = { nullText: 'NA' }
    expect(await values('NA\n\n""\n', 'string', options)).toEqual([null, '', '""'])
    expect(await values('NA\n1\n', 'float32', options)).toEqual([null, 1])
  })

  it('takes values with line feeds in them under zero', async () => {
    expect(await values('a\nb\0\0c', 'string', { zero: true })).toEqual(['a\nb', null, 'c'])
  })

  it('keeps json to the letter', async () => {
    expect(await values('{"a":  1e400}\nnull\n\n', 'json')).toEqual(['{"a":  1e400}', 'null', null])
  })

  it('says which line is not a value', async () => {
    await expect(values('1\n2\nx3\n', 'float64')).rejects.toMatchObject({
      code: 'bad-input',
      data: { file: 'in', line: 3, column: 1, found: '"x3"', expected: 'float64' },
    })
    await expect(values('2026-02-30\n', 'date')).rejects.toMatchObject({ code: 'bad-input' })
    await expect(values('300\n', 'uint8')).rejects.toMatchObject({ code: 'bad-input' })
    await expect(values('1\n\n', 'bool', { nullText: 'NA' })).rejects.toMatchObject({
      data: { line: 2 },
    })
  })

  it('refuses bytes that are not UTF-8, with the line', async () => {
    const broken = Buffer.from([0x61, 0x0a, 0xff, 0x0a])
    await expect(readValues(bytes(broken), 'string', 'in')).rejects.toMatchObject({
      code: 'bad-input',
      data: { line: 2 },
    })
    const json = Buffer.from([0x22, 0xff, 0x22, 0x0a])
    await expect(readValues(bytes(json), 'json', 'in')).rejects.toMatchObject({
      code: 'bad-input',
      data: { line: 1 },
    })
  })

  const samples: [ColumnType, Scalar[]][] = [
    ['float64', [0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY, null, 5e-324]],
    ['float32', [Math.fround(0.1), null]],
    ['uint64', [2n ** 64n - 1n, 0n]],
    ['timestamp_ns', [1_234_567_890_123_456_789n, null, -1n]],
    ['binary', [new Uint8Array([0, 255]), new Uint8Array(0), null]],
    ['string', ['', 'ä "b", c', null]],
    ['bool', [true, null, false]],
  ]
  for (const [type, scalars] of samples) {
    it(`gives ${type} back bit for bit`, async () => {
      const column = columnOf(type, scalars)
      const lines = await text(valueLines(column.type, one(column)))
      expect(encodeColumn(await readValues(bytes(lines), type, 'in'))).toEqual(encodeColumn(column))
    })
  }

  it('gives every string back under zero and a null text', async () => {
    const options = { zero: true, nullText: '\\N' }
    const column = columnOf('string', ['', '""', 'a\nb\r', null, '😀'])
    const lines = await text(valueLines(column.type, one(column), options))
    expect(encodeColumn(await readValues(bytes(lines), 'string', 'in', options))).toEqual(
      encodeColumn(column),
    )
  })

  it('gives any texts back under zero and a null text that is none of them', async () => {
    const texts = fc.array(fc.option(fc.string({ unit: 'grapheme', maxLength: 5 })))
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom('string', 'json'), async (given, type) => {
        const options = { zero: true, nullText: '\\N\\N\\N' }
        const shown = (value: string) => (type === 'json' ? JSON.stringify(value) : value)
        const kept = given.filter((value) => value === null || !value.includes('\0'))
        const column = columnOf(
          type as ColumnType,
          kept.map((value) => (value === null ? null : shown(value))),
        )
        const lines = await text(valueLines(column.type, one(column), options))
        const back = await readValues(bytes(lines, 7), column.type, 'in', options)
        expect(encodeColumn(back)).toEqual(encodeColumn(column))
      }),
    )
  })

  it('prints long and many texts in pieces', async () => {
    const given = Array.from({ length: 3000 }, (_, i) => 'x'.repeat((i * 37) % 400))
    given[1000] = 'long'.repeat(50_000)
    const column = columnOf('string', given)
    const lines = await text(valueLines('string', one(column)))
    expect(lines).toBe(given.map((value) => `${value || '""'}\n`).join(''))
  })

  it('prints them as a JSON array', async () => {
    const column = columnOf('float64', [1.5, null, -0, Number.NaN])
    expect(await text(valuesAsJson(one(column)))).toBe('[\n1.5,\nnull,\n-0,\n"NaN"\n]\n')
    expect(await text(valuesAsJson(one(columnOf('int8', []))))).toBe('[]\n')
  })

  it('prints long columns in pieces', async () => {
    const builder = new ColumnBuilder('int32')
    for (let i = 0; i < 100_000; i++) builder.appendNumber(i)
    const column = builder.finish()
    const pieces: string[] = []
    for await (const piece of valuesAsJson(one(column))) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(5)
    expect(JSON.parse(pieces.join(''))).toEqual([...(column.values as Int32Array)])
  })
})

describe('hashObject', () => {
  it('gives bytes without a type the id that git gives them', async () => {
    // printf 'hello\n' | git hash-object --stdin, in a SHA-256 repository
    const [hello] = await hashObject([{ name: 'in', bytes: bytes('hello\n') }])
    expect(hello).toEqual({
      id: '2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4',
      kind: 'blob',
      size: 6,
    })
  })

  it('stores nothing without a store, and one pack with one', async () => {
    const storage = createMemoryStorage()
    const store = openObjectStore(storage)
    const inputs = () => [
      { name: 'a', bytes: bytes('1\n2\n') },
      { name: 'b', bytes: bytes('3\n') },
    ]
    const dry = await hashObject(inputs(), { type: 'int64' })
    expect(await storage.list('packs/')).toEqual([])
    const wet = await hashObject(inputs(), { type: 'int64', store })
    expect(wet).toEqual(dry)
    expect(await storage.list('packs/')).toHaveLength(1)
    const column = decodeColumn(await store.read(wet[0]!.id, 'column'))
    expect(column.values).toEqual(new BigInt64Array([1n, 2n]))
    expect(wet[0]!.id).toBe(idOf('column', encodeColumn(columnOf('int64', [1n, 2n]))))
  })

  it('stores nothing when one input is bad', async () => {
    const storage = createMemoryStorage()
    const inputs = [
      { name: 'a', bytes: bytes('1\n') },
      { name: 'b', bytes: bytes('x\n') },
    ]
    const store = openObjectStore(storage)
    await expect(hashObject(inputs, { type: 'int64', store })).rejects.toMatchObject({
      data: { file: 'b' },
    })
    expect(await storage.list('packs/')).toEqual([])
  })
})
