import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasTool } from '../support/optional-tool.ts'
import { isolated, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function newRepository() {
  const cwd = join(temporaryFolder(), 'prices')
  await varve(['init', cwd], { env: someone })
  const { VARVE_COMMITTER_DATE: _, VARVE_AUTHOR_DATE: __, ...env } = someone
  const run = (...args: string[]) => varve(args, { cwd, env })
  const fed = (input: string, ...args: string[]) => varve(args, { cwd, env, input })
  return Object.assign(run, { fed })
}

describe.runIf(hasTool('git'))('varve import git', () => {
  it('imports, says what it left out, and what is new', async () => {
    const folder = temporaryFolder()
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x@y', ...args], {
        env: isolated,
      })
    git('init', '--quiet')
    for (const [content, message] of [
      ['t,v\n2020-01-01,1\n', 'one'],
      ['t,v\n2020-01-01,2\n', 'two'],
      ['t,v\n2020-01-01\n', 'bad'],
    ] as const) {
      writeFileSync(join(folder, 'a.csv'), content)
      git('add', '.')
      git('commit', '--quiet', '-m', message)
    }
    const run = await newRepository()

    const first = await run('import', 'git', folder)
    const again = await run('--json', 'import', 'git', folder)
    const log = await run('log', '--oneline')
    const url = await run('import', 'git', 'https://example.org/x.git')
    const none = await run('import', 'git', temporaryFolder())

    expect(first.stdout).toMatch(
      /^2 commits from 3 versions of tables; left out 1 that change no table; main is at [0-9a-f]{7}\n$/,
    )
    expect(first.stderr).toMatch(
      /^varve: [0-9a-f]{10} a\.csv:2: expected 2 cells, found 1.*: the series stays as it was\n$/,
    )
    expect(JSON.parse(again.stdout)).toMatchObject({ read: 0, made: 0, problems: [] })
    expect(log.stdout.split('\n').map((line) => line.slice(8))).toEqual(['two', 'one', ''])
    expect(url).toMatchObject({ exitCode: 2 })
    expect(none).toMatchObject({ exitCode: 3 })
  })
})

describe('varve import vintages and table', () => {
  it('commit publications at their dates', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'p'))
    writeFileSync(join(folder, 'p', 'cpi-2020-02-01.csv'), 'date,v\n2020-01-01,1\n')
    writeFileSync(join(folder, 'p', 'cpi-2020-03-01.csv'), 'date,v\n2020-01-01,2\n')
    writeFileSync(join(folder, 't.csv'), 'date,known,v\n2020-01-01,2020-05-01,3\n')
    const run = await newRepository()

    const vintages = await run('import', 'vintages', join(folder, 'p'))
    const table = await run(
      'import',
      'table',
      join(folder, 't.csv'),
      '--known-at',
      'known',
      '--series',
      'cpi',
      '--json',
    )
    const then = await run('read', 'cpi', '--as-of', '2020-02-15')

    const input = 'date,known,v\n2020-01-01,2020-06-01,4\n'
    const nameless = await run.fed(input, 'import', 'table', '-', '--known-at', 'known')
    const piped = ['import', 'table', '-', '--known-at', 'known', '--series', 'cpi']
    const later = await run.fed(input, ...piped)

    expect(nameless).toMatchObject({ exitCode: 2, stdout: '' })
    expect(later.stdout).toBe('1 publication, 2020-06-01 to 2020-06-01: 1 commit\n')
    expect(vintages.stdout).toBe('2 publications, 2020-02-01 to 2020-03-01: 2 commits\n')
    expect(JSON.parse(table.stdout)).toMatchObject({ publications: [{ at: '2020-05-01' }] })
    expect(then.stdout).toBe('date,v\n2020-01-01,1\n')
  })
})

describe('varve validate', () => {
  it('names what breaks a rule, and a commit is refused for it', async () => {
    const run = await newRepository()
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'a.csv'), 't,v\n2020-01-01,1\n')
    writeFileSync(join(folder, 'b.csv'), 't,v\n2020-01-01,1\n2020-01-02,-1\n')
    await run('add', join(folder, 'a.csv'), '--as', 'a', '--commit')
    await run('schema', 'set', 'a', 'quality={"v":{"range":[0,null]}}', '--commit')

    const fine = await run('validate')
    const refused = await run('add', join(folder, 'b.csv'), '--as', 'a', '--commit')
    await run('add', join(folder, 'b.csv'), '--as', 'a')
    const broken = await run('validate', '--json', 'a')
    const commit = await run('commit')
    const forced = await run('commit', '--no-verify')

    expect(fine).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const text = 'a 2020-01-02: v is -1; range: at least 0'
    expect(refused).toMatchObject({ exitCode: 6, stdout: '' })
    expect(refused.stderr).toContain(`varve: ${text}\n`)
    expect(broken.exitCode).toBe(1)
    expect(JSON.parse(broken.stdout)).toEqual({
      series: 'a',
      column: 'v',
      rule: 'range',
      key: ['2020-01-02'],
      value: '-1',
      limit: 'at least 0',
    })
    expect(commit.stderr).toContain(`varve: it breaks a quality rule: ${text}\n`)
    expect(forced.exitCode).toBe(0)
  })

  it('has rules that merges, picks and reverts are refused for, too, and what concludes them', async () => {
    const run = await newRepository()
    const write = (rows: string, ...args: string[]) =>
      run.fed(`t,v\n${rows}\n`, 'write', 'a', '--commit', ...args)
    await write('2020-01-01,1', '--create')
    await write('2020-01-02,-5', '-m', 'below')
    await write('2020-01-02,5', '-m', 'mended')
    await run('branch', 'side')
    await run('schema', 'set', 'a', 'quality={"v":{"range":[0,null]}}', '--commit')
    await run('switch', 'side')
    await write('2020-01-03,-7', '-m', 'bad')
    await run('switch', 'main')
    const broken = { exitCode: 6, stdout: '' }

    const merged = await run('merge', 'side')
    const picked = await run('cherry-pick', 'side')
    const reverted = await run('revert', 'HEAD~1')
    const before = await run('log', '--oneline')
    const forced = await run('revert', '--no-verify', 'HEAD~1')
    await write('2020-01-03,7')
    const conflict = await run('merge', 'side')
    await run('merge', '--resolve', 'theirs')
    const concluded = await run('merge', '--continue')
    const insisted = await run('merge', '--continue', '--no-verify')

    for (const refused of [merged, picked]) {
      expect(refused).toMatchObject(broken)
      expect(refused.stderr).toContain('a quality rule: a 2020-01-03: v is -7; range: at least 0')
    }
    expect(reverted).toMatchObject(broken)
    expect(reverted.stderr).toContain('a 2020-01-02: v is -5')
    expect(before.stdout.trim().split('\n')).toHaveLength(4)
    expect([forced.exitCode, conflict.exitCode]).toEqual([0, 5])
    expect(concluded).toMatchObject(broken)
    expect(insisted.exitCode).toBe(0)
  })
})
