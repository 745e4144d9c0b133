import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { newWorkTree } from '../support/repository-folder.ts'

let root: string

const run = (...args: string[]) => varve(args, { cwd: root, env: someone })

async function ok(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(...args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

const put = (rows: string) => writeFileSync(join(root, 'oil.csv'), `Date,Price\n${rows}`)
const content = () => readFileSync(join(root, 'oil.csv'), 'utf8')

beforeEach(async () => {
  root = await newWorkTree()
  const states = ['2026-08-14,65.5\n', '2026-08-14,65.6\n', '2026-08-14,65.7\n2026-08-17,66\n']
  for (const [i, rows] of states.entries()) {
    put(rows)
    await ok('add', 'oil.csv')
    await ok('commit', '-m', `state ${i}`)
  }
})

describe('varve revert', () => {
  it('says what it made, stops at conflicts with exit code 5, and goes on', async () => {
    expect(await ok('revert', 'HEAD')).toMatch(
      /^\[main [0-9a-f]{7}\] Revert "state 2"\n 1 series changed, \+0 ~1 -1\n oil {2}\+0 ~1 -1\n$/,
    )
    await ok('undo')
    const stopped = await run('revert', '--no-edit', 'HEAD~1')
    expect(stopped).toMatchObject({ exitCode: 5 })
    expect(stopped.stdout).toContain('CONFLICT  oil  1 conflict')
    expect(stopped.stderr).toContain('varve revert --conflicts lists them')
    expect(await ok('status')).toContain('has conflicts to be settled')
    expect(await ok('revert', '--conflicts')).toContain('65.6  65.7  65.5')
    expect(await ok('revert', '--resolve', 'theirs')).toContain('varve revert --continue concludes')
    expect(await ok('revert', '--continue', '--message', 'back')).toMatch(/\] back\n/)
    expect(content()).toBe('Date,Price\n2026-08-14,65.5\n2026-08-17,66\n')
    const json = JSON.parse(await ok('revert', 'HEAD', '-n', '--json'))
    expect(json).toMatchObject({ action: 'revert', outcome: 'staged', replayed: [{ id: null }] })
    expect((await run('revert', 'oil')).stderr).toContain('varve restore --source HEAD~1 oil')
    expect((await run('revert', '-m', 'text', 'HEAD')).exitCode).toBe(2)
  })
})

describe('varve cherry-pick', () => {
  it('picks, skips, and takes all back', async () => {
    await ok('switch', '-c', 'other', 'HEAD~2')
    expect(await ok('cherry-pick', '-x', 'main~1')).toContain('state 1')
    expect(await ok('log', '-n', '1', '--format=%B')).toContain('(cherry picked from commit ')
    put('2026-08-14,1\n')
    await ok('commit', '-am', 'mine')
    expect((await run('cherry-pick', 'main')).exitCode).toBe(5)
    expect(await ok('cherry-pick', '--abort')).toContain('is taken back')
    expect((await run('cherry-pick', 'main', '--dry-run')).exitCode).toBe(1)
    expect((await run('cherry-pick', 'main')).exitCode).toBe(5)
    expect(await ok('cherry-pick', '--skip')).toContain('is left out')
    expect(await ok('cherry-pick', '-X', 'theirs', 'main')).toContain('state 2')
    expect(content()).toBe('Date,Price\n2026-08-14,65.7\n2026-08-17,66\n')
    expect((await run('cherry-pick', 'main')).stderr).toContain('--empty=drop')
  })
})

describe('varve bisect', () => {
  it('runs a program until the commit is found', async () => {
    const script = join(root, 'check.sh')
    writeFileSync(script, '#!/bin/sh\necho looked\n! grep -q 65.7 oil.csv\n')
    chmodSync(script, 0o755)
    expect(await ok('bisect', 'start', 'main', 'main~2')).toContain('Bisecting: ')
    expect(await ok('status')).toMatch(/^A search \(bisect\) is going on, begun at main\.$/m)
    const { stdout, stderr, exitCode } = await run('bisect', 'run', 'sh', '-c', './check.sh')
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/^looked\nvarve: [0-9a-f]{7} is good$/m)
    expect(stdout).toMatch(/^[0-9a-f]{7} is the first commit that is bad\n\ncommit /)
    expect(stdout).toContain(' oil | +1 ~1 -0  2026-08-14…2026-08-17')
    expect(await ok('bisect', 'log')).toMatch(/^varve bisect start [0-9a-f]{64} /)
    expect(await ok('bisect', 'reset')).toContain("Switched to branch 'main'")
    await ok(
      'bisect',
      'start',
      '--term-old=fine',
      '--term-new=odd',
      '--no-checkout',
      'main',
      'main~2',
    )
    expect(await ok('read', 'BISECT_HEAD:oil')).toContain('65.6')
    expect(JSON.parse(await ok('bisect', 'fine', '--json'))).toMatchObject({
      terms: { old: 'fine', new: 'odd' },
      step: { kind: 'found' },
    })
    expect((await run('bisect', 'run', 'false')).exitCode).toBe(0)
    expect((await run('bisect', 'bad')).exitCode).toBe(2)
  })
})

describe('varve log and diff', () => {
  it('draw, narrow and follow history, and say what a change comes to', async () => {
    await ok('mv', 'oil', 'brent')
    await ok('commit', '-m', 'renamed')
    expect(await ok('log', '--oneline', '--graph', '-n', '1')).toMatch(/^\* [0-9a-f]{7} renamed\n$/)
    expect(await ok('log', '--format=%s', 'brent')).toBe('renamed\n')
    expect(await ok('log', '--format=%s', '--follow', 'brent')).toBe(
      'renamed\nstate 2\nstate 1\nstate 0\n',
    )
    expect(await ok('log', '--format=%s', '--from', '2026-08-17', '--follow', 'brent')).toBe(
      'state 2\n',
    )
    expect(await ok('log', '--format=%s', '-p', '-n', '1', 'HEAD~1')).toContain(
      'revised     2026-08-14  Price 65.6 → 65.7',
    )
    expect(await ok('diff', 'HEAD~1', 'HEAD')).toBe('oil → brent  renamed  +0 ~0 -0\n')
    expect(await ok('diff', 'HEAD~1', 'HEAD', '--name-status')).toBe('R\toil\tbrent\n')
    expect(await ok('diff', 'HEAD~1', 'HEAD', '--name-status', '--no-renames')).toBe(
      'A\tbrent\nD\toil\n',
    )
    expect(await ok('diff', 'HEAD~3', 'HEAD~2', '--atol', '0.2')).toBe('')
    expect((await run('diff', 'HEAD~3', 'HEAD~2', '--atol', '-1')).exitCode).toBe(2)
  })
})
