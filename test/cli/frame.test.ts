import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { isolated, type RunOptions, runProgram } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { buildSample } from './sample/build.ts'

let program = ''
beforeAll(async () => {
  program = await buildSample()
})
const run = (args: readonly string[], options?: RunOptions) => runProgram(program, args, options)

/** Starts the program and waits until it says that it is waiting. */
async function start(args: readonly string[], cwd: string) {
  const child = execa('node', [program, ...args], {
    cwd,
    env: isolated,
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
  })
  await new Promise((resolve) => child.stderr.once('data', resolve))
  return { child }
}

describe('output', () => {
  it('is one document, or one object a line for a stream', async () => {
    expect((await run(['--json', 'count', '--to', '2'], { cwd: temporaryFolder() })).stdout).toBe(
      '{"number":1}\n{"number":2}\n',
    )
    expect((await run(['hostile', '--json'])).stdout).toBe(
      '{"text":"a\\u001b[31mb\\u0007\\tc\\u202ed\\nsecond","big":"9223372036854775808","at":{"k":1}}\n',
    )
  })

  it('has its control characters escaped unless it is data', async () => {
    expect((await run(['hostile'])).stdout).toBe('a\\x1b[31mb\\x07\tc\\u202ed\nsecond\n')
    expect((await run(['hostile', '--raw'])).stdout).toBe('a\x1b[31mb\x07\tc\u202ed\nsecond\n')
    const bytes = await execa('node', [program, 'bytes'], {
      encoding: 'buffer',
      stripFinalNewline: false,
    })
    expect([...bytes.stdout]).toEqual([0, 255, 27, 10])
  })

  it('has them escaped in notes and warnings too', async () => {
    const { stderr } = await run(['notes'])
    expect(stderr).toBe('varve: a\\x1b[31mb\nvarve: warning: a\\x1b[31mb\nhint: a\\x1b[31mb\n')
  })

  it('is coloured when asked to, and not by data', async () => {
    expect((await run(['hostile', '--color'])).stdout).toBe(
      '\x1b[1ma\\x1b[31mb\\x07\tc\\u202ed\x1b[22m\n\x1b[1msecond\x1b[22m\n',
    )
    expect((await run(['hostile', '--no-color'])).stdout).not.toContain('\x1b')
    expect((await run(['-c', 'color.ui=always', 'hostile'])).stdout).not.toContain('\x1b')
  })

  it('ends quietly when its reader goes away', async () => {
    const cwd = temporaryFolder()
    const { stdout, stderr, exitCode } = await execa(
      'bash',
      ['-c', `node ${program} count | head -n 2; echo \${PIPESTATUS[0]} >&2`],
      { cwd, reject: false },
    )
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '1\n2', stderr: '141', exitCode: 0 })
    expect(existsSync(join(cwd, 'stopped'))).toBe(true)
  })
})

describe('errors', () => {
  it('are a line and a hint, with control characters escaped', async () => {
    expect(await run(['refuse'])).toEqual({
      stdout: '',
      stderr: 'varve: no \\x1b[31mway\nhint: try that\n',
      exitCode: 6,
    })
  })

  it('are a document on stderr under --json', async () => {
    const { stderr, exitCode } = await run(['refuse', '--json'])
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'refused', message: 'no \x1b[31mway', hint: 'try that', data: { rows: '3' } },
    })
    expect(exitCode).toBe(6)
  })

  it('say how to report a bug', async () => {
    const { stderr, exitCode } = await run(['bug'])
    expect(stderr).toContain('varve: a bug: x is not a function')
    expect(stderr).toContain('please report')
    expect(exitCode).toBe(70)
    expect(JSON.parse((await run(['--json', 'bug'])).stderr).error.code).toBe('bug')
    expect(await run(['crash'])).toMatchObject({
      stderr: expect.stringContaining('varve: a bug: y is not a function'),
      exitCode: 70,
    })
  })

  it('name standard input that cannot be read', async () => {
    const result = await execa('bash', ['-c', `node ${program} read-stdin 0>/dev/null`], {
      reject: false,
    })
    expect(result.stderr).toContain('varve: cannot read standard input')
    expect(result.exitCode).toBe(8)
  })

  it.each([
    [['cuont'], '"cuont" is not a varve command', 'did you mean `varve count`?'],
    [['count', '--ot=1'], 'unknown option --ot', 'did you mean --to?'],
    [['count', '3'], 'unexpected argument "3"', 'usage: varve count [<options>]'],
    [['--jsno', 'count'], 'unknown option --jsno', 'did you mean --json?'],
    [['--color=blue', 'count'], '--color is one of auto, always, never, not "blue"', ''],
    [['-C'], '-C needs a value', ''],
  ])('of usage exit with 2: %j', async (args, message, hint) => {
    const { stderr, exitCode } = await run(args)
    expect(stderr).toContain(message)
    expect(stderr).toContain(hint)
    expect(exitCode).toBe(2)
  })

  it('leave a "no" to the exit code', async () => {
    expect(await run(['no'])).toEqual({
      stdout: 'no\n',
      stderr: 'varve: a note\nvarve: warning: a warning\nhint: a hint\n',
      exitCode: 1,
    })
    expect(await run(['-q', 'no'])).toEqual({
      stdout: '',
      stderr: 'varve: warning: a warning\nhint: a hint\n',
      exitCode: 1,
    })
  })
})

