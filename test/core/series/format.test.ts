import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../../src/core/column.ts'
import { VarveError } from '../../../src/core/errors.ts'
import type { Id, ObjectKind } from '../../../src/core/id.ts'
import {
  decodeSeries,
  firstKey,
  groupOf,
  keyValues,
  lastKey,
  rankOf,
  readSeries,
  writeSeries,
} from '../../../src/core/series.ts'
import type { ChunkList } from '../../../src/core/series-columns.ts'
import { SPLIT_LIMITS } from '../../../src/core/split.ts'
import { toldAs } from '../../support/errors.ts'
import { documentedExamples, parseGoldenValue, readGolden } from '../../support/golden.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { build, type Row, readAll, schemaOf, segmentsOf } from '../../support/series.ts'

interface GoldenSeries {
  name: string
  schema: string
  index: number
  duplicates: boolean
  rows: (string | null)[][]
  id: Id
  hex: string
  objects: { kind: ObjectKind; id: Id; hex: string }[]
}

interface GoldenSplit {
  name: string
  type: ColumnType
  duplicates: boolean
  count: number
  start: string
  step: string
  segments: { rows: number; first: string; last: string; firstKey?: string; lastKey?: string }[]
  id: Id
}

const golden = readGolden<GoldenSeries[]>('series.json')
const splits = readGolden<GoldenSplit[]>('series-split.json')
const page = readFileSync(new URL('../../../docs/format/series.md', import.meta.url), 'utf8')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (digits: string) => Uint8Array.from(Buffer.from(digits, 'hex'))

describe('the series format', () => {
  it.each(golden)('$name', async ({ schema: text, index, duplicates, rows, ...expected }) => {
    const schema = schemaOf(text, { indexCount: index, duplicates })
    const values = rows.map(
      (row): Row => row.map((value, i) => parseGoldenValue(schema.columns[i]!.type, value)),
    )
    const objects = new MemoryObjects()
    expect(await build(objects, schema, values, SPLIT_LIMITS)).toBe(expected.id)
    expect(hex(objects.objects.get(expected.id)!.bytes)).toBe(expected.hex)
    expect(objects.objects.size).toBe(expected.objects.length + 1)

    const stored = new MemoryObjects()
    await stored.put('series', unhex(expected.hex))
    for (const { kind, id, hex: digits } of expected.objects) {
      expect(await stored.put(kind, unhex(digits))).toBe(id)
    }
    expect((await readSeries(stored, expected.id)).schema).toEqual(schema)
    expect(await readAll(stored, expected.id)).toEqual(values)
  })

  it.each(splits)('splits $name as said', async (expected) => {
    const { type, duplicates, count } = expected
    const objects = new MemoryObjects()
    const schema = schemaOf(`k:${type} n:uint32`, { duplicates })
    const rows = Array.from({ length: count }, (_, i): Row => {
      const key = BigInt(expected.start) + BigInt(expected.step) * BigInt(i)
      return [type === 'date' ? Number(key) : key, i]
    })
    const id = await build(objects, schema, rows, SPLIT_LIMITS, 30_000)
    expect(id).toBe(expected.id)
    const segments = await segmentsOf(objects, await readSeries(objects, id))
    expect(
      segments.map(({ key, last, weight }, i) => ({
        rows: weight,
        ...(expected.segments[i]?.firstKey && { firstKey: hex(key), lastKey: hex(last) }),
        first: String(keyValues(schema, key)[0]),
        last: String(keyValues(schema, last)[0]),
      })),
    ).toEqual(expected.segments)
  })

  it('cuts a large column into the chunks that the page says', async () => {
    const objects = new MemoryObjects()
    const schema = schemaOf('k:int32 s:string')
    const rows = Array.from({ length: 1000 }, (_, i): Scalar[] => [i, 'x'.repeat(12_000)])
    const id = await build(objects, schema, rows, SPLIT_LIMITS)
    const [segment] = await segmentsOf(objects, await readSeries(objects, id))
    const [keys, texts] = segment!.value as readonly ChunkList[]
    expect(keys!.map((chunk) => chunk.rows)).toEqual([1000])
    expect(texts!.map((chunk) => chunk.rows)).toEqual([512, 488])
    expect(page).toContain('whose text is in two chunks of 512 and 488 rows')
  })

  it('is documented with the golden bytes, ids and segments', () => {
    const examples = documentedExamples('format/series.md')
    for (const name of ['no rows', 'two rows', 'equal keys']) {
      const { id, hex: digits } = golden.find((example) => example.name === name)!
      expect(examples.get(name)).toBe(digits)
      expect(page).toContain(`id \`${id}\`\n\n<!-- example: ${name} -->`)
    }
    const columns = golden.find(({ name }) => name === 'two rows')!.objects
    for (const [i, name] of ['Date', 'Price'].entries()) {
      expect(examples.get(`two rows, ${name}`)).toBe(columns[i]!.hex)
      expect(page).toContain(`id \`${columns[i]!.id}\`\n\n<!-- example: two rows, ${name} -->`)
    }
    expect(examples.size).toBe(5)
    const listed = [...page.matchAll(/\| (\d+): (-?\d+) … (-?\d+) \|/g)]
    expect(listed.map(([, rows, first, last]) => ({ rows: Number(rows), first, last }))).toEqual(
      splits.flatMap(({ segments }) =>
        segments.map(({ rows, first, last }) => ({ rows, first, last })),
      ),
    )
  })
})

