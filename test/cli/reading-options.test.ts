import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { compress } from 'zstd-napi'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let cwd = ''
const run = (args: readonly string[], input?: string) =>
  varve(args, { cwd, env: someone, ...(input === undefined ? {} : { input }) })

beforeEach(async () => {
  cwd = temporaryFolder()
  await run(['init', '.'])
})

/** What the series holds that a table makes of what is said about it. */
async function made(input: string, ...said: string[]): Promise<string> {
  const { stderr, exitCode } = await run(['write', 's', '--create', ...said], input)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return (await run(['read', 's'])).stdout
}

describe('what is said about a table', () => {
  it.each([
    [['--no-header'], '2025-01-01,1\n', 'c1,c2\n2025-01-01,1\n'],
    [['--no-header', '--schema', 'day:date n:int8'], '2025-01-01,1\n', 'day,n\n2025-01-01,1\n'],
    [['--header'], '2025,1990\n1,2\n', '2025,1990\n1,2\n'],
    [
      ['--delimiter', '&'],
      'd&v\n2025-01-01&1,2\n',
      'd,v\n2025-01-01,"1,2"\n',
      ['--type', 'v:string'],
    ],
    [['-d', 'tab'], 'd\tv;w\n2025-01-01\t1\n', 'd,"v;w"\n2025-01-01,1\n'],
    [['--decimal', ','], 'd;v\n2025-01-01;1,5\n', 'd,v\n2025-01-01,1.5\n'],
    [['--skip', '2'], 'a title\n"\nd,v\n2025-01-01,1\n', 'd,v\n2025-01-01,1\n'],
    [['--columns', 'v,d', '--index', 'd'], 'x,d,v\n9,2025-01-01,1\n', 'd,v\n2025-01-01,1\n'],
    [['--columns', '"a,b"', '--columns', 'c'], '"a,b",c,d\n1,2,3\n', '"a,b",c\n1,2\n'],
    [['--rename', 'v=w', '--rename', 'd=day'], 'd,v\n2025-01-01,1\n', 'day,w\n2025-01-01,1\n'],
    [
      ['--null', 'NA,-', '--null', '..'],
      'd,u,v,w\n2025-01-01,1,NA,2\n2025-01-02,-,3,..\n',
      'd,u,v,w\n2025-01-01,1,,2\n2025-01-02,,3,\n',
    ],
    [['--null', ''], 'd,v\n2025-01-01,""\n2025-01-02,"1"\n', 'd,v\n2025-01-01,\n2025-01-02,1\n'],
    [['--date-format', 'DD/MM/YYYY'], 'd,v\n03/04/2025,1\n', 'd,v\n2025-04-03,1\n'],
    [['--date-format', 'epoch_ms'], 'd,v\n1755424800000,1\n', 'd,v\n2025-08-17T10:00:00Z,1\n'],
    [['--format', 'csv'], 'd,v\n2025-01-01,1\n', 'd,v\n2025-01-01,1\n'],
  ])('%j', async (said, input, expected, also: string[] = []) => {
    expect(await made(input, ...said, ...also)).toBe(expected)
  })

  it('is said of files, and holds for those that are packed', async () => {
    const text = 'Datum;Wert\n13/04/2025;1,5\n'
    await writeFile(join(cwd, '..', 'a.csv.gz'), gzipSync(text))
    await writeFile(join(cwd, '..', 'b.csv.zst'), compress(Buffer.from(text)))
    const said = ['--as', 'in/', '--decimal', ',', '--rename', 'Wert=v']
    const { stdout, stderr } = await run(['add', '../a.csv.gz', '../b.csv.zst', ...said])
    expect(stdout).toContain('Datum:date v:float64, index Datum')
    expect(stderr).toBe(
      'varve: column "Datum" is read as DD/MM/YYYY\nvarve: column "Datum" is read as DD/MM/YYYY\n',
    )
    expect((await run(['read', 'in/b'])).stdout).toBe('Datum,v\n2025-04-13,1.5\n')
  })

  it('names the file that cannot be unpacked, and changes nothing', async () => {
    await writeFile(join(cwd, '..', 'a.csv.gz'), gzipSync('d,v\n2025-01-01,1\n').subarray(0, 20))
    const { stderr, exitCode } = await run(['add', '../a.csv.gz'])
    expect(stderr).toContain('../a.csv.gz: expected data packed by gzip')
    expect(exitCode).toBe(4)
    expect((await run(['ls'])).stdout).toBe('')
  })

  it('is refused where it means nothing', async () => {
    for (const [said, message] of [
      [['--skip', '-1'], 'not a number of lines'],
      [['--rename', 'a'], 'not a new name'],
      [['--rename', 'a=b', '--rename', 'a=c'], '--rename a is given twice'],
      [['--columns', 'a,,b'], 'names of columns'],
      [['--date-format', 'DD/MM'], 'it has no year'],
      [['--delimiter', '1'], 'not a delimiter'],
      [['--no-header', '--schema', 'v:int8 d:date', '--index', 'd'], 'the index has to come first'],
    ] as const) {
      const { stderr, exitCode } = await run(['write', 's', '--create', ...said], 'a,b\n1,2\n')
      expect(stderr).toContain(message)
      expect(exitCode).toBe(2)
    }
  })

  it('says which dates it cannot tell, with what to add', async () => {
    const { stderr, exitCode } = await run(
      ['write', 's', '--create', '--json'],
      'd,v\n03/04/2025,1\n',
    )
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'bad-input',
        data: { file: '<stdin>', line: 2, column: 1, field: 'd', value: '03/04/2025' },
        hint: '--date-format DD/MM/YYYY or MM/DD/YYYY',
      },
    })
    expect(exitCode).toBe(4)
  })
})

describe('a later table', () => {
  it('has the columns of the series where it has no header', async () => {
    await made('t,v\n2025-01-01,1\n')
    expect((await run(['write', 's', '--no-header'], '2025-01-02,2\n')).stdout).toBe(
      's: +1 ~0 -0\n',
    )
    await writeFile(join(cwd, '..', 's.csv'), '2025-01-01,1\n2025-01-02,2\n2025-01-03,3\n')
    expect((await run(['add', '../s.csv', '--no-header'])).stdout).toBe('s: +1 ~0 -0\n')
    const { stderr } = await run(['add', '../s.csv'])
    expect(stderr).toContain('the first line looks like data')
  })

  it('widens and adds with a word, in whatever layout its dates are', async () => {
    await writeFile(join(cwd, '..', 's.csv'), 'd,v\n2025-01-13,1\n')
    await run(['add', '../s.csv'])
    await writeFile(join(cwd, '..', 's.csv'), 'd,v,w\n13.01.2025,1,a\n13.01.2025 10:00,2,b\n')
    const { stdout } = await run(['add', '../s.csv'])
    expect(stdout).toBe('s: +1 ~1 -0\n  column d: date is timestamp_s now\n  new column w:string\n')
    await writeFile(join(cwd, '..', 's.csv'), 'd,v\n2025-01-13,1\n2025-01-13 10:00,NA\n')
    const missing = await run(['add', '../s.csv'])
    expect(missing.stderr).toContain('--drop-columns')
    const marker = await run(['add', '../s.csv', '--drop-columns'])
    expect(marker.stderr).toContain('../s.csv:3:18: expected float64, found "NA"')
    expect(marker.stderr).toContain('--null NA takes it as no value')
    expect((await run(['add', '../s.csv', '--drop-columns', '--null', 'NA'])).exitCode).toBe(0)
  })
})
