import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

describe('varve config', () => {
  it('sets, gets, lists and unsets in a file of the user', async () => {
    const env = { XDG_CONFIG_HOME: temporaryFolder() }
    const config = (...args: string[]) => varve(['config', ...args], { env })
    expect((await config('set', '--global', 'User.Name', 'Ada "A"')).exitCode).toBe(0)
    expect(readFileSync(join(env.XDG_CONFIG_HOME, 'varve/config'), 'utf8')).toBe(
      '[user]\n\tname = Ada \\"A\\"\n',
    )
    expect((await config('get', 'user.name')).stdout).toBe('Ada "A"\n')
    expect((await config('user.name')).stdout).toBe('Ada "A"\n')
    expect((await config('--global', 'user.email', 'ada@example.com')).exitCode).toBe(0)
    expect((await config('list')).stdout).toBe('user.name=Ada "A"\nuser.email=ada@example.com\n')
    expect((await config('unset', '--global', 'user.name')).exitCode).toBe(0)
    expect(await config('get', 'user.name')).toEqual({ stdout: '', stderr: '', exitCode: 1 })
    expect((await config('unset', '--global', 'user.name')).exitCode).toBe(1)
  })

  it('prefers -c to the repository to the user', async () => {
    const home = temporaryFolder()
    await mkdir(join(home, 'varve'))
    await writeFile(join(home, 'varve/config'), '[user]\nname = user\nemail = user\n')
    const env = { XDG_CONFIG_HOME: home }
    const list = ['-c', 'user.name=command', 'config', 'list', '--show-origin']
    expect((await varve(list, { env })).stdout).toBe(
      [
        `global\t${home}/varve/config\tuser.name=user`,
        `global\t${home}/varve/config\tuser.email=user`,
        'command\t-c\tuser.name=command\n',
      ].join('\n'),
    )
    const get = ['-c', 'user.name=command', 'config', 'get', 'user.name', '--json']
    expect(JSON.parse((await varve(get, { env })).stdout)).toEqual({
      key: 'user.name',
      value: 'command',
      scope: 'command',
      origin: '-c',
    })
  })

  it('takes no credentials in the URL of a remote, and shows none that somebody wrote into the file', async () => {
    const home = temporaryFolder()
    const env = { XDG_CONFIG_HOME: home }
    const url = 'https://me:secret@host/x'
    for (const args of [
      ['config', 'set', '--global', 'remote.o.url', url],
      ['config', '--global', 'remote.o.pushUrl', 'me:secret@host:x'],
      ['-c', `remote.o.url=${url}`, 'config', 'list'],
    ]) {
      const { exitCode, stderr } = await varve(args, { env })
      expect(exitCode).toBe(4)
      expect(stderr).not.toContain('secret')
    }
    await mkdir(join(home, 'varve'))
    await writeFile(
      join(home, 'varve/config'),
      `[remote "o"]\nurl = ${url}\n[branch "main"]\nremote = ${url}\n`,
    )
    await varve(['init', '-q', home], { env })
    for (const args of [
      ['config', 'list'],
      ['remote', '-v'],
      ['remote', '-v', '--json'],
      ['fetch', 'o'],
      ['push', 'o'],
    ]) {
      const { stdout, stderr } = await varve(args, { env, cwd: home })
      expect(stdout + stderr).toContain('https://***@host/x')
      expect(stdout + stderr).not.toContain('secret')
    }
  })

  it('takes the ways of older git', async () => {
    const env = { XDG_CONFIG_HOME: temporaryFolder() }
    const config = (...args: string[]) => varve(['config', ...args], { env })
    await config('--global', 'user.name', 'A')
    expect((await config('--list')).stdout).toBe('user.name=A\n')
    expect((await config('--global', 'list')).stdout).toBe('user.name=A\n')
    expect((await config('--get', 'user.name')).stdout).toBe('A\n')
    for (const option of ['--get', '--unset']) {
      const { stderr, exitCode } = await config('--global', option, 'user.name', 'B')
      expect(stderr).toContain('unexpected argument "B"')
      expect(exitCode).toBe(2)
    }
    expect((await config('--get', '--unset', 'user.name')).exitCode).toBe(2)
    expect((await config('user.name')).stdout).toBe('A\n')
    expect((await config('--global', '--unset', 'user.name')).exitCode).toBe(0)
    expect((await config('-l')).stdout).toBe('')
  })

  it('answers with defaults', async () => {
    expect((await varve(['config', 'get', 'init.defaultBranch'])).stdout).toBe('main\n')
  })

  it.each([
    [['config', 'set', '--global', 'user.nam', 'x'], 'did you mean user.name?', 4],
    [['config', 'set', '--global', 'color.ui', 'blue'], 'expected one of auto', 4],
    [['config', 'set', 'user.name', 'x'], 'there is no varve repository', 3],
    [['-c', 'checkout.filesLimit=lots', 'config', 'list'], 'a whole number', 4],
    [['config', 'set', '--global', '--local', 'user.name', 'x'], 'cannot be given together', 2],
    [['config'], 'usage: varve config [<key> [<value>]]', 2],
  ])('refuses %j', async (args, message, code) => {
    const { stderr, exitCode } = await varve(args, { env: { XDG_CONFIG_HOME: temporaryFolder() } })
    expect(stderr).toContain(message)
    expect(exitCode).toBe(code)
  })

  it('names the line of a file that it cannot read', async () => {
    const home = temporaryFolder()
    await mkdir(join(home, 'varve'))
    await writeFile(join(home, 'varve/config'), '[user]\nname: x\n')
    const { stderr, exitCode } = await varve(['config', 'list'], {
      env: { XDG_CONFIG_HOME: home },
    })
    expect(stderr).toContain('varve/config, line 2: expected key = value')
    expect(exitCode).toBe(4)
  })
})
