import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type RunOptions, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const PRICES = 'Date,Price\n2026-08-14,65.5\n2026-08-17,65.98\n'

let parent = ''
let cwd = ''
const run = (args: readonly string[], input?: string, options: RunOptions = {}) =>
  varve(args, { cwd, env: someone, ...(input === undefined ? {} : { input }), ...options })

async function ok(args: readonly string[], input?: string): Promise<string> {
  const { stdout, stderr, exitCode } = await run(args, input)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

beforeEach(async () => {
  parent = temporaryFolder()
  cwd = join(parent, 'prices')
  await varve(['init', 'prices'], { cwd: parent, env: someone })
  await writeFile(join(parent, 'brent-daily.csv'), PRICES)
})

describe('varve add', () => {
  it('says schema, rows, first and last key', async () => {
    expect(await ok(['add', '../brent-daily.csv'])).toBe(
      [
        'brent-daily: new, 2 rows, 2026-08-14 to 2026-08-17',
        '  Date:date Price:float64, index Date',
        '',
      ].join('\n'),
    )
    expect(await ok(['add', '../brent-daily.csv'])).toBe('brent-daily: unchanged\n')
    expect(existsSync(join(cwd, 'brent-daily.csv'))).toBe(false)
  })

  it('counts empty rows and tells new columns', async () => {
    await ok(['add', '../brent-daily.csv'])
    await writeFile(join(parent, 'next.csv'), 'Date,Price,Note\n2026-08-14,65.5,a\n,,\n')
    const args = ['add', '../next.csv', '--as', 'brent-daily']
    expect(await ok(args)).toBe(
      'brent-daily: +0 ~1 -1\n  new column Note:string\n  1 empty row skipped\n',
    )
  })

  it('puts a folder into a collection', async () => {
    await mkdir(join(parent, 'export/daily'), { recursive: true })
    for (const name of ['a', 'daily/b']) await writeFile(join(parent, `export/${name}.csv`), PRICES)
    const out = await ok(['add', '../export', '--as', 'oil/', '--json'])
    const names = JSON.parse(out).series.map(({ series }: { series: string }) => series)
    expect(names).toEqual(['oil/a', 'oil/daily/b'])
    const one = await run(['add', '../export', '--as', 'oil'])
    expect(one).toMatchObject({ exitCode: 2, stdout: '' })
    expect(one.stderr).toMatch('--as oil/ puts them into a collection')
  })

  it('takes the options that say what a series is', async () => {
    const table = 't,sym,v\n1,a,1\n1,a,2\n'
    await writeFile(join(parent, 't.csv'), table)
    const out = await ok([
      ...['add', '../t.csv', '--index', 't,sym', '--duplicates'],
      ...['--type', 'v:int8', '--type', 't:timestamp_s'],
    ])
    expect(out).toMatch('  t:timestamp_s sym:string v:int8, index t, sym, duplicates allowed\n')
    const schema = ['--schema', 'sym:string v:int16 t:int64', '--index', 't', '--duplicates']
    expect(await ok(['add', '../t.csv', '--as', 'u', ...schema, '-n'])).toBe(
      [
        'u: new, 2 rows, 1 to 1',
        '  t:int64 sym:string v:int16, index t, duplicates allowed',
        'nothing was changed: this was a dry run',
        '',
      ].join('\n'),
    )
  })

  it('refuses a file that is much shorter', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => `${n},${n}\n`)
    await writeFile(join(parent, 's.csv'), `k,v\n${rows.join('')}`)
    await ok(['add', '../s.csv'])
    await writeFile(join(parent, 's.csv'), `k,v\n${rows.slice(20).join('')}`)
    const { exitCode, stderr } = await run(['add', '../s.csv'])
    expect(exitCode).toBe(6)
    expect(stderr).toBe(
      [
        'varve: 20 of the 40 rows of s would vanish',
        'hint: varve write s lays the rows over what is there; --allow-deletes makes the series equal to the file',
        '',
      ].join('\n'),
    )
    expect(await ok(['add', '../s.csv', '--allow-deletes'])).toBe('s: +0 ~0 -20\n')
  })

  it('says where a file is wrong', async () => {
    await writeFile(join(parent, 'bad.csv'), 'Date,Price\n2026-08-14,65.5\n2026-08-17\n')
    expect(await run(['add', '../bad.csv'])).toEqual({
      stdout: '',
      stderr: 'varve: ../bad.csv:3:11: expected 2 cells, found 1\n',
      exitCode: 4,
    })
  })

  it('notes files that are gone', async () => {
    await writeFile(join(cwd, 'a.csv'), PRICES)
    await writeFile(join(cwd, 'b.csv'), PRICES)
    await ok(['add', '.'])
    const { unlink } = await import('node:fs/promises')
    await unlink(join(cwd, 'a.csv'))
    const { stdout, stderr } = await run(['add', '.'])
    expect(stdout).toBe('b: unchanged\n')
    expect(stderr).toBe('varve: a.csv is gone; varve rm a removes the series\n')
  })
})

