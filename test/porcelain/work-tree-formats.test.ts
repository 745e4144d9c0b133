import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { frameFromRows } from '../../src/core/frame.ts'
import { parseSchemaText } from '../../src/core/schema-codec.ts'
import { compress, packingOfName } from '../../src/formats/compress.ts'
import type { Reading } from '../../src/formats/table.ts'
import { formatOf, openFormat } from '../../src/formats/table-formats.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { seriesFileInput } from '../../src/plumbing/series-files.ts'
import { addFiles } from '../../src/porcelain/add-files.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { materialiseFiles } from '../../src/porcelain/materialise-files.ts'
import { moveSeries, removeSeries } from '../../src/porcelain/move-series.ts'
import { restore } from '../../src/porcelain/restore.ts'
import { status } from '../../src/porcelain/status.ts'
import { switchBranch } from '../../src/porcelain/switch.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { pipe, staged } from '../support/tables.ts'

const TEXT = 't,v\n1,0.5\n2,\n3,-2.25\n'

async function setUp(config: Record<string, string> = {}) {
  const repo = await newRepository({ workTree: true, config: new Map(Object.entries(config)) })
  const { root } = repo.workTree!
  const add = async (file: string, reading: Reading = {}) => {
    const series = file.replace(/\.(csv|tsv|ndjson|parquet|arrows?)(\.gz|\.zst)?$/i, '')
    const bytes = (await repo.workTree!.stat(file))?.size
    const input = { ...seriesFileInput(repo, { file }, { bytes }), reading }
    return (await addFiles(repo, [{ series, file, input }])).series[0]!
  }
  const save = async (seconds: number) =>
    commit(repo, { author: ann(seconds), committer: ann(seconds), message: `at ${seconds}\n` })
  return { repo, root, add, save, at: (file: string) => join(root, file) }
}

/** A repository with x.ENDING, which holds the rows of TEXT, as the file of the series x. */
async function withFile(ending: string) {
  const set = await setUp()
  writeFileSync(set.at(`x.${ending}`), await bytesAs(`x.${ending}`))
  await set.add(`x.${ending}`)
  return set
}

/** The rows of TEXT in the format of a file's name. */
async function bytesAs(name: string): Promise<Uint8Array> {
  const schema = parseSchemaText('t:int64 v:float64')
  const rows = [
    [1n, 0.5],
    [2n, null],
    [3n, -2.25],
  ]
  const format = await openFormat(formatOf({ name }))
  const delimiter = name.includes('.tsv') ? '\t' : undefined
  const plain = format.write(schema, [frameFromRows(schema, rows)], { delimiter })
  const packing = packingOfName(name)
  const pieces: Uint8Array[] = []
  for await (const piece of packing ? compress(plain, packing) : plain) pieces.push(piece)
  return Buffer.concat(pieces)
}

const stateOf = async (repo: Repository) => {
  const { unstaged, untracked } = await status(repo)
  return [...unstaged.map(({ file, state }) => `${state} ${file}`), ...untracked]
}

const files = (root: string) => readdirSync(root).filter((name) => name !== '.varve')

const touch = (path: string) => utimesSync(path, 1, 1)
const ENDINGS = ['csv', 'tsv', 'csv.gz', 'tsv.zst', 'CSV', 'ndjson', 'parquet', 'arrow', 'arrows']

describe.each(ENDINGS)('a file x.%s in the work tree', (ending) => {
  const file = `x.${ending}`

  it('is the series x, and clean however often it is looked at', async () => {
    const { repo, at } = await withFile(ending)
    expect(await staged(repo, 'x')).toBe(TEXT)
    expect(await stateOf(repo)).toEqual([])
    touch(at(file))
    expect(await stateOf(repo)).toEqual([])
  })

  it('is rewritten in its format by a command that changes the series', async () => {
    const { repo, at, add } = await withFile(ending)
    await writeSeries(repo, { series: 'x', input: pipe('t,v\n3,7\n4,8\n') })
    expect(await stateOf(repo)).toEqual([])
    touch(at(file))
    expect(await stateOf(repo)).toEqual([])
    expect(await add(file)).toMatchObject({ state: 'unchanged', rows: 4 })
    if (ending === 'tsv') expect(readFileSync(at(file), 'utf8')).toMatch('t\tv\n1\t0.5\n')
    if (ending === 'csv.gz') {
      expect(gunzipSync(readFileSync(at(file))).toString()).toMatch('t,v\n1,0.5\n')
    }
  })

  it('keeps its format when it is changed by hand, restored, moved, and switched', async () => {
    const { repo, at, save } = await withFile(ending)
    await save(10)
    const before = readFileSync(at(file))
    rmSync(at(file))
    expect(await stateOf(repo)).toEqual([`missing ${file}`])
    await restore(repo, { series: [file], who: ann(20) })
    expect(readFileSync(at(file)).equals(before)).toBe(true)

    await switchBranch(repo, { create: 'other', who: ann(30) })
    await writeSeries(repo, { series: 'x', input: pipe('t,v\n9,9\n') })
    await save(40)
    const after = readFileSync(at(file))
    await switchBranch(repo, { target: 'main', who: ann(50) })
    expect(readFileSync(at(file)).equals(before)).toBe(true)
    await switchBranch(repo, { target: 'other', who: ann(60) })
    expect(readFileSync(at(file)).equals(after)).toBe(true)

    await moveSeries(repo, { from: 'x', to: 'y/z' })
    expect([existsSync(at(file)), readFileSync(at(`y/z.${ending}`)).equals(after)]).toEqual([
      false,
      true,
    ])
    expect(await stateOf(repo)).toEqual([])
    await removeSeries(repo, { names: ['y/z'], force: true })
    expect(existsSync(at(`y/z.${ending}`))).toBe(false)
  })

  it('keeps its format when a checkout removes it and brings it back', async () => {
    const { repo, at, root, add, save } = await setUp()
    writeFileSync(at('first.csv'), TEXT)
    await add('first.csv')
    await save(10)
    await switchBranch(repo, { create: 'other', who: ann(20) })
    writeFileSync(at(file), await bytesAs(file))
    await add(file)
    await save(30)
    const before = readFileSync(at(file))
    await switchBranch(repo, { target: 'main', who: ann(40) })
    expect(files(root)).toEqual(['first.csv'])
    await switchBranch(repo, { target: 'other', who: ann(50) })
    expect(files(root)).toEqual(['first.csv', file])
    expect(readFileSync(at(file)).equals(before)).toBe(true)

    await removeSeries(repo, { names: ['x'] })
    await restore(repo, { series: ['x'], source: 'HEAD', who: ann(60) })
    expect(files(root)).toEqual(['first.csv', file])
    expect(await stateOf(repo)).toEqual([])
  })

  it('is the only file of its series after a move was taken back, and that again', async () => {
    const { repo, root, save } = await withFile(ending)
    await save(10)
    await moveSeries(repo, { from: 'x', to: 'y' })
    await restore(repo, { series: ['.'], staged: true, who: ann(20) })
    await undo(repo, { who: ann(30) })
    expect(files(root)).toEqual([`y.${ending}`])
    expect(await stateOf(repo)).toEqual([])
  })
})

