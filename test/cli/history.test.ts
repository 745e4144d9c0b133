import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let cwd = ''
const at = (seconds: number) => ({
  ...someone,
  VARVE_AUTHOR_DATE: `@${seconds} +0200`,
  VARVE_COMMITTER_DATE: `@${seconds} +0200`,
})
const run = (args: readonly string[], input?: string, seconds = 1_700_000_000) =>
  varve(args, { cwd, env: at(seconds), ...(input === undefined ? {} : { input }) })

async function ok(args: readonly string[], input?: string, seconds?: number): Promise<string> {
  const { stdout, stderr, exitCode } = await run(args, input, seconds)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

const jsonLines = async (args: readonly string[]) =>
  (await ok(args))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

// A first commit, a second one that restates history, and something pending of each kind.
beforeAll(async () => {
  cwd = join(temporaryFolder(), 'prices')
  await varve(['init', cwd], { env: someone })
  await writeFile(join(cwd, 'brent.csv'), 'Date,Price\n2026-08-13,64\n2026-08-17,65.98\n')
  await writeFile(join(cwd, 'wti.csv'), 'Date,Price\n2026-08-17,60\n')
  await ok(['add', '.'])
  await ok(['commit', '-m', 'EIA, 21 August', '-m', 'Both series.'])
  await ok(['write', 'brent'], 'Date,Price\n2026-08-14,65\n2026-08-17,66.02\n2026-08-18,66.1\n')
  await ok(['commit', '-m', 'correction'], undefined, 1_700_086_400)
  await ok(['write', 'wti'], 'Date,Price\n2026-08-17,61.5\n')
  await writeFile(join(cwd, 'brent.csv'), 'Date,Price\n2026-08-14,65\n2026-08-17,66.02\n')
  await writeFile(join(cwd, 'new.csv'), 'k\n1\n')
})

describe('varve status', () => {
  it('reads like git', async () => {
    expect(await ok(['status'])).toBe(
      [
        'On branch main',
        '',
        'Changes to be committed:',
        '  (use "varve restore --staged <series>..." to unstage)',
        '\tmodified:  wti  +0 ~1 -0',
        '',
        'Changes not staged for commit:',
        '  (use "varve add <file>..." to update what will be committed)',
        '  (use "varve restore <file>..." to bring a file back as it was)',
        '\tmodified:  brent.csv  +0 ~0 -2',
        '',
        'Untracked files:',
        '  (use "varve add <file>..." to include in what will be committed)',
        '\tnew.csv',
        '',
      ].join('\n'),
    )
  })

  it('has short forms and JSON', async () => {
    const short = ' M brent\nM  wti\n?? new.csv\n'
    expect(await ok(['status', '-sb'])).toBe(`## main\n${short}`)
    expect(await ok(['status', '--porcelain'])).toBe(short)
    expect(await ok(['status', '-s', '-uno'])).toBe(' M brent\nM  wti\n')
    expect(JSON.parse(await ok(['status', '--json']))).toMatchObject({
      branch: 'refs/heads/main',
      bare: false,
      staged: [{ series: 'wti', state: 'changed', revised: 1, firstKey: ['2026-08-17'] }],
      unstaged: [{ series: 'brent', state: 'modified', change: { deleted: 2 } }],
      untracked: ['new.csv'],
    })
  })

  it('says where there is nothing, or no work tree', async () => {
    const folder = temporaryFolder()
    await varve(['init', 'a'], { cwd: folder, env: someone })
    const empty = await varve(['status'], { cwd: join(folder, 'a') })
    expect(empty.stdout).toMatch(/^On branch main\n\nNo commits yet\n\nnothing to commit \(use /)
    await varve(['init', '--bare', 'b.varve'], { cwd: folder, env: someone })
    const bare = await varve(['-R', 'b.varve', 'status'], { cwd: folder })
    expect(bare.stdout).toMatch(/^On branch main\n\nNo commits yet\n\nno work tree here/)
  })
})

describe('varve diff', () => {
  it('shows rows', async () => {
    expect(await ok(['diff', 'HEAD~1', 'HEAD'])).toBe(
      [
        'brent  +1/1 ~1 -0',
        '  backfilled  2026-08-14  Price 65',
        '  revised     2026-08-17  Price 65.98 → 66.02 (+0.04, +0.06 %)',
        '  appended    2026-08-18  Price 66.1',
        '',
      ].join('\n'),
    )
    expect(await ok(['diff'])).toBe(
      [
        'brent  +0 ~0 -2',
        '  deleted     2026-08-13  Price 64',
        '  deleted     2026-08-18  Price 66.1',
        'wti  +0 ~1 -0',
        '  revised     2026-08-17  Price 60 → 61.5 (+1.5, +2.50 %)',
        '',
      ].join('\n'),
    )
    expect(await ok(['diff', '--staged', '--name-only'])).toBe('wti\n')
    expect(await ok(['diff', '--cached', '--name-status'])).toBe('M\twti\n')
    expect(await ok(['diff', '--unstaged', '--name-only'])).toBe('brent\n')
    expect(await ok(['diff', 'brent', '--name-only'])).toBe('brent\n')
    expect(await ok(['diff', 'HEAD~1', '--', 'wti'])).toMatch(/^wti {2}\+0 ~1 -0\n/)
  })

  it('narrows to keys and columns', async () => {
    const rows = async (...args: string[]) =>
      (await jsonLines(['diff', 'HEAD~1..HEAD', '--json', ...args]))
        .slice(1)
        .map(({ key }) => key[0])
    expect(await rows('--from', '2026-08-17')).toEqual(['2026-08-17', '2026-08-18'])
    expect(await rows('--to', '2026-08-17')).toEqual(['2026-08-14', '2026-08-17'])
    expect(await rows('--at', '2026-08-18')).toEqual(['2026-08-18'])
    expect(await rows('-c', 'Price')).toHaveLength(3)
    const unknown = await run(['diff', 'HEAD~1', 'HEAD', '--columns', 'Prize'])
    expect(unknown).toMatchObject({ exitCode: 3, stdout: '' })
    expect(unknown.stderr).toMatch('did you mean Price?')
  })

  it('has numbers, a table and JSON', async () => {
    expect(await ok(['diff', 'HEAD~1', 'HEAD', '--stat'])).toBe(
      [
        ' brent | +1/1 ~1 -0  2026-08-14…2026-08-18  Price 65.98 → 66.02 (+0.04, +0.06 %)',
        ' 1 series changed, +1/1 ~1 -0',
        '',
      ].join('\n'),
    )
    expect(await ok(['diff', 'HEAD~1', 'HEAD', '--csv'])).toBe(
      [
        'series,change,key,column,old,new',
        'brent,backfilled,2026-08-14,Price,,65',
        'brent,revised,2026-08-17,Price,65.98,66.02',
        'brent,appended,2026-08-18,Price,,66.1',
        '',
      ].join('\n'),
    )
    expect(await jsonLines(['diff', 'HEAD~1', 'HEAD', '--json'])).toEqual([
      { series: 'brent', change: 'changed' },
      { series: 'brent', change: 'backfilled', key: ['2026-08-14'], new: { Price: 65 } },
      {
        series: 'brent',
        change: 'revised',
        key: ['2026-08-17'],
        old: { Price: 65.98 },
        new: { Price: 66.02 },
      },
      { series: 'brent', change: 'appended', key: ['2026-08-18'], new: { Price: 66.1 } },
    ])
    const [stat, total] = await jsonLines(['diff', 'HEAD~1', 'HEAD', '--stat', '--json'])
    expect(stat).toMatchObject({ series: 'brent', largest: { key: ['2026-08-17'] } })
    expect(total).toEqual({
      total: { series: 1, appended: 1, backfilled: 1, revised: 1, deleted: 0 },
    })
  })

  it('answers with its exit code', async () => {
    expect((await run(['diff', '--exit-code', '--name-only'])).exitCode).toBe(1)
    expect(await run(['diff', '-q'])).toEqual({ stdout: '', stderr: '', exitCode: 1 })
    expect(await run(['diff', '-q', 'HEAD', 'HEAD'])).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 0,
    })
    expect((await run(['diff', '--exit-code', '--csv', 'HEAD', 'HEAD'])).exitCode).toBe(0)
    expect((await run(['diff', '--exit-code', '--csv'])).exitCode).toBe(1)
  })

  it('meets a misspelled series with the nearest one', async () => {
    const { stderr, exitCode } = await run(['diff', 'brant'])
    expect({ stderr, exitCode }).toEqual({
      stderr: 'varve: "brant" is neither a revision nor a series\nhint: did you mean brent?\n',
      exitCode: 3,
    })
  })
})

