import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadCodecs } from '../../../src/formats/parquet/codecs.ts'
import { columnKind } from '../../../src/formats/parquet/column-kind.ts'
import { readNotes } from '../../../src/formats/parquet/table-notes.ts'
import { toColumn } from '../../../src/formats/parquet/to-column.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { inferred, openDuckDb, parquetTable, valuesOf } from './support.ts'

// Files that DuckDB writes; what it does not write, by the parts that read it.

const folder = temporaryFolder()
let duckdb: DuckDBConnection
let files = 0

beforeAll(async () => {
  duckdb = await openDuckDb()
})

async function duckFile(query: string, options = ''): Promise<Buffer> {
  const path = join(folder, `${files++}.parquet`)
  await duckdb.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`)
  return readFileSync(path)
}

const VARIED = `SELECT i::BIGINT AS i, (i % 100)::TINYINT AS small, (i * 7919)::INTEGER AS n,
  CASE WHEN i % 5 = 0 THEN NULL ELSE i / 100.0 END::DOUBLE AS v, (i / 3)::FLOAT AS f,
  'symbol ' || (i % 11) AS s, 'text ' || repeat('x', (i % 40)::INT) || i AS t, (i % 3 = 0) AS b,
  make_timestamp_ns(i * 1000000007) AS ts, ('b' || i)::BLOB AS bin
  FROM range(9000) r(i)`

function expectVaried(read: Awaited<ReturnType<typeof inferred>>, plain: typeof read): void {
  expect(read.schema).toEqual(plain.schema)
  expect(read.frame!.rows).toBe(9_000)
  for (const [at, column] of read.frame!.columns.entries()) {
    expect(column, read.schema.columns[at]!.name).toEqual(plain.frame!.columns[at])
  }
}

describe('a Parquet file of another program', () => {
  it.each(['snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'])(
    'is read where its pages are packed by %s',
    async (codec) => {
      const plain = await inferred(
        parquetTable(await duckFile(VARIED, ', COMPRESSION uncompressed')),
      )
      const bytes = await duckFile(VARIED, `, COMPRESSION ${codec}, ROW_GROUP_SIZE 4096`)

      expectVaried(await inferred(parquetTable(bytes)), plain)
    },
  )

  it('is read in the encodings of the second version: deltas and split bytes', async () => {
    const plain = await inferred(parquetTable(await duckFile(VARIED, ', COMPRESSION uncompressed')))
    const options = ', PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE 4096'
    const bytes = await duckFile(VARIED, options)
    const encodings = await duckdb.runAndReadAll(
      `SELECT DISTINCT unnest(string_split(encodings, ', ')) FROM parquet_metadata('${join(folder, `${files - 1}.parquet`)}')`,
    )

    expectVaried(await inferred(parquetTable(bytes)), plain)
    expect(encodings.getRows().flat()).toEqual(
      expect.arrayContaining([
        'DELTA_BINARY_PACKED',
        'DELTA_LENGTH_BYTE_ARRAY',
        'BYTE_STREAM_SPLIT',
      ]),
    )
  })

  it('gives the types that it says', async () => {
    const { schema } = await inferred(
      parquetTable(
        await duckFile(`SELECT 1::UBIGINT AS u64, 1::UINTEGER AS u32, 1::USMALLINT AS u16,
          1::UTINYINT AS u8, 1::SMALLINT AS i16, DATE '2026-08-17' AS d, TIMESTAMP '2026-08-17' AS us,
          '2026-08-17'::TIMESTAMP_MS AS ms, '2026-08-17'::TIMESTAMPTZ AS tz, 'a'::ENUM('a') AS e,
          uuid() AS id, '{}'::JSON AS j, 12::DECIMAL(18, 0) AS whole`),
      ),
    )

    expect(schema.columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'u64:uint64',
      'u32:uint32',
      'u16:uint16',
      'u8:uint8',
      'i16:int16',
      'd:date',
      'us:timestamp_us',
      'ms:timestamp_ms',
      'tz:timestamp_us',
      'e:string',
      'id:string',
      'j:json',
      'whole:int64',
    ])
  })

  it('gives UUIDs as text and decimals without places as integers', async () => {
    const bytes = await duckFile(`SELECT 1 AS k,
      '6b7c3f0e-1d2a-4b5c-8d9e-0f1a2b3c4d5e'::UUID AS id, -12::DECIMAL(38, 0) AS whole`)

    expect(await valuesOf(bytes, 'id')).toEqual(['6b7c3f0e-1d2a-4b5c-8d9e-0f1a2b3c4d5e'])
    expect(await valuesOf(bytes, 'whole')).toEqual([-12n])
  })

  it('tells local times from UTC', async () => {
    const notices: string[] = []
    const onNotice = (text: string) => notices.push(text)
    const local = await duckFile("SELECT TIMESTAMP '2026-08-17 12:00:00' AS t")
    const utc = await duckFile("SELECT TIMESTAMPTZ '2026-08-17 12:00:00+00' AS t")

    await inferred(parquetTable(utc, { onNotice }))
    expect(notices).toEqual([])
    await inferred(parquetTable(local, { onNotice }))
    expect(notices).toHaveLength(1)
  })

  it.each([
    ['a list', '[1, 2]'],
    ['a struct', "{'a': 1}"],
    ['a map', "MAP {'a': 1}"],
    ['a time of day', "TIME '12:00:00'"],
    ['FIXED_LEN_BYTE_ARRAY as INTERVAL', "INTERVAL '1 day'"],
  ])('is refused for %s, naming the column, unless that is left out', async (found, value) => {
    const bytes = await duckFile(`SELECT 1 AS k, ${value} AS v, 2.5::DOUBLE AS w`)

    await expect(inferred(parquetTable(bytes))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining(`${found} in column "v"`),
      hint: 'leave it out: --columns k,w',
    })
    const { frame } = await inferred(parquetTable(bytes, { columns: ['k', 'w'] }))
    expect(frame!.rows).toBe(1)
  })

  it.each([
    ['1.25::DECIMAL(4, 2)', 1.25],
    ['-0.07::DECIMAL(9, 2)', -0.07],
    ['123456789012.345::DECIMAL(18, 3)', 123_456_789_012.345],
    ["'-999999999999999000000'::DECIMAL(38, 10)", -999_999_999_999_999e6],
    ["'0.000000000000000000000123456789012345'::DECIMAL(38, 36)", 0.123456789012345e-21],
    ['NULL::DECIMAL(9, 2)', null],
  ])('gives decimals as the doubles that their digits mean: %s', async (value, double) => {
    const bytes = await duckFile(`SELECT 1 AS k, ${value} AS v`)

    const { schema } = await inferred(parquetTable(bytes))
    expect(schema.columns[1]).toEqual({ name: 'v', type: 'float64' })
    expect(await valuesOf(bytes, 'v')).toEqual([double])
  })

  it('gives decimals that a double would round as faults', async () => {
    const bytes = await duckFile("SELECT 1 AS k, '-1234567890123.456'::DECIMAL(38, 4) AS v")

    await expect(inferred(parquetTable(bytes))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('-1234567890123.4560 in column "v"'),
    })
  })

  it('gives decimals that are beyond 64 bits as faults', async () => {
    const bytes = await duckFile("SELECT 1 AS k, '99999999999999999999'::DECIMAL(38, 0) AS v")

    await expect(inferred(parquetTable(bytes))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('99999999999999999999 in column "v"'),
    })
  })

  it('takes no decimals of absurd size', () => {
    const kindOf = (scale: number) =>
      columnKind({
        name: 'v',
        type: 'BYTE_ARRAY',
        repetition_type: 'REQUIRED',
        logical_type: { type: 'DECIMAL', precision: 38, scale },
      })
    for (const scale of [-1, 77, 400, 2 ** 31 - 1]) {
      expect(kindOf(scale)).toMatchObject({ found: 'BYTE_ARRAY as DECIMAL' })
    }
    const bytes = new Uint8Array(1 << 20).fill(7)
    const offsets = Uint32Array.of(0, bytes.length)
    expect(() => toColumn(kindOf(2) as never, { count: 1, bytes, offsets })).toThrow(
      'it is beyond 256 bits',
    )
  })

  it('gives the times of Spark and Impala, of 96 bits, to the nanosecond', () => {
    const kind = columnKind({ name: 't', type: 'INT96', repetition_type: 'REQUIRED' })
    const fixed = new Uint8Array(12)
    const view = new DataView(fixed.buffer)
    view.setBigInt64(0, 43_200_000_000_001n, true)
    view.setInt32(8, 2_440_589, true)

    const { type, values } = toColumn(kind as never, { count: 1, width: 12, fixed })

    expect(type).toBe('timestamp_ns')
    expect([...(values as BigInt64Array)]).toEqual([86_400_000_000_000n + 43_200_000_000_001n])
  })

  it('gives floats of 16 bits as float32', () => {
    const kind = columnKind({
      name: 'v',
      type: 'FIXED_LEN_BYTE_ARRAY',
      type_length: 2,
      repetition_type: 'REQUIRED',
      logical_type: { type: 'FLOAT16' },
    })
    const halves = Uint16Array.of(0x3c00, 0x8000, 0x7c00, 0xfc00, 0x7e01, 0x0001, 0x7bff)
    const fixed = new Uint8Array(halves.buffer)

    const { values } = toColumn(kind as never, { count: halves.length, width: 2, fixed })

    expect([...(values as Float32Array)]).toEqual([
      1,
      -0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      2 ** -24,
      65_504,
    ])
  })

  it('is unpacked from LZ4 as Hadoop frames it', async () => {
    const { unpack } = await loadCodecs(new Set(['LZ4']))
    const block = [0x50, ...Buffer.from('hello')]
    const framed = Uint8Array.of(0, 0, 0, 5, 0, 0, 0, block.length, ...block)

    expect(Buffer.from(unpack('LZ4', framed, 5)).toString()).toBe('hello')
  })
})

describe('the index that pandas notes', () => {
  const noted = (pandas: object, columns: readonly string[]) =>
    readNotes(new Map([['pandas', JSON.stringify(pandas)]]), columns)

  it('is taken where it has names', () => {
    const columns = [
      { name: 'price', field_name: 'price', pandas_type: 'float64' },
      {
        name: 'date',
        field_name: 'date',
        pandas_type: 'datetimetz',
        metadata: { timezone: 'Europe/Brussels' },
      },
    ]

    const notes = noted({ index_columns: ['date'], columns }, ['price', 'date'])

    expect(notes).toMatchObject({ index: ['date'], zone: 'Europe/Brussels' })
  })

  it('gets the name that pandas itself would give where it has none', () => {
    const index = ['__index_level_0__']

    const one = noted({ index_columns: index, columns: [] }, ['price', ...index])
    const taken = noted({ index_columns: index, columns: [] }, ['index', ...index])

    expect([...one.names]).toEqual([['__index_level_0__', 'index']])
    expect([...taken.names]).toEqual([['__index_level_0__', 'level_0']])
  })

  it('is none where it only counts', () => {
    const range = { kind: 'range', name: null, start: 0, stop: 3, step: 1 }

    expect(noted({ index_columns: [range], columns: [] }, ['a']).index).toBeUndefined()
  })

  it.each(['{', 'null', '[]', '{"index_columns":7}', '{"index_columns":["gone"]}'])(
    'is none in what cannot be understood: %s',
    (text) => {
      expect(readNotes(new Map([['pandas', text]]), ['a']).index).toBeUndefined()
    },
  )
})
