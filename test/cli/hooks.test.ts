import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { Config, commandLayer, layerOf } from '../../src/cli/config.ts'
import { hookRunner } from '../../src/cli/hooks.ts'
import { parseId } from '../../src/core/id.ts'
import { askPrePush } from '../../src/porcelain/hooks.ts'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let home = ''
let cwd = ''
let hooks = ''

const run = (...args: string[]) => varve(args, { cwd, env: { ...someone, HOME: home } })

function writeHook(name: string, script: string, mode = 0o755): void {
  writeFileSync(join(hooks, name), `#!/bin/sh\n${script}\n`, { mode })
}

beforeEach(async () => {
  home = temporaryFolder()
  cwd = join(temporaryFolder(), 'prices')
  hooks = join(home, 'hooks')
  mkdirSync(hooks)
  await varve(['init', cwd], { env: someone })
  writeFileSync(join(cwd, 'a.csv'), 't,v\n2026-01-01,1\n')
})

describe('hooks of a commit', () => {
  it('come from the own configuration, and say no unless they are not asked', async () => {
    await run('config', '--global', 'core.hooksPath', '~/hooks')
    writeHook('pre-commit', 'echo asked in "$(pwd)" with $#; exit 3')
    writeHook('post-commit', 'echo told; exit 1')
    await run('add', 'a.csv')

    const refused = await run('commit', '-m', 'first')
    const made = await run('commit', '-m', 'first', '--no-verify')

    expect(refused).toEqual({
      exitCode: 6,
      stdout: '',
      stderr: `asked in ${cwd} with 0\nvarve: the hook pre-commit failed: exit code 3\nhint: --no-verify goes on without asking it\n`,
    })
    expect(made).toMatchObject({
      exitCode: 0,
      stderr: 'told\nvarve: warning: the hook post-commit failed: exit code 1\n',
    })
    expect(made.stdout).toContain('first')
  })

  it('are asked by commands that commit at once, too, where these change something', async () => {
    await run('config', '--global', 'core.hooksPath', '~/hooks')
    writeHook('pre-commit', 'echo asked; exit 3')
    writeHook('post-commit', 'echo told')
    const write = ['write', 'a', '--create', 'a.csv', '--commit']

    const refused = await run(...write)
    const nothing = await run('log')
    const made = await run(...write, '--no-verify')
    const again = await run(...write)

    expect(refused).toMatchObject({ exitCode: 6 })
    expect(refused.stderr).toMatch(/^asked\nvarve: the hook pre-commit failed: exit code 3$/m)
    expect(nothing.exitCode).toBe(3)
    expect(made).toMatchObject({ exitCode: 0, stderr: 'told\n' })
    expect(again).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('never come from a repository, and cannot be set there', async () => {
    writeHook('pre-commit', 'exit 1')
    const set = await run('config', 'core.hooksPath', hooks)
    writeFileSync(join(cwd, '.varve/config'), `[core]\n\thooksPath = ${hooks}\n`)
    mkdirSync(join(cwd, '.varve/hooks'))
    writeFileSync(join(cwd, '.varve/hooks/pre-commit'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })

    await run('add', 'a.csv')
    const made = await run('commit', '-m', 'first')

    expect(set).toMatchObject({ exitCode: 2 })
    expect(made).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

describe('hooks of merges and picks', () => {
  const names = ['pre-commit', 'post-commit', 'pre-merge-commit', 'post-merge']
  const commitTable = async (name: string, table: string) => {
    writeFileSync(join(cwd, name), table)
    await run('add', name)
    await run('-c', 'core.hooksPath=', 'commit', '-m', table)
  }
  const tip = async () => (await run('rev-parse', 'HEAD')).stdout
  /** What hooks said, and the exit code. */
  const hooksOf = async (...args: string[]) => {
    const { stderr, exitCode } = await run(...args)
    const said = [...stderr.matchAll(/^ran (.*)$/gm)].map((match) => match[1]!.trim())
    return [...said, exitCode]
  }

  beforeEach(async () => {
    await run('config', '--global', 'core.hooksPath', '~/hooks')
    for (const name of names) writeHook(name, `echo ran ${name} "$@"`)
    await commitTable('a.csv', 't,v\n2026-01-01,1\n')
    await run('switch', '-c', 'side')
    await commitTable('a.csv', 't,v\n2026-01-01,2\n')
    await run('switch', 'main')
    await commitTable('b.csv', 't,v\n2026-01-01,1\n')
  })

  it('ask before a merge makes a commit and tell of it afterwards, as in git', async () => {
    const before = await tip()
    const back = () => run('reset', '--hard', before.trim())

    expect(await hooksOf('merge', '--dry-run', 'side')).toEqual([0])
    expect(await hooksOf('merge', 'side')).toEqual(['pre-merge-commit', 'post-merge 0', 0])
    await back()
    expect(await hooksOf('merge', '--no-verify', 'side')).toEqual(['post-merge 0', 0])
    await back()
    expect(await hooksOf('pull', '.', 'side')).toEqual(['pre-merge-commit', 'post-merge 0', 0])
    expect(await hooksOf('pull', '.', 'side')).toEqual([0])
    await back()
    expect(await hooksOf('merge', '--squash', 'side')).toEqual(['post-merge 1', 0])
    await back()
    expect(await hooksOf('merge', '--no-commit', 'side')).toEqual([0])
    expect(await hooksOf('merge', '--continue')).toEqual(['pre-commit', 'post-commit', 0])
    await run('switch', '-c', 'behind', 'HEAD~1')
    expect(await hooksOf('merge', 'main')).toEqual(['post-merge 0', 0])
  })

  it('let a merge change nothing where they say no', async () => {
    writeHook('pre-merge-commit', 'exit 3')
    const before = await tip()

    const refused = await run('merge', 'side')
    const pulled = await run('pull', '.', 'side')

    expect(refused).toMatchObject({ exitCode: 6 })
    expect(refused.stderr).toContain('the hook pre-merge-commit failed: exit code 3')
    expect(pulled).toMatchObject({ exitCode: 6 })
    expect(await tip()).toBe(before)
    expect((await run('status')).stdout).toContain('nothing to commit')
    expect(readFileSync(join(cwd, 'a.csv'), 'utf8')).toContain(',1')
    expect(await hooksOf('merge', '--no-verify', 'side')).toEqual(['post-merge 0', 0])
  })

  it('are told of what is picked and reverted, and asked where conflicts were settled', async () => {
    expect(await hooksOf('cherry-pick', '-n', 'side')).toEqual([0])
    await run('reset', '--hard')
    expect(await hooksOf('cherry-pick', 'side')).toEqual(['post-commit', 0])
    expect(await hooksOf('revert', 'HEAD', 'HEAD~1')).toEqual(['post-commit', 0])
    await commitTable('a.csv', 't,v\n2026-01-01,9\n')
    expect(await hooksOf('cherry-pick', 'side')).toEqual([5])
    await run('cherry-pick', '--resolve', 'theirs')
    writeHook('pre-commit', 'exit 3')
    const refused = await run('cherry-pick', '--continue')
    expect(refused).toMatchObject({ exitCode: 6 })
    expect(refused.stderr).toContain('--no-verify goes on without asking it')
    writeHook('pre-commit', 'echo ran pre-commit')
    expect(await hooksOf('cherry-pick', '--continue')).toEqual(['pre-commit', 'post-commit', 0])
    await run('undo')
    expect(await hooksOf('cherry-pick', 'side')).toEqual([5])
    await run('cherry-pick', '--resolve', 'theirs')
    expect(await hooksOf('cherry-pick', '--continue', '--no-verify')).toEqual(['post-commit', 0])
  })
})

describe('the runner of hooks', () => {
  const context = (config: Config) => {
    const warned: string[] = []
    const run = hookRunner({
      config,
      home,
      cwd,
      env: { VARVE_REPO: cwd },
      abort: new AbortController().signal,
      warn: (text) => warned.push(text),
    })
    return { run, warned }
  }

  it('gives a push its names, its lines and the repository', async () => {
    const { run } = context(new Config([commandLayer([`core.hooksPath=${hooks}`])]))
    const out = join(home, 'out')
    writeHook('pre-push', `echo "$1 $2 $VARVE_REPO" > ${out}; cat >> ${out}`)
    const [one, two] = [parseId('1'.repeat(64)), parseId('2'.repeat(64))]

    await askPrePush(run, {
      remote: 'origin',
      url: 'https://example.org/r',
      refs: [
        { local: { ref: 'refs/heads/a', id: one }, remote: { ref: 'refs/heads/a', id: two } },
        { local: { ref: 'refs/heads/b', id: one }, remote: { ref: 'refs/heads/b', id: undefined } },
        { local: undefined, remote: { ref: 'refs/heads/c', id: two } },
      ],
    })

    const zero = '0'.repeat(64)
    expect(readFileSync(out, 'utf8').split('\n')).toEqual([
      `origin https://example.org/r ${cwd}`,
      `refs/heads/a ${one} refs/heads/a ${two}`,
      `refs/heads/b ${one} refs/heads/b ${zero}`,
      `(delete) ${zero} refs/heads/c ${two}`,
      '',
    ])
  })

  it('does not mind a hook that reads nothing of much', async () => {
    const { run } = context(new Config([layerOf('global', 'own', `[core]\nhooksPath=${hooks}`)]))
    writeHook('pre-push', 'exit 0')

    await run('pre-push', { stdin: 'x'.repeat(1_000_000) })
  })

  it('leaves out what is not executable, and says so', async () => {
    const { run, warned } = context(new Config([commandLayer([`core.hooksPath=${hooks}`])]))
    writeHook('pre-commit', 'exit 1')
    chmodSync(join(hooks, 'pre-commit'), 0o644)

    await run('pre-commit')

    expect(warned).toEqual([`the hook ${join(hooks, 'pre-commit')} is not executable: left out`])
  })

  it('takes no folder that depends on where one is', async () => {
    const { run } = context(new Config([commandLayer(['core.hooksPath=hooks'])]))

    await expect(run('pre-commit')).rejects.toMatchObject({ code: 'invalid-value' })
  })
})