describe('varve log', () => {
  it("has git's layouts", async () => {
    const text = await ok(['log'])
    expect(text.replace(/commit [0-9a-f]{64}/g, 'commit ID')).toBe(
      [
        'commit ID',
        'Author: Ada Lovelace <ada@example.com>',
        'Date:   Thu Nov 16 00:13:20 2023 +0200',
        '',
        '    correction',
        '',
        'commit ID',
        'Author: Ada Lovelace <ada@example.com>',
        'Date:   Wed Nov 15 00:13:20 2023 +0200',
        '',
        '    EIA, 21 August',
        '',
        '    Both series.',
        '',
      ].join('\n'),
    )
    const stat = await ok(['log', '--oneline', '--stat', '--decorate'])
    expect(stat.replace(/^[0-9a-f]{7} /gm, 'ID ')).toBe(
      [
        'ID (HEAD -> main) correction',
        ' brent | +1/1 ~1 -0  2026-08-14…2026-08-18',
        ' 1 series changed, +1/1 ~1 -0',
        'ID EIA, 21 August',
        ' brent | new +2 ~0 -0  2026-08-13…2026-08-17',
        ' wti   | new +1 ~0 -0  2026-08-17',
        ' 2 series changed, +3 ~0 -0',
        '',
      ].join('\n'),
    )
    expect(await ok(['log', '--format=%an|%ae|%as|%s|%b|%d%n%%', '-1'])).toBe(
      'Ada Lovelace|ada@example.com|2023-11-16|correction|| (HEAD -> main)\n%\n',
    )
    expect(await ok(['log', '--format=%ad %p %P', '--date=unix', '-1', '--skip=1'])).toBe(
      '1700000000  \n',
    )
    expect(await ok(['log', '--pretty=fuller', '-1'])).toMatch(/^CommitDate: Thu Nov 16/m)
    expect(await run(['log', '--format=%q'])).toMatchObject({ exitCode: 2 })
    expect(await run(['log', '--format=long'])).toMatchObject({ exitCode: 2 })
  })

  it('chooses commits', async () => {
    const subjects = async (...args: string[]) =>
      (await ok(['log', '--format=%s', ...args])).split('\n').slice(0, -1)
    expect(await subjects('-1')).toEqual(['correction'])
    expect(await subjects('-n', '1', '--skip', '1')).toEqual(['EIA, 21 August'])
    expect(await subjects('--reverse')).toEqual(['EIA, 21 August', 'correction'])
    expect(await subjects('wti')).toEqual(['EIA, 21 August'])
    expect(await subjects('HEAD~1..', '--', 'brent')).toEqual(['correction'])
    expect(await subjects('--since', '2023-11-15')).toEqual(['correction'])
    expect(await subjects('--until', '2023-11-14')).toEqual(['EIA, 21 August'])
    expect(await subjects('--grep', 'eia')).toEqual([])
    expect(await subjects('--grep', 'eia', '-i')).toEqual(['EIA, 21 August'])
    expect(await subjects('--author', '^Ada.*@example')).toHaveLength(2)
    expect(await subjects('--committer', 'Bob')).toEqual([])
    expect(await subjects('--merges')).toEqual([])
    expect(await subjects('--no-merges', '--first-parent', '--all')).toHaveLength(2)
    expect(await run(['log', '--grep', '('])).toMatchObject({ exitCode: 2 })
  })

  it('prints the bytes that a format asks for', async () => {
    expect(await ok(['log', '-1', '--format=%s%x00'])).toBe('correction\0')
  })

  it('prints a document a commit', async () => {
    const [commit] = await jsonLines(['log', '--json', '--stat', '-1'])
    expect(commit).toMatchObject({
      author: { name: 'Ada Lovelace', date: '2023-11-16T00:13:20+02:00' },
      message: 'correction\n',
      refs: ['HEAD -> main'],
      changes: [{ series: 'brent', appended: 1, backfilled: 1, revised: 1 }],
    })
  })
})

