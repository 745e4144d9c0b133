import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { hasCode } from '../../../src/core/errors.ts'
import { frameFromRows } from '../../../src/core/frame.ts'
import type { Schema } from '../../../src/core/schema.ts'
import { walkStruct } from '../../../src/formats/parquet/thrift-guard.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { inferred, openDuckDb, parquetTable, writtenParquet } from './support.ts'

const schema: Schema = {
  columns: [
    { name: 'time', type: 'timestamp_ns' },
    { name: 'symbol', type: 'string' },
    { name: 'price', type: 'float64' },
    { name: 'note', type: 'json' },
    { name: 'flag', type: 'bool' },
  ],
  indexCount: 1,
  duplicates: false,
}
const folder = temporaryFolder()
let own: Buffer
let foreign: Buffer

beforeAll(async () => {
  const rows = Array.from({ length: 300 }, (_, row) => [
    BigInt(row) * 1_000_000_007n,
    row % 9 === 0 ? null : `s${row % 5}`,
    row / 8,
    `{"row":${row}}`,
    row % 2 === 0,
  ])
  own = await writtenParquet(schema, [frameFromRows(schema, rows)])
  const path = join(folder, 'foreign.parquet')
  const duckdb = await openDuckDb()
  await duckdb.run(`COPY (SELECT i, i / 7.0 AS v, 'a' || i AS t, 's' || i % 5 AS s, i % 2 = 0 AS b
    FROM range(300) r(i)) TO '${path}' (FORMAT parquet, PARQUET_VERSION v2,
    COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 20)`)
  foreign = readFileSync(path)
})

/** Whether a table is read, or refused as one that is wrong. Anything else is thrown. */
async function isRead(bytes: Uint8Array): Promise<boolean> {
  try {
    await inferred(parquetTable(bytes))
    return true
  } catch (error) {
    if (hasCode(error, 'too-large')) return false
    if (!hasCode(error, 'bad-input')) throw error
    expect(error.message).toContain('t.parquet')
    return false
  }
}

const footerLength = (bytes: Buffer) => bytes.readUInt32LE(bytes.length - 8)

describe('a damaged Parquet file', () => {
  it.each([['varve', () => own] as const, ['DuckDB', () => foreign] as const])(
    'of %s is read or refused, never more: 1,000 changes of single bytes',
    async (_, file) => {
      const random = seededRandom(7)
      const whole = file()
      const end = whole.length - 8 - footerLength(whole)
      const outcomes = { read: 0, refused: 0 }
      for (let i = 0; i < 1000; i++) {
        const bytes = Buffer.from(whole)
        const changes = 1 + Math.floor(random() * 3)
        for (let k = 0; k < changes; k++) {
          // Half of them in the metadata.
          const from = i % 2 === 0 ? 0 : end
          bytes[from + Math.floor(random() * (bytes.length - from))] = Math.floor(random() * 256)
        }
        outcomes[(await isRead(bytes)) ? 'read' : 'refused']++
      }
      expect(outcomes.refused).toBeGreaterThan(100)
    },
    120_000,
  )

  it('is refused wherever it is cut short', async () => {
    for (let length = 0; length < own.length; length += 61) {
      expect(await isRead(own.subarray(0, length)), `${length} bytes`).toBe(false)
    }
  })

  it('is refused with pieces taken out', async () => {
    const random = seededRandom(8)
    for (let i = 0; i < 200; i++) {
      const at = Math.floor(random() * own.length)
      const to = Math.min(own.length, at + 1 + Math.floor(random() * 40))
      expect(await isRead(Buffer.concat([own.subarray(0, at), own.subarray(to)]))).toBe(false)
    }
  })

  it('is refused where a changed page has its checksum beside it', async () => {
    const bytes = Buffer.from(own)
    // Behind the magic and the first page's header.
    bytes[60]! ^= 1

    await expect(inferred(parquetTable(bytes))).rejects.toMatchObject({ code: 'bad-input' })
  })

  it.each([
    [
      'metadata longer than the file',
      (bytes: Buffer) => bytes.writeUInt32LE(2 ** 31, bytes.length - 8),
    ],
    ['no metadata', (bytes: Buffer) => bytes.writeUInt32LE(0, bytes.length - 8)],
    ['another magic', (bytes: Buffer) => bytes.write('PAR2', bytes.length - 4)],
    ['encrypted metadata', (bytes: Buffer) => bytes.write('PARE', bytes.length - 4)],
  ])('is refused with %s', async (_, damage) => {
    const bytes = Buffer.from(own)
    damage(bytes)

    expect(await isRead(bytes)).toBe(false)
  })

  it('is refused for a file of another kind', async () => {
    await expect(inferred(parquetTable(Buffer.from('time,value\n1,2\n')))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('expected a Parquet file'),
    })
  })
})

describe('metadata', () => {
  const LIST_OF_STRUCTS = 0xfc
  it('with more values than are taken are refused before they are built', () => {
    const bomb = Buffer.concat([
      Buffer.from([0x29, LIST_OF_STRUCTS, 0x80, 0x80, 0x40]),
      Buffer.alloc(1 << 20),
      Buffer.alloc(1),
    ])

    expect(() => walkStruct(bomb, 0, 1000)).toThrow('too many values')
  })

  it('with a list longer than they are themselves are refused', () => {
    const bytes = Buffer.from([0x29, LIST_OF_STRUCTS, 0xff, 0xff, 0xff, 0xff, 0x07, 0])

    expect(() => walkStruct(bytes, 0, 1e9)).toThrow('cut short')
  })

  it('nested without end are refused', () => {
    expect(() => walkStruct(Buffer.alloc(100_000, 0x1c), 0, 1e9)).toThrow('nested too deeply')
  })
})