describe('the keys of a series', () => {
  const schema = schemaOf('k:int32 s:string v:float64', { indexCount: 2, duplicates: true })
  const rows: Row[] = [
    [1, 'a', 0],
    [1, 'a', 1],
    [2, 'b', 2],
  ]

  it('are known at both ends, without what tells equal ones apart', async () => {
    const objects = new MemoryObjects()
    const empty = await readSeries(objects, await build(objects, schema, []))
    expect([firstKey(empty), lastKey(empty), empty.rows]).toEqual([undefined, undefined, 0])
    const earlier = 'a'.repeat(64) as Id
    const { id } = await writeSeries(objects, schema, empty.root, earlier)
    expect(objects.bases.get(id)).toBe(earlier)
    const series = await readSeries(objects, await build(objects, schema, rows))
    expect(firstKey(series)).toEqual([1, 'a'])
    expect(lastKey(series)).toEqual([2, 'b'])
    expect(series.rows).toBe(3)
  })

  it('end in the rank of a row where some may be equal', () => {
    const key = Uint8Array.of(9, 8, 7, 0, 0, 1, 2)
    expect(rankOf(key)).toBe(258)
    expect(rankOf(key.subarray(3))).toBe(258)
    expect(() => rankOf(key.subarray(4))).toThrow(toldAs('corrupt-object'))
    expect([...groupOf(schema, key)]).toEqual([9, 8, 7])
    expect(groupOf({ ...schema, duplicates: false }, key)).toBe(key)
  })
})

describe('bytes that are no series', () => {
  const { hex: digits } = golden.find(({ name }) => name === 'two rows')!
  const good = unhex(digits)

  it('are refused wherever they are cut', () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => decodeSeries(good.subarray(0, length))).toThrow(VarveError)
    }
    expect(() => decodeSeries(Uint8Array.of(...good, 0))).toThrow('too many')
  })

  it.each([
    ['unknown flags', 0, 2],
    ['no columns', 1, 0],
    ['more columns than bytes', 1, 0x7f],
    ['more index columns than columns', 2, 3],
    ['an unknown type', 8, 99],
    ['an index column of nulls', 8, 0],
    ['a segment without rows', 36, 0],
    ['no chunks', 37, 0],
    ['more chunks than rows', 37, 3],
  ])('%s', (_, at, byte) => {
    const bytes = good.slice()
    bytes[at] = byte
    expect(() => decodeSeries(bytes)).toThrow(toldAs('corrupt-object'))
  })

  it('a column that is not what the series says it is', async () => {
    const objects = new MemoryObjects()
    const { objects: columns } = golden.find(({ name }) => name === 'two rows')!
    const bytes = good.slice()
    bytes.set(unhex(columns[1]!.id), 38)
    const id = await objects.put('series', bytes)
    for (const { kind, hex: column } of columns) await objects.put(kind, unhex(column))
    await expect(readAll(objects, id)).rejects.toMatchObject({
      code: 'corrupt-object',
      data: { found: 'float64', expected: 'date' },
    })
  })
})