describe('files of two formats', () => {
  it('cannot be one series', async () => {
    const { repo, at, add } = await withFile('parquet')
    writeFileSync(at('x.csv'), TEXT)
    await expect(add('x.csv')).rejects.toMatchObject({
      code: 'refused',
      data: { files: ['x.parquet', 'x.csv'] },
    })
    expect(await stateOf(repo)).toEqual(['x.csv'])
    rmSync(at('x.parquet'))
    expect(await add('x.csv')).toMatchObject({ state: 'unchanged' })
    expect((await readIndex(repo)).state.files.get('x')?.file).toBe('x.csv')
  })

  it('of a series without a file, the one that is configured is made', async () => {
    const { repo, at } = await setUp({ 'checkout.format': 'parquet' })
    await writeSeries(repo, { series: 'n', input: pipe(TEXT), create: true })
    await materialiseFiles(repo, { series: ['n'] })
    expect(existsSync(at('n.parquet'))).toBe(true)
    expect(await stateOf(repo)).toEqual([])
  })
})

describe('how a file is written down', () => {
  const STRANGE = '# made by hand\n01/02/2026;1,5\n02/02/2026;NA\n'
  const reading: Reading = {
    delimiter: ';',
    header: false,
    decimal: ',',
    skip: 1,
    nulls: ['NA'],
    dateFormat: 'DD/MM/YYYY',
    rename: new Map([['c1', 'day']]),
  }
  const ROWS = 'day,c2\n2026-02-01,1.5\n2026-02-02,\n'

  async function strange() {
    const set = await setUp()
    writeFileSync(set.at('s.csv'), STRANGE)
    await set.add('s.csv', reading)
    return set
  }

  it('is remembered by status and by the next add', async () => {
    const { repo, at, add } = await strange()
    expect(await staged(repo, 's')).toBe(ROWS)
    touch(at('s.csv'))
    expect(await stateOf(repo)).toEqual([])
    writeFileSync(at('s.csv'), `${STRANGE}03/02/2026;2,5\n`)
    expect(await stateOf(repo)).toEqual(['modified s.csv'])
    expect(await add('s.csv')).toMatchObject({ counts: { appended: 1 } })
    expect(await staged(repo, 's')).toBe(`${ROWS}2026-02-03,2.5\n`)
  })

  it('is remembered by a commit of all that changed', async () => {
    const { repo, at } = await strange()
    const request = { author: ann(1), committer: ann(1), message: 'm\n' }
    await commit(repo, request)
    writeFileSync(at('s.csv'), `${STRANGE}03/02/2026;2,5\n`)
    await commit(repo, { ...request, committer: ann(2), all: true })
    expect(await staged(repo, 's')).toBe(`${ROWS}2026-02-03,2.5\n`)
    touch(at('s.csv'))
    expect(await stateOf(repo)).toEqual([])
  })

  it('is as varve writes it once varve has written it', async () => {
    const { repo, at } = await strange()
    await writeSeries(repo, { series: 's', input: pipe('day,c2\n2026-02-03,2.5\n') })
    expect(readFileSync(at('s.csv'), 'utf8')).toBe(`${ROWS}2026-02-03,2.5\n`)
    expect((await readIndex(repo)).state.files.get('s')?.reading).toBeUndefined()
    touch(at('s.csv'))
    expect(await stateOf(repo)).toEqual([])
  })

  it('is what the last add said', async () => {
    const { repo, at, add } = await strange()
    writeFileSync(at('s.csv'), ROWS)
    await add('s.csv', { delimiter: ',' })
    expect((await readIndex(repo)).state.files.get('s')?.reading).toEqual({ delimiter: ',' })
    expect(await stateOf(repo)).toEqual([])
  })

  it('does not matter where the file takes another name', async () => {
    const { repo, at, add } = await strange()
    renameSync(at('s.csv'), at('s.csv.gz'))
    writeFileSync(at('s.csv.gz'), gzipSync(ROWS))
    expect(await add('s.csv.gz')).toMatchObject({ state: 'unchanged' })
    expect((await readIndex(repo)).state.files.get('s')).not.toHaveProperty('reading')
    expect(await stateOf(repo)).toEqual([])
  })
})