describe('varve write', () => {
  beforeEach(() => ok(['add', '../brent-daily.csv']))

  it('lays rows over a series', async () => {
    const row = 'Date,Price\n2026-08-17,66.02\n'
    expect(await ok(['write', 'brent-daily'], row)).toBe('brent-daily: +0 ~1 -0\n')
    expect(await ok(['write', 'brent-daily'], row)).toBe('brent-daily: unchanged\n')
    expect(await ok(['write', 'brent-daily', '../brent-daily.csv', '-n'])).toBe(
      'brent-daily: +0 ~1 -0\nnothing was changed: this was a dry run\n',
    )
  })

  it('knows the nearest name', async () => {
    const { stderr, exitCode } = await run(['write', 'brent-dialy'], PRICES)
    expect(exitCode).toBe(3)
    expect(stderr).toBe(
      [
        'varve: there is no series "brent-dialy"',
        'hint: did you mean brent-daily? varve write brent-dialy --create makes it',
        '',
      ].join('\n'),
    )
  })

  it('commits its own rows', async () => {
    await ok(['commit', '-m', 'first'])
    await ok(['write', 'kv', '--create'], 'k,v\na,1\n')
    const args = ['write', 'brent-daily', '--commit', '-m', 'mine', '--date', '@1600000000']
    const out = await ok(args, 'Date,Price\n2026-08-18,66\n')
    expect(out).toMatch(/^brent-daily: \+1 ~0 -0\ncommitted as [0-9a-f]{7}\n$/)
    const commit = await ok(['cat-object', 'commit', 'HEAD'])
    expect(commit).toMatch(/author Ada Lovelace <ada@example.com> 1600000000 /)
    expect(commit).toMatch(/\nmine\n/)
    expect(await ok(['ls-tree', 'HEAD'])).not.toMatch('kv')
    expect(await run(['write', 'kv', '-m', 'x'], 'k,v\na,2\n')).toMatchObject({ exitCode: 2 })
  })

  it('commits where there is no work tree', async () => {
    await varve(['init', '--bare', 'other.varve'], { cwd: parent, env: someone })
    const bare = ['-R', '../other.varve']
    const out = await ok([...bare, 'write', 's', '--create', '--commit'], 'k,v\nb,1\na,2\n')
    expect(out).toMatch(/^s: new, 2 rows, a to b\n.*\ncommitted as [0-9a-f]{7}\n$/)
    await ok([...bare, 'write', 's'], 'k,v\na,3\n')
    expect(await ok([...bare, 'cat-object', 'commit', 'HEAD'])).toMatch('s: +0 ~1 -0')
    expect(await ok([...bare, 'read', 's'])).toBe('k,v\na,3\nb,1\n')
  })

  it('takes each mode, --add-column and JSON', async () => {
    const rows = 'Date,Price\n2026-08-13,1\n2026-08-15,2\n'
    const counts = async (...args: string[]) => {
      const out = await ok(['write', 'brent-daily', '-n', '--json', ...args], rows)
      const { appended, backfilled, revised, deleted } = JSON.parse(out).series[0].counts
      return [appended, backfilled, revised, deleted]
    }
    expect(await counts()).toEqual([0, 2, 0, 0])
    expect(await counts('--mode', 'replace-range')).toEqual([0, 2, 0, 1])
    expect(await counts('--mode', 'replace')).toEqual([0, 2, 0, 2])
    const append = await run(['write', 'brent-daily', '--mode', 'append', '--json'], rows)
    expect(JSON.parse(append.stderr).error).toMatchObject({ code: 'refused' })
    expect(append.exitCode).toBe(6)
    expect(await ok(['write', 'brent-daily', '--add-column'], 'Date,Volume\n2026-08-17,7\n')).toBe(
      'brent-daily: +0 ~1 -0\n  new column Volume:float64\n',
    )
  })

  it('rewrites a file in the work tree, and refuses one that was changed', async () => {
    const file = join(cwd, 'a.csv')
    await writeFile(file, PRICES)
    await ok(['add', 'a.csv'])
    await ok(['write', 'a'], 'Date,Price\n2026-08-17,66.02\n')
    expect(readFileSync(file, 'utf8')).toBe('Date,Price\n2026-08-14,65.5\n2026-08-17,66.02\n')
    await writeFile(file, PRICES)
    const refused = await run(['write', 'a'], 'Date,Price\n2026-08-17,67\n')
    expect(refused).toMatchObject({ exitCode: 6, stdout: '' })
    expect(refused.stderr).toMatch('changed by hand and not added: a.csv')
    expect(readFileSync(file, 'utf8')).toBe(PRICES)
    expect(await ok(['read', 'a'])).toMatch('66.02')
  })
})

describe('varve delete', () => {
  beforeEach(() => ok(['add', '../brent-daily.csv']))

  it('deletes between bounds', async () => {
    expect(await ok(['delete', 'brent-daily', '--at', '2026-08-16'])).toBe(
      'brent-daily: unchanged\n',
    )
    expect(await ok(['delete', 'brent-daily', '--from', '2026-08-15', '-n'])).toMatch('+0 ~0 -1')
    expect(await ok(['delete', 'brent-daily', '--to', '2026-08-14'])).toBe(
      'brent-daily: +0 ~0 -1\n',
    )
  })

  it('needs a bound', async () => {
    expect(await run(['delete', 'brent-daily'])).toEqual({
      stdout: '',
      stderr: [
        'varve: delete needs a bound: --from, --to or --at',
        'hint: varve rm brent-daily removes the whole series',
        '',
      ].join('\n'),
      exitCode: 2,
    })
  })
})
