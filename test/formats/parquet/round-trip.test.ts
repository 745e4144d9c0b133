import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../../src/core/column.ts'
import { columnsEqual, scalarAt } from '../../../src/core/column-ops.ts'
import { concatFrames, frameFromRows } from '../../../src/core/frame.ts'
import type { Frame, Schema } from '../../../src/core/schema.ts'
import { parquetFormat } from '../../../src/formats/parquet/parquet-format.ts'
import { createMemorySpill } from '../../../src/formats/spill.ts'
import { tableArbitrary } from '../../support/any-table.ts'
import { inferred, parquetTable, writtenParquet } from './support.ts'

// Parquet's milliseconds reach less far than seconds.
const tables = tableArbitrary.filter(({ schema, frames }) =>
  schema.columns.every(({ type }, at) => {
    if (type !== 'timestamp_s') return true
    const bound = 2n ** 63n / 1000n
    return frames.every(({ columns, rows }) =>
      Array.from({ length: rows }, (_, row) => scalarAt(columns[at]!, row)).every(
        (value) => value === null || ((value as bigint) < bound && (value as bigint) > -bound),
      ),
    )
  }),
)

function differences(a: Frame, b: Frame): string[] {
  return a.schema.columns
    .filter((_, at) => !columnsEqual(a.columns[at]!, b.columns[at]!))
    .map(({ name, type }) => `${name}:${type}`)
}

const schemaOf = (...columns: Schema['columns']): Schema => ({
  columns,
  indexCount: 1,
  duplicates: false,
})

const numbered = (rows: number, value: (row: number) => Scalar): Scalar[][] =>
  Array.from({ length: rows }, (_, row) => [BigInt(row), value(row)])

describe('a Parquet file that varve wrote', () => {
  it('gives back values, types, index and duplicates, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ({ schema, frames }) => {
        const bytes = await writtenParquet(schema, frames)

        const read = await inferred(parquetTable(bytes))

        expect(read.schema).toEqual(schema)
        expect(differences(concatFrames(frames), read.frame!)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('is read the same from a pipe, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.integer({ min: 1, max: 500 }), async (given, size) => {
        const { schema, frames } = given
        const bytes = await writtenParquet(schema, frames)
        const read: Frame[] = []

        const input = {
          name: '<stdin>',
          once: true,
          async *open() {
            for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
          },
        }
        const spill = createMemorySpill()
        for await (const frame of parquetFormat.read(input, { schema, spill })) read.push(frame)

        expect(differences(concatFrames(frames), concatFrames(read))).toEqual([])
      }),
      { numRuns: 30 },
    )
  })

  it.each([
    ['few distinct texts', 'string', (row: number) => `s${row % 7}`],
    ['many distinct texts', 'string', (row: number) => `text ${row}`],
    ['texts of which some repeat later on', 'string', (row: number) => `${Math.max(0, row - 9e4)}`],
    ['nulls here and there', 'float64', (row: number) => (row % 3 === 0 ? null : row / 100)],
    ['nulls in long runs', 'int32', (row: number) => (row % 50_000 < 40_000 ? null : row)],
    ['nothing but nulls', 'json', () => null],
    ['walking decimals', 'float64', (row: number) => Math.round(1e4 * Math.sin(row / 999)) / 100],
    ['flags', 'bool', (row: number) => row % 5 === 0],
    ['flags and nulls', 'bool', (row: number) => (row % 7 === 0 ? null : row % 5 === 0)],
    ['the widest integers', 'uint64', (row: number) => 2n ** 64n - 1n - BigInt(row)],
    [
      'bytes, long and short',
      'binary',
      (row: number) => new Uint8Array(row % 1000 === 0 ? 5000 : 3),
    ],
  ] as const)('holds %s through several row groups', async (_, type, value) => {
    const schema = schemaOf({ name: 'n', type: 'int64' }, { name: 'v', type })
    const frame = frameFromRows(schema, numbered(300_001, value))
    const bytes = await writtenParquet(schema, [frame])

    const read = await inferred(parquetTable(bytes))

    expect(differences(frame, read.frame!)).toEqual([])
  })

  it('holds a table without rows', async () => {
    const schema = schemaOf({ name: 't', type: 'timestamp_s' }, { name: '__proto__', type: 'json' })

    const read = await inferred(parquetTable(await writtenParquet(schema, [])))

    expect(read.schema).toEqual(schema)
    expect(read.frame).toBeUndefined()
  })

  it('notes the zone that times are shown in', async () => {
    const schema = schemaOf({ name: 't', type: 'timestamp_ms' })
    const frame = frameFromRows(schema, [[0n]])

    const read = await inferred(
      parquetTable(await writtenParquet(schema, [frame], { zone: 'Europe/Brussels' })),
    )

    expect(read.zone).toBe('Europe/Brussels')
  })

  it('refuses seconds that milliseconds do not reach', async () => {
    const schema = schemaOf({ name: 't', type: 'timestamp_s' })
    const frame = frameFromRows(schema, [[2n ** 62n]])

    await expect(writtenParquet(schema, [frame])).rejects.toMatchObject({ code: 'invalid-value' })
  })
})
