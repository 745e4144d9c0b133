import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let cwd = ''
const run = (args: readonly string[], input?: string, day = 30) => {
  const date = `2026-08-${day}T12:00:00Z`
  const env = { ...someone, VARVE_AUTHOR_DATE: date, VARVE_COMMITTER_DATE: date }
  return varve(args, { cwd, env, ...(input === undefined ? {} : { input }) })
}

async function ok(args: readonly string[], input?: string, day?: number): Promise<string> {
  const { stdout, exitCode } = await run(args, input, day)
  expect(exitCode).toBe(0)
  return stdout
}

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

// Three publications of a price: the second restates a day, the third calls column and series otherwise.
beforeAll(async () => {
  cwd = join(temporaryFolder(), 'prices')
  await varve(['init', cwd], { env: someone })
  const first = 'Date,Price\n2026-08-13,64\n2026-08-17,65.98\n'
  await ok(['write', 'brent', '--create', '--commit', '-m', 'first'], first, 18)
  const second = 'Date,Price\n2026-08-17,66.02\n2026-08-18,66.1\n'
  await ok(['write', 'brent', '--commit', '-m', 'second'], second, 20)
  await ok(['schema', 'rename', 'brent', 'Price', 'close'], undefined, 21)
  await ok(['commit', '-m', 'renamed'], undefined, 21)
  await ok(['mv', 'brent', 'oil/brent'], undefined, 22)
  await ok(['commit', '-m', 'moved'], undefined, 22)
})

describe('blame', () => {
  it('prints runs of rows, through renamed columns and series', async () => {
    const lines = (await ok(['blame', 'oil/brent'])).trimEnd().split('\n')
    expect(lines.map((line) => line.replace(/^\w+ +.*?(2026)/, '$1'))).toEqual([
      '2026-08-18  2026-08-13             1 row   first',
      '2026-08-20  2026-08-17…2026-08-18  2 rows  second',
    ])
    const [one] = jsonLines(await ok(['blame', 'oil/brent', '2026-08-17', '--by-column', '--json']))
    expect(one).toMatchObject({ column: 'close', rows: 1, subject: 'second', series: 'brent' })
    const { exitCode, stderr } = await run(['blame', 'oil/brent', '2026-08-14'])
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 3 })
    expect(stderr).toContain('has no row with the key 2026-08-14')
    for (const command of ['blame', 'history']) {
      const bad = await run([command, 'oil/brent', '2026-13-01'])
      expect(bad).toMatchObject({ exitCode: 4 })
      expect(bad.stderr).toMatch(/^varve: the key: not a date or time: "2026-13-01"$/m)
      const long = await run([command, 'oil/brent', '2026-08-17', '5'])
      expect(long).toMatchObject({ exitCode: 2 })
      expect(long.stderr).toMatch(/^varve: the key takes one value here$/m)
    }
  })

  it('marks what may be older than a shallow history', async () => {
    const folder = temporaryFolder()
    const blamed = async (depth: number) => {
      const clone = join(folder, `${depth}`)
      await ok(['clone', '--quiet', '--depth', `${depth}`, cwd, clone])
      return ok(['-C', clone, 'blame', 'oil/brent'])
    }
    expect(await blamed(4)).not.toContain('^')
    expect(await blamed(3)).toMatch(/^\^[0-9a-f]+ .* 3 rows {2}second\n$/)
    const one = jsonLines(await ok(['-C', join(folder, '3'), 'blame', 'oil/brent', '--json']))
    expect(one).toMatchObject([{ boundary: true, rows: 3, subject: 'second' }])
  })
})

describe('history', () => {
  it('prints what a point was, the latest first', async () => {
    const text = await ok(['history', 'oil/brent', '2026-08-17', '--date', 'short'])
    expect(text.replaceAll(/^\w{7,} /gm, 'ID ')).toBe(
      [
        'ID 2026-08-21 Ada Lovelace  renamed',
        '  as brent',
        '  column Price is close now',
        'ID 2026-08-20 Ada Lovelace  second',
        '  as brent',
        '  revised     Price 65.98 → 66.02 (+0.04, +0.06 %)',
        'ID 2026-08-18 Ada Lovelace  first',
        '  as brent',
        '  appended    Price 65.98',
        '',
      ].join('\n'),
    )
    const lines = jsonLines(
      await ok([
        'history',
        'oil/brent',
        '2026-08',
        '--json',
        '--reverse',
        '-n',
        '2',
        '-c',
        'close',
      ]),
    )
    expect(lines.map(({ change, key }) => [change, ...(key ?? [])])).toEqual([
      ['revised', '2026-08-17'],
      ['appended', '2026-08-18'],
      ['schema'],
    ])
    const { exitCode, stderr } = await run(['history', 'oil/brent', '2026-08-14'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('hint: the nearest: 2026-08-13 and 2026-08-17')
  })
})

describe('what was known when', () => {
  it('is read as long rows', async () => {
    expect(await ok(['read', 'oil/brent', '--all-vintages', '--from', '2026-08-17'])).toBe(
      [
        'Date,close,known_from,known_to',
        '2026-08-17,65.98,2026-08-18T12:00:00Z,2026-08-20T12:00:00Z',
        '2026-08-17,66.02,2026-08-20T12:00:00Z,',
        '2026-08-18,66.1,2026-08-20T12:00:00Z,',
        '',
      ].join('\n'),
    )
    const until = ['--all-vintages', '--until', '2026-08-19', '--json']
    expect(jsonLines(await ok(['read', 'oil/brent', ...until]))).toHaveLength(2)
  })

  it('is shown as a matrix', async () => {
    const args = ['vintages', 'oil/brent', '--every', '1d', '--from', '2026-08-17']
    expect(await ok([...args, '--until', '2026-08-20', '--format', 'csv'])).toBe(
      [
        'Date,2026-08-18,2026-08-19,2026-08-20',
        '2026-08-17,65.98,65.98,66.02',
        '2026-08-18,,,66.1',
        '',
      ].join('\n'),
    )
    const [names] = (await ok(['vintages', 'oil/brent', '--last', '2'])).split('\n')
    expect(names).toBe('Date        2026-08-20T12:00:00Z  2026-08-21T12:00:00Z')
  })

  it('is read with a lag, or as it was first', async () => {
    const lag = ['read', 'oil/brent', '--lag', '2d', '--before-history', 'null']
    const late = await run(lag)
    expect(late.stdout).toBe('Date,close\n2026-08-13,\n2026-08-17,65.98\n2026-08-18,66.1\n')
    expect(late.stderr).toContain('1 row is older than the history')
    const first = await run(['read', 'oil/brent', '--first-print'])
    expect(first.exitCode).toBe(3)
    expect(first.stderr).toContain('2 rows are older than the history that holds them')
    expect(first.stderr).toContain('hint: --before-history drop')
    const used = await ok(['read', 'oil/brent', '--first-print', '--before-history', 'use'])
    expect(used).toBe('Date,close\n2026-08-13,64\n2026-08-17,65.98\n2026-08-18,66.1\n')
  })

  it('is asked for in ways that go together', async () => {
    for (const args of [
      ['read', 'oil/brent', '--lag', '2m'],
      ['read', 'oil/brent', '--since', '2026'],
      ['read', 'oil/brent', '--before-history', 'drop'],
      ['read', 'oil/', '--all-vintages'],
      ['read', 'oil/brent', '--first-print', '--lag', '2d'],
      ['blame', 'oil/brent', '2026-08-17', '--from', '2026'],
      ['vintages', 'oil/brent', '--every', '0d'],
    ]) {
      expect((await run(args)).exitCode).toBe(2)
    }
  })
})
