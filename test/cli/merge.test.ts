import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { newWorkTree } from '../support/repository-folder.ts'
import { temporaryFolder } from '../support/temporary.ts'

let root: string

const run = (...args: string[]) => varve(args, { cwd: root, env: someone })

async function ok(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(...args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

const put = (rows: string) => writeFileSync(join(root, 'oil.csv'), `Date,Price\n${rows}`)
const content = () => readFileSync(join(root, 'oil.csv'), 'utf8')

let prepared: string

/** main and other revise the first row differently; other adds a third. */
beforeAll(async () => {
  root = await newWorkTree()
  put('2026-08-14,65.5\n2026-08-17,66\n')
  await ok('add', 'oil.csv')
  await ok('commit', '-m', 'first')
  await ok('switch', '-c', 'other')
  put('2026-08-14,65.7\n2026-08-17,66\n2026-08-18,67\n')
  await ok('commit', '-am', 'theirs')
  await ok('switch', 'main')
  put('2026-08-14,65.6\n2026-08-17,66\n')
  await ok('commit', '-am', 'ours')
  prepared = root
})

beforeEach(() => {
  root = temporaryFolder()
  cpSync(prepared, root, { recursive: true, preserveTimestamps: true })
})

describe('varve merge', () => {
  it('exits with 5 where there are conflicts, and lists them', async () => {
    const merged = await run('merge', 'other')
    expect(merged.exitCode).toBe(5)
    expect(merged.stdout).toContain('CONFLICT  oil  1 conflict')
    expect(merged.stderr).toContain('varve merge --conflicts lists them')
    expect(content()).toBe('Date,Price\n2026-08-14,65.6\n2026-08-17,66\n2026-08-18,67\n')
    expect(await ok('status')).toContain('The merge of other has conflicts to be settled:')
    expect(await ok('merge', '--conflicts')).toBe(
      'series  key         column  base  ours  theirs\noil     2026-08-14  Price   65.5  65.6  65.7\n',
    )
    const csv = await ok('merge', '--conflicts', '--csv')
    expect(csv).toBe(
      'series,key,column,base,ours,theirs,take,value\noil,2026-08-14,Price,65.5,65.6,65.7,,\n',
    )
    expect(JSON.parse(await ok('merge', '--conflicts', '--json'))).toEqual({
      series: 'oil',
      kind: 'cell',
      key: ['2026-08-14'],
      column: 'Price',
      base: '65.5',
      ours: '65.6',
      theirs: '65.7',
    })
    writeFileSync(join(root, 'd.csv'), csv.replace(',,\n', ',,65.65\n'))
    expect(await ok('merge', '--resolve', 'd.csv')).toContain('1 conflict settled, none is left')
    expect(await ok('merge', '--continue', '-m', 'both')).toMatch(/^\[main [0-9a-f]{7}\] both\n/)
    expect(content()).toContain('2026-08-14,65.65\n')
  })

  it('keeps what is added, says what it settles and what a merge that is taken back drops', async () => {
    await run('merge', 'other')
    put('2026-08-14,65.64\n2026-08-17,66\n2026-08-18,67\n')
    expect((await run('merge', '--abort')).stderr).toContain('varve undo')
    expect((await run('add', 'oil.csv')).stderr).toContain('1 conflict of oil settled')
    expect(await ok('status')).toContain('No conflict is left')
    await ok('merge', '--resolve', 'ours')
    expect(content()).toContain('65.64')
    expect(await ok('merge', '--abort')).toContain('dropped: oil\n  (use "varve undo"')
    expect(content()).toContain('65.6\n')
    expect(await ok('undo')).toContain('the merge of other goes on')
    await ok('merge', '--continue')
    expect(content()).toContain('65.64')
  })

  it('takes a merge back', async () => {
    await run('merge', 'other')
    expect((await run('commit')).exitCode).toBe(5)
    expect((await run('switch', 'other')).exitCode).toBe(6)
    expect(await ok('merge', '--abort')).toMatch(/^The merge of other is taken back/)
    expect(content()).toBe('Date,Price\n2026-08-14,65.6\n2026-08-17,66\n')
    expect((await run('merge', '--continue')).exitCode).toBe(6)
  })

  it('makes no conflict of what a strategy or a setting settles', async () => {
    const preview = await run('merge', '--dry-run', 'other')
    expect(preview.exitCode).toBe(1)
    expect(await ok('merge', '--conflicts', 'other')).toContain('65.7')
    const taken = JSON.parse(await ok('merge', '-s', 'theirs', '--json', 'other'))
    expect(taken).toMatchObject({ outcome: 'merged', conflicts: [] })
    expect(content()).toContain('2026-08-14,65.7\n')
    await ok('undo')
    await ok('schema', 'set', 'oil', 'merge={"Price":{"tolerance":0.2}}', '--commit')
    await ok('merge', 'other')
    expect(content()).toContain('2026-08-14,65.6\n')
  })

  it('keeps the settings of both sides where a version of the series is taken', async () => {
    await ok('reset', '--hard', 'HEAD~1')
    await ok('switch', '-C', 'other')
    await ok('switch', 'main')
    await ok('schema', 'rename', 'oil', 'Price', 'ours', '--commit')
    await ok('switch', 'other')
    await ok('schema', 'rename', 'oil', 'Price', 'theirs', '--commit')
    await ok('schema', 'set', 'oil', 'zone=Asia/Tokyo', '--commit')
    await ok('switch', 'main')
    expect((await run('merge', 'other')).stdout).toContain('CONFLICT  oil  1 conflict')
    await ok('merge', '--resolve', 'ours')
    const shown = await ok('schema', 'show', 'oil')
    expect(shown).toMatch(/^ {2}ours /m)
    expect(shown).toContain('zone = "Asia/Tokyo"')
  })

  it('moves on, or not, as told', async () => {
    expect((await run('merge', '--ff-only', 'other')).exitCode).toBe(6)
    await ok('reset', '--hard', 'HEAD~1')
    expect(await ok('merge', 'other', '--dry-run')).toContain('Would update')
    expect(await ok('merge', '--no-ff', '-m', 'kept', 'other')).toContain('kept')
    await ok('reset', '--hard', 'HEAD~1')
    expect(await ok('merge', '--squash', 'other')).toContain('Staged and not committed')
    await ok('merge', '--abort')
    expect(await ok('merge', '--no-ff', '--no-commit', 'other')).toContain('Staged')
    await ok('merge', '--abort')
    expect(await ok('merge', 'other')).toContain('Fast-forward')
    expect(await ok('merge', 'other')).toBe('Already up to date.\n')
  })

  it('stages what a strategy settles, and takes no commit as an option', async () => {
    const staged = await ok('merge', 'other', '-s', 'theirs', '--no-commit')
    expect(staged).toContain('Staged and not committed')
  })

  it.each([
    ['{bad', 'not a rule'],
    ['max', 'not a rule'],
    ['{"Price":"bogus"}', 'not a rule'],
    ['{"Price":{"tolerance":-1}}', 'not a rule'],
    ['{"Prise":"max"}', 'did you mean Price?'],
    ['{"Date":"max"}', 'no value column "Date"'],
  ])('refuses the setting merge=%s, and changes nothing', async (rules, message) => {
    const ran = await run('schema', 'set', 'oil', `merge=${rules}`)
    expect(ran.exitCode).not.toBe(0)
    expect(ran.stderr).toContain(message)
    expect(await ok('status')).toContain('nothing to commit')
  })

  it('and diff say so where a trim has left nothing in common', async () => {
    await ok('trim', '--keep', '1')
    await ok('gc', '--prune=now')
    const diff = await run('diff', 'main...other')
    expect(diff).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('in common') })
    const merged = await run('merge', 'other')
    expect(merged).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('in common') })
    expect((await run('merge', '--allow-unrelated-histories', 'other')).exitCode).toBe(5)
    const trimmed = await run('trim', '--keep', '1')
    expect(trimmed).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('--abort') })
  })

  it.each([
    [['merge'], 2, 'missing <commit>'],
    [['merge', 'a', 'b'], 2, 'one commit is merged at a time'],
    [['merge', '--csv', 'other'], 2, '--csv'],
    [['merge', '--no-ff', '--ff-only', 'other'], 2, '--no-ff and --ff-only cannot be given'],
    [['merge', '--abort', 'x'], 2, '--abort takes no x'],
    [['merge', 'nope'], 3, 'no revision "nope"'],
    [['merge', '--resolve', 'ours'], 6, 'no merge is going on'],
  ] as const)('%j exits with %i', async (args, exitCode, message) => {
    const ran = await run(...args)
    expect(ran).toMatchObject({ exitCode, stderr: expect.stringContaining(message) })
  })
})
