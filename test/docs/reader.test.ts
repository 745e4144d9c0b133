import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { addFiles } from '../../src/porcelain/add-files.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import { ann } from '../support/repositories.ts'
import { table } from '../support/tables.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { Reader, readRefs } from './reader.ts'

async function newFolder(): Promise<{ folder: string; repo: Repository }> {
  const folder = join(temporaryFolder(), 'r.varve')
  mkdirSync(folder, { recursive: true })
  await initRepositoryFolder(folder)
  const { repo } = await initRepository({ storage: openFileSystemStorage(folder), who: ann(0) })
  return { folder, repo }
}

async function write(repo: Repository, series: string, text: string, schema?: string) {
  const commit = { author: ann(0), committer: ann(0), message: `${series}\n` }
  const options = schema === undefined ? {} : { schema }
  return writeSeries(repo, { series, input: table(text), create: true, commit, ...options })
}

/** The rows of a series at a commit, as an independent reader finds them; names of columns first. */
function rowsIn(folder: string, path: string, back = 0): unknown[][] {
  const reader = new Reader(folder)
  let id = reader.refs.get('refs/heads/main')!
  for (let i = 0; i < back; i++) [id] = reader.commit(id).parents as [string]
  const found = new Map(reader.series(reader.commit(id).tree)).get(path)!
  return [...reader.rows(found)]
}

describe('a reader written from docs/format alone', () => {
  it('reads every type, nulls, and what was there before', async () => {
    const { folder, repo } = await newFolder()
    const schema =
      't:timestamp_ns b:bool i8:int8 i64:int64 u16:uint16 u64:uint64 f:float32 d:float64 day:date ' +
      's:string x:binary j:json none:null'
    const header = 't,b,i8,i64,u16,u64,f,d,day,s,x,j,none\n'
    const full = '1970-01-01T00:00:01.000000002Z,true,-3,-9007199254740993,65535,'
    const rest = '18446744073709551615,0.5,-0,2026-08-17,"😀,\n",AP8=,"{""a"":1}",\n'
    await write(repo, 'all/types', `${header}${full}${rest}`, schema)
    await write(repo, 'all/types', `${header}1969-12-31T23:59:59Z,,,,,,,NaN,,"",,,\n`)
    const names = header.trim().split(',')
    const one = [1_000_000_002n, true, -3, -9007199254740993n, 65_535, 2n ** 64n - 1n, 0.5, -0]
    const values = [...one, 20_682, '😀,\n', Buffer.of(0, 255), '{"a":1}', null]
    const nulls = [null, null, null, null, null, null]
    const early = [-1_000_000_000n, ...nulls, Number.NaN, null, '', null, null, null]
    expect(rowsIn(folder, 'all/types')).toEqual([names, early, values])
    expect(rowsIn(folder, 'all/types', 1)).toEqual([names, values])
  })

  it('reads several segments and chunks', async () => {
    const { folder, repo } = await newFolder()
    const long = 'x'.repeat(400)
    const rows = Array.from({ length: 50_000 }, (_, i) => [BigInt(i), `${i}${long}`])
    await write(repo, 'long', `n,s\n${rows.map((row) => row.join(',')).join('\n')}\n`)
    const [names, ...found] = rowsIn(folder, 'long')
    expect(names).toEqual(['n', 's'])
    expect(found.length).toBe(rows.length)
    expect(found.every(([n, s], i) => n === rows[i]![0] && s === rows[i]![1])).toBe(true)
  })

  it('reads more columns than stand in a segment', async () => {
    const { folder, repo } = await newFolder()
    const names = Array.from({ length: 4_200 }, (_, i) => `c${i}`)
    const text = `${names.join(',')}\n${names.map((_, i) => i).join(',')}\n`
    await write(repo, 'wide', text)
    const [found, row] = rowsIn(folder, 'wide')
    expect(found).toEqual(names)
    expect(row!.map(Number)).toEqual(names.map((_, i) => i))
  })

  it('reads trees of several levels', async () => {
    const { folder, repo } = await newFolder()
    const names = Array.from({ length: 300 }, (_, i) => `many/s${i}`)
    const files = names.map((series, i) => ({ series, input: table(`n,v\n1,${i}\n`) }))
    await addFiles(repo, files, { commit: { author: ann(0), committer: ann(0) } })
    const reader = new Reader(folder)
    const { tree } = reader.commit(reader.refs.get('refs/heads/main')!)
    expect([...reader.series(tree)].map(([path]) => path)).toEqual([...names].sort())
  })

  it('reads refs from a checkpoint and the entries after it', async () => {
    const { folder, repo } = await newFolder()
    await write(repo, 's', 'n,v\n1,1\n')
    const id = (await repo.refs.state()).refs.get('refs/heads/main')!
    for (let i = 0; i < 130; i++) {
      const updates = [{ name: `refs/tags/t${i}`, old: undefined, new: id }]
      await repo.refs.append({ updates, who: ann(i), message: 'tag', packs: [] })
    }
    const state = await repo.refs.state()
    expect(readRefs(folder)).toEqual({ refs: new Map(state.refs), packs: new Set(state.packs) })
    expect(rowsIn(folder, 's')).toHaveLength(2)
  })

  it('imports nothing of varve', () => {
    for (const name of ['reader.ts', 'encoding-reader.ts', 'delta-reader.ts']) {
      const text = readFileSync(join(import.meta.dirname, name), 'utf8')
      expect(text.replaceAll(/'\.\/(encoding|delta)-reader\.ts'/g, '')).not.toMatch(/from '\.\.?\//)
    }
  })
})