describe('varve show', () => {
  it('shows commits, trees and series', async () => {
    const commit = await ok(['show'])
    expect(commit).toMatch(
      /^commit [0-9a-f]{64}\nAuthor: Ada.*\nDate: .*\n\n {4}correction\n\nbrent {2}\+1/,
    )
    expect(await ok(['show', '--stat', 'HEAD~1'])).toMatch(
      /\n\n brent \| new \+2 ~0 -0 {2}2026-08-13/,
    )
    const id = (await ok(['rev-parse', '--short', 'HEAD~1'])).trim()
    const subject = (await ok(['log', '-n', '1', '--format=%s', 'HEAD~1'])).trim()
    expect(await ok(['show', '--oneline', '-s', 'HEAD~1'])).toBe(`${id} ${subject}\n`)
    const names = `${id} ${subject}\nbrent\nwti\n`
    expect(await ok(['show', '--oneline', '--name-only', 'HEAD~1'])).toBe(names)
    expect(await ok(['log', '--oneline', '--name-only', '-n', '1', 'HEAD~1'])).toBe(names)
    expect(await ok(['show', '-s'])).toBe(commit.slice(0, commit.indexOf('\n\nbrent') + 1))
    expect(await ok(['show', 'HEAD~1:'])).toBe('tree HEAD~1:\n\nbrent\nwti\n')
    expect((await ok(['show', 'HEAD~1:brent'])).replace(/[0-9a-f]{64}/, 'ID')).toBe(
      [
        'series HEAD~1:brent',
        'Id:      ID',
        'Columns: Date:date Price:float64, index Date',
        'Rows:    2',
        'First:   2026-08-13',
        'Last:    2026-08-17',
        '',
      ].join('\n'),
    )
    expect(await ok(['show', 'HEAD:wti', 'HEAD^{tree}'])).toMatch(/\nLast: .*\n\ntree HEAD/)
    expect(await jsonLines(['show', '--json', 'HEAD:wti'])).toMatchObject([
      { kind: 'series', rows: 1, first: ['2026-08-17'] },
    ])
    expect(await jsonLines(['show', '--json'])).toHaveLength(5)
  })
})

describe('files that are not as they should be', () => {
  it('are told by status and diff, which then go on', async () => {
    await writeFile(join(cwd, 'brent.csv'), 'Date,Price\n2026-02-30,1\n')
    rmSync(join(cwd, 'wti.csv'))
    const status = await ok(['status'])
    expect(status).toMatch(/\tunreadable: {2}brent\.csv:2:1: .*\n\tmissing: {5}wti\.csv\n/)
    expect(await ok(['diff', '--unstaged'])).toMatch(
      /^unreadable {2}brent\.csv:2:1: .*\nwti\.csv {2}missing\n$/,
    )
    expect(await ok(['status', '-s', '-uno'])).toBe(' M brent\nMD wti\n')
    expect(await ok(['diff', '--unstaged', '--name-status'])).toBe('M\tbrent\nD\twti\n')
  })
})
