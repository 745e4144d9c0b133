import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { frameFromRows } from '../../src/core/frame.ts'
import { formatSchemaText, parseSchemaText } from '../../src/core/schema-codec.ts'
import { openFormat } from '../../src/formats/table-formats.ts'
import {
  createSeries,
  fileTable,
  listSeries,
  log,
  type OpenedRepository,
  openRepository,
  readSeriesRows,
  rowsOf,
  setSettings,
} from '../../src/index.ts'
import { findLakotaExport } from '../../src/plumbing/find-lakota-export.ts'
import {
  type ImportLakotaExportOptions,
  importLakotaExport,
} from '../../src/porcelain/import-lakota-export.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** A `_schema.json` as Lakota dumps it. */
function schemaFile(
  kind: 'kv' | null,
  columns: Record<string, [dt: string, idx: boolean]>,
): string {
  const dumped = Object.entries(columns).map(([name, [dt, idx]]) => {
    const codecs = dt.startsWith('<U') || dt === 'object' ? ['msgpack2', 'zstd'] : ['blosc']
    return [name, { dt, codecs, idx }]
  })
  return JSON.stringify({ kind, columns: Object.fromEntries(dumped) })
}

const TEMPERATURE = schemaFile(null, {
  timestamp: ['datetime64[s]', true],
  value: ['float64', false],
})

/** Rows as Python's `csv` writes them. */
const csv = (...rows: string[]) => rows.map((row) => `${row}\r\n`).join('')

function exported(files: Record<string, string | Uint8Array>): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const author = { name: 'Ada', email: 'ada@example.org' }
const newRepository = () => openRepository('memory:', { author })

async function imported(
  repo: OpenedRepository,
  folder: string,
  options: Partial<ImportLakotaExportOptions> = {},
) {
  const found = await findLakotaExport({ given: 'export', absolute: folder })
  return importLakotaExport(repo, {
    found,
    tableOf: ({ name, absolute }) => ({ ...fileTable(absolute), name }),
    commit: repo.signed(),
    ...options,
  })
}

async function contentOf(repo: OpenedRepository, name: string) {
  const { schema, frames } = await readSeriesRows(repo, { name })
  const rows: unknown[][] = []
  for await (const frame of frames()) rows.push(...rowsOf(frame))
  const index = schema.columns.slice(0, schema.indexCount).map((column) => column.name)
  return { schema: formatSchemaText(schema), index, duplicates: schema.duplicates, rows }
}

async function seriesOf(repo: OpenedRepository): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of listSeries(repo)) paths.push(path)
  return paths
}

