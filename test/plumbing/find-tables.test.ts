import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { VarveError } from '../../src/core/errors.ts'
import { findTables } from '../../src/plumbing/find-tables.ts'
import { newRepository } from '../support/repositories.ts'
import { materialise, stage } from '../support/staging.ts'
import { temporaryFolder } from '../support/temporary.ts'

function put(root: string, ...files: string[]) {
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), 'k,v\n1,2\n')
  }
}

async function setUp() {
  const repo = await newRepository({ workTree: true })
  const { root } = repo.workTree!
  const find = async (...paths: [given: string, absolute?: string][]) => {
    const given = paths.map(([path, absolute]) => ({
      given: path,
      absolute: absolute ?? join(root, path),
    }))
    return findTables(repo, given)
  }
  const names = async (...paths: [given: string, absolute?: string][]) =>
    (await find(...paths)).tables.map(({ name, series, file }) => [name, series, file])
  const fault = async (...paths: [given: string, absolute?: string][]): Promise<VarveError> => {
    try {
      await find(...paths)
    } catch (error) {
      return error as VarveError
    }
    throw new Error('there was no fault')
  }
  return { repo, root, find, names, fault }
}

describe('findTables', () => {
  it('names files in the work tree by their place', async () => {
    const { root, names } = await setUp()
    put(root, 'a.csv', 'weather/hourly/oslo.csv', 'notes.txt')
    expect(await names(['a.csv'], ['weather/hourly/oslo.csv'], ['notes.txt'])).toEqual([
      ['a.csv', 'a', 'a.csv'],
      ['weather/hourly/oslo.csv', 'weather/hourly/oslo', 'weather/hourly/oslo.csv'],
      ['notes.txt', 'notes', undefined],
    ])
  })

  it('knows a table by any ending, and names none of them in the series', async () => {
    const { root, names } = await setUp()
    const files = ['A.CSV', 'b.tsv', 'c.ndjson', 'd.parquet', 'e.arrow', 'f.csv.gz', 'g.v2.csv']
    put(root, ...files, 'h.txt', 'i.json', 'README.md')
    const series = ['A', 'b', 'c', 'd', 'e', 'f', 'g.v2']
    const found = await names(['.', root])
    expect(found).toEqual(files.map((file, at) => [file, series[at], file]))
    expect(await names(['h.txt'], ['i.json'], ['README.md'])).toEqual([
      ['h.txt', 'h', undefined],
      ['i.json', 'i', undefined],
      ['README.md', 'README', undefined],
    ])
  })

  it('takes the tables in a folder, each once', async () => {
    const { root, names } = await setUp()
    put(root, 'a.csv', 'w/b.csv', 'w/x/c.csv', 'w/notes.txt', '.varve/d.csv')
    expect(await names(['.', root], ['w'], ['a.csv'])).toEqual([
      ['a.csv', 'a', 'a.csv'],
      ['w/b.csv', 'w/b', 'w/b.csv'],
      ['w/x/c.csv', 'w/x/c', 'w/x/c.csv'],
    ])
  })

  it('names files from elsewhere by themselves, and in a folder by their place in it', async () => {
    const { names } = await setUp()
    const other = temporaryFolder()
    put(other, 'brent.v2.csv', 'export/b.csv', 'export/x/c.csv', 'README')
    expect(
      await names(
        ['../brent.v2.csv', join(other, 'brent.v2.csv')],
        ['../README', join(other, 'README')],
        ['../export/', join(other, 'export')],
      ),
    ).toEqual([
      ['../brent.v2.csv', 'brent.v2', undefined],
      ['../README', 'README', undefined],
      ['../export/b.csv', 'b', undefined],
      ['../export/x/c.csv', 'x/c', undefined],
    ])
  })

  it('says what is not there', async () => {
    const { repo, root, find, fault } = await setUp()
    put(root, 'brent.csv', 'empty/notes.txt')
    expect(await fault(['x.csv'])).toMatchObject({ code: 'file-not-found' })
    expect(await fault(['brent'])).toMatchObject({ hint: 'did you mean brent.csv?' })
    expect(await fault(['empty'])).toMatchObject({
      code: 'file-not-found',
      message: 'there are no tables in empty',
    })
    await stage(repo, { gone: [1], 'w/gone': [1], stays: [1] })
    await materialise(repo, 'gone', 'w/gone', 'stays')
    rmSync(join(root, 'gone.csv'))
    expect(await fault(['gone.csv'])).toMatchObject({
      code: 'refused',
      hint: 'varve rm gone removes the series, varve restore gone.csv brings the file back',
    })
    expect((await find(['.', root])).missing).toEqual([{ series: 'gone', file: 'gone.csv' }])
    rmSync(join(root, 'w/gone.csv'))
    put(root, 'w/new.csv')
    expect((await find(['w'])).missing).toEqual([{ series: 'w/gone', file: 'w/gone.csv' }])
  })

  it('reads through a link elsewhere, and what is no file only once', async () => {
    const { find } = await setUp()
    const other = temporaryFolder()
    put(other, 'a.csv')
    symlinkSync(join(other, 'a.csv'), join(other, 'link.csv'))
    const [link, pipe] = (
      await find(['link.csv', join(other, 'link.csv')], ['/dev/null', '/dev/null'])
    ).tables
    expect(link).toMatchObject({ series: 'link', stamp: { size: 8 } })
    expect(pipe).toMatchObject({ series: 'null', stamp: undefined })
  })
})