describe('an interruption', () => {
  it('lets the command clean up', async () => {
    const cwd = temporaryFolder()
    const { child } = await start(['wait'], cwd)
    child.kill('SIGINT')
    expect((await child).exitCode).toBe(130)
    expect(existsSync(join(cwd, 'cleaned'))).toBe(true)
  })

  it('by SIGTERM exits with 143', async () => {
    const { child } = await start(['wait'], temporaryFolder())
    child.kill('SIGTERM')
    expect((await child).exitCode).toBe(143)
  })

  it('ends a command that waits for input', async () => {
    const { child } = await start(['read-stdin'], temporaryFolder())
    child.kill('SIGINT')
    expect((await child).exitCode).toBe(130)
  })

  it('ends a stream', async () => {
    const cwd = temporaryFolder()
    const child = execa('node', [program, 'count'], { cwd, reject: false, buffer: false })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.stdout.resume()
    child.kill('SIGINT')
    expect((await child).exitCode).toBe(130)
    expect(existsSync(join(cwd, 'stopped'))).toBe(true)
  })

  it('of a command that does not stop ends it the second time', async () => {
    const { child } = await start(['stubborn'], temporaryFolder())
    child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 100))
    child.kill('SIGINT')
    expect((await child).exitCode).toBe(130)
  })
})

describe('global options', () => {
  it('-C moves, each from the one before', async () => {
    const folder = temporaryFolder()
    await mkdir(join(folder, 'a/b'), { recursive: true })
    const { stderr, exitCode } = await run(['-C', 'a', '-C', 'b', 'where'], { cwd: folder })
    expect(stderr).toBe(
      `varve: there is no varve repository at ${folder}/a/b\nhint: \`varve init\` makes one\n`,
    )
    expect(exitCode).toBe(3)
  })

  it('-R and VARVE_REPO name the repository', async () => {
    expect((await run(['where', '-R', '/nowhere'])).stderr).toContain('at /nowhere')
    const env = { VARVE_REPO: '/elsewhere' }
    expect((await run(['where'], { env })).stderr).toContain('at /elsewhere')
    expect((await run(['where', '-R', 'ssh://host/x'])).stderr).toContain('ssh repository')
    const folder = temporaryFolder()
    const url = pathToFileURL(folder).href
    expect((await run(['where', '-R', url])).stderr).toContain(`no varve repository at ${url}`)
    for (const wrong of ['file://host/x', 'file:///a%2Fb', 'file:///%zz']) {
      const { stderr, exitCode } = await run(['where', '-R', wrong])
      expect({ stderr, exitCode }).toEqual({
        stderr: `varve: not the URL of a folder here: ${wrong}\nhint: -R takes a path or a file://, s3:// or sftp:// URL\n`,
        exitCode: 2,
      })
    }
  })

  it('yield to an option of the command with the same letter', async () => {
    const args = ['-c', 'user.name=Ada', 'switch', '-c', 'new', '--json']
    expect(JSON.parse((await run(args)).stdout)).toEqual({ create: 'new', name: 'Ada' })
  })

  it('ask for help before and after the command', async () => {
    const before = await run(['--help', 'switch'])
    const after = await run(['switch', '-h'])
    expect(before.stdout).toContain('-c, --create=<create>')
    expect(after).toEqual(before)
    expect(before.exitCode).toBe(0)
  })
})

describe('identity', () => {
  it('comes from the environment first', async () => {
    const env = {
      VARVE_COMMITTER_NAME: 'Ada <x>',
      VARVE_COMMITTER_EMAIL: 'ada@example.com',
      VARVE_COMMITTER_DATE: '2026-08-21T10:00:00+02:00',
    }
    expect(JSON.parse((await run(['who', '--json'], { env })).stdout)).toEqual({
      name: 'Ada x',
      email: 'ada@example.com',
      seconds: 1787299200,
      offsetMinutes: 120,
    })
  })

  it('falls back to configuration, then to git', async () => {
    const home = temporaryFolder()
    await execa('git', ['config', '--global', 'user.name', 'Git Name'], { env: { HOME: home } })
    const args = ['-c', 'user.email=c@example.com', 'who', '--json']
    const { stdout } = await run(args, { env: { HOME: home }, cwd: home })
    expect(JSON.parse(stdout)).toMatchObject({ name: 'Git Name', email: 'c@example.com' })
  })

  it('says what to do when nobody says', async () => {
    const { stderr, exitCode } = await run(['who'])
    expect(stderr).toBe(
      "varve: the committer's name is not known\n" +
        'hint: varve config set --global user.name "Your Name"' +
        ' && varve config set --global user.email you@example.com\n',
    )
    expect(exitCode).toBe(6)
    const half = await run(['who'], { env: { VARVE_COMMITTER_NAME: 'Ada' } })
    expect(half.stderr).toContain('hint: varve config set --global user.email you@example.com\n')
  })
})

describe('the editor', () => {
  it('is a shell command that gets the file', async () => {
    const { stdout } = await run(['edit'], { env: { VARVE_EDITOR: 'echo after >>' } })
    expect(stdout).toBe('before\nafter\n')
  })

  it('that fails ends the command', async () => {
    const { stderr, exitCode } = await run(['edit'], { env: { EDITOR: 'false' } })
    expect(stderr).toContain('the editor ended with an error: false')
    expect(exitCode).toBe(6)
  })
})