async function parquet(schemaText: string, rows: Parameters<typeof frameFromRows>[1]) {
  const schema = parseSchemaText(schemaText)
  const pieces: Uint8Array[] = []
  const frames = [frameFromRows(schema, rows)]
  for await (const piece of (await openFormat('parquet')).write(schema, frames)) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('importLakotaExport', () => {
  it('takes each table for a series of its collection, in one commit', async () => {
    const repo = await newRepository()
    const folder = exported({
      'temperature/_schema.json': TEMPERATURE,
      'temperature/Brussels.csv': csv(
        'timestamp,value',
        '2020-01-01T00:00:00,25.0',
        '2020-01-02T00:00:00,nan',
        '2020-01-03T00:00:00,1e-05',
      ),
      'temperature/be/Liège.csv': csv('timestamp,value', '2020-01-01T00:00:00,-0.0'),
      'names/_schema.json': schemaFile('kv', { label: ['<U0', true], meta: ['object', false] }),
      'names/of.all.csv': csv('label,meta', 'a,"x, ""y"""', 'b,'),
    })
    const { series } = await imported(repo, folder)

    expect(series).toHaveLength(3)
    expect(await seriesOf(repo)).toEqual([
      'names/of.all',
      'temperature/Brussels',
      'temperature/be/Liège',
    ])
    expect(await contentOf(repo, 'temperature/Brussels')).toEqual({
      schema: 'timestamp:timestamp_s value:float64',
      index: ['timestamp'],
      duplicates: false,
      rows: [
        [1577836800n, 25],
        [1577923200n, Number.NaN],
        [1578009600n, 1e-5],
      ],
    })
    expect(await contentOf(repo, 'names/of.all')).toMatchObject({
      schema: 'label:string meta:string',
      rows: [
        ['a', 'x, "y"'],
        ['b', null],
      ],
    })
    const commits: string[] = []
    for await (const { id } of log(repo)) commits.push(id)
    expect(commits).toHaveLength(1)
  })

  it('knows all types of numpy that a series can have, and what their text is', async () => {
    const repo = await newRepository()
    const folder = exported({
      'c/_schema.json': schemaFile(null, {
        version: ['int64', true],
        value: ['float64', false],
        day: ['datetime64[D]', true],
        at: ['datetime64[ns]', false],
        on: ['datetime64[D]', false],
        name: ['<U12', false],
        free: ['object', false],
        ok: ['bool', false],
        small: ['int8', false],
        big: ['uint64', false],
        half: ['float16', false],
      }),
      'c/s.csv': csv(
        'day,version,at,on,name,free,ok,small,big,half,value',
        '2020-01-01,-1,2020-01-01T00:00:00.123456789,2020-02-29,NaT,NaT,True,-128,18446744073709551615,0.5,inf',
        '2020-01-01,0,NaT,NaT,,,False,0,0,nan,-inf',
      ),
    })
    await imported(repo, folder)
    expect(await contentOf(repo, 'c/s')).toMatchObject({
      schema:
        'version:int64 day:date value:float64 at:timestamp_ns on:date name:string free:string ok:bool small:int8 big:uint64 half:float32',
      index: ['version', 'day'],
      rows: [
        [
          -1n,
          18262,
          Infinity,
          1577836800123456789n,
          18321,
          'NaT',
          'NaT',
          true,
          -128,
          2n ** 64n - 1n,
          0.5,
        ],
        [0n, 18262, -Infinity, null, null, '', null, false, 0, 0n, Number.NaN],
      ],
    })
  })

  it('takes Parquet, whose times pandas has in other units', async () => {
    const repo = await newRepository()
    const table = await parquet('timestamp:timestamp_ns value:float64', [
      [1577836800_000_000_000n, 1.5],
      [1577923200_000_000_000n, null],
    ])
    const folder = exported({ 't/_schema.json': TEMPERATURE, 't/s.parquet': table })
    await imported(repo, folder)
    expect(await contentOf(repo, 't/s')).toMatchObject({
      schema: 'timestamp:timestamp_s value:float64',
      rows: [
        [1577836800n, 1.5],
        [1577923200n, null],
      ],
    })
  })

  it('reads times as UTC, also into a collection that has a zone', async () => {
    const repo = await newRepository()
    const zone = new Map([['zone', 'Europe/Brussels']])
    await createSeries(repo, {
      name: 'lakota/',
      schema: parseSchemaText('timestamp:timestamp_s value:float64'),
      commit: repo.signed(),
    })
    await setSettings(repo, { name: 'lakota/', values: zone, commit: repo.signed() })
    const folder = exported({
      't/_schema.json': TEMPERATURE,
      't/s.csv': csv('timestamp,value', '2020-01-01T00:00:00,1'),
    })
    await imported(repo, folder, { into: 'lakota/' })
    expect((await contentOf(repo, 'lakota/t/s')).rows).toEqual([[1577836800n, 1]])
    const { zone: shown } = await readSeriesRows(repo, { name: 'lakota/t/s' })
    expect(shown).toBe('Europe/Brussels')
  })

  it('changes nothing the second time, and as add does what became different', async () => {
    const repo = await newRepository()
    const days = Array.from({ length: 28 }, (_, i) => `2020-01-${String(i + 1).padStart(2, '0')}`)
    const rows = days.map((day) => `${day}T00:00:00,1.0`)
    const folder = exported({
      't/_schema.json': TEMPERATURE,
      't/s.csv': csv('timestamp,value', ...rows),
    })
    await imported(repo, folder)
    expect((await imported(repo, folder)).series[0]!.state).toBe('unchanged')

    writeFileSync(join(folder, 't/s.csv'), csv('timestamp,value', '2020-01-01T00:00:00,2.0'))
    await expect(imported(repo, folder)).rejects.toMatchObject({ code: 'refused' })
    const { series } = await imported(repo, folder, { allowDeletes: true })
    expect(series[0]!.counts).toMatchObject({ revised: 1, deleted: 27 })
  })

  it('makes series without rows, and with equal keys where that is said', async () => {
    const repo = await newRepository()
    const folder = exported({
      't/_schema.json': TEMPERATURE,
      't/empty.csv': csv('timestamp,value'),
      't/twice.csv': csv('timestamp,value', '2020-01-01T00:00:00,1', '2020-01-01T00:00:00,2'),
    })
    await expect(imported(repo, folder)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(
        /^export\/t\/twice\.csv, row 2: .*found a second 2020-01-01T00:00:00Z/,
      ),
      hint: '--duplicates allows rows with equal keys',
    })
    expect(await seriesOf(repo)).toEqual([])
    await imported(repo, folder, { duplicates: true })
    expect(await contentOf(repo, 't/empty')).toMatchObject({ rows: [], duplicates: true })
    expect((await contentOf(repo, 't/twice')).rows).toHaveLength(2)
  })

  it('takes a folder that is a collection itself, and collections in one another', async () => {
    const repo = await newRepository()
    const folder = exported({
      '_schema.json': TEMPERATURE,
      'a.csv': csv('timestamp,value', '2020-01-01T00:00:00,1'),
      'inner/_schema.json': schemaFile(null, { n: ['int64', true] }),
      'inner/b.csv': csv('n', '1'),
      'notes.md': 'a note',
    })
    const { others } = await findLakotaExport({ given: 'export/', absolute: folder })
    expect(others).toEqual(['export/notes.md'])
    await imported(repo, folder)
    expect((await contentOf(repo, 'a')).schema).toBe('timestamp:timestamp_s value:float64')
    expect((await contentOf(repo, 'inner/b')).schema).toBe('n:int64')
  })

  it.each([
    ['a schema that is no JSON', '{', 'expected a schema of Lakota’s, found no JSON'],
    ['a list', '[]', 'found the schema that is no object'],
    ['no columns', '{"kind":null}', 'found columns that are no object'],
    ['a column without a type', '{"columns":{"t":{"idx":true}}}', 'column "t" without dt and idx'],
    ['no index', schemaFile(null, { t: ['int64', false] }), 'found no index column'],
    [
      'months',
      schemaFile(null, { t: ['datetime64[M]', true] }),
      'found "datetime64[M]" as the type of "t"',
    ],
    [
      'a type that there is not',
      schemaFile(null, { t: ['complex128', true] }),
      'found "complex128"',
    ],
  ])('refuses %s, and names the file', async (_, schema, message) => {
    const repo = await newRepository()
    const folder = exported({ 'c/_schema.json': schema, 'c/s.csv': csv('t', '1') })
    const error = await imported(repo, folder).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'bad-input' })
    expect(error.message).toContain('export/c/_schema.json')
    expect(error.message).toContain(message)
  })

  it.each([
    ['a cell', csv('timestamp,value', '2020-01-01T00:00:00,abc'), 'export/t/s.csv:2:21'],
    ['a column that is missing', csv('timestamp', '2020-01-01T00:00:00'), 'export/t/s.csv'],
    ['a column too many', csv('timestamp,value,x', '2020-01-01T00:00:00,1,2'), 'export/t/s.csv'],
  ])('refuses %s, with the place', async (_, text, place) => {
    const repo = await newRepository()
    const folder = exported({ 't/_schema.json': TEMPERATURE, 't/s.csv': text })
    const error = await imported(repo, folder).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'bad-input' })
    expect(error.message.startsWith(place)).toBe(true)
  })

  it('names the line of a time that is none', async () => {
    const repo = await newRepository()
    const schema = schemaFile(null, { n: ['int64', true], at: ['datetime64[s]', false] })
    const folder = exported({
      'c/_schema.json': schema,
      'c/s.csv': csv('n,at', '1,2020-01-01T00:00:00', '2,soon'),
    })
    await expect(imported(repo, folder)).rejects.toMatchObject({
      code: 'bad-input',
      data: { file: 'export/c/s.csv', line: 3, field: 'at', value: 'soon' },
    })
  })

  it('says what is missing', async () => {
    const repo = await newRepository()
    for (const files of [{ 'a.csv': 't\n1\n' }, { 'c/_schema.json': TEMPERATURE }]) {
      await expect(imported(repo, exported(files))).rejects.toMatchObject({
        code: 'file-not-found',
      })
    }
    const nowhere = join(temporaryFolder(), 'nowhere')
    await expect(imported(repo, nowhere)).rejects.toMatchObject({ code: 'file-not-found' })
  })
})
