import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PROGRAM, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let template: string
let root: string

/** Has a repository in the middle, `srv/prices`, and a clone of it with a commit, `ann`. */
beforeAll(async () => {
  template = temporaryFolder()
  root = template
  await ok('.', 'init', '--bare', 'srv/prices')
  await runIn('.', {}, 'clone', 'srv/prices', 'ann')
  writeFileSync(join(root, 'ann/oil.csv'), 'Date,Price\n2026-08-14,65.5\n')
  await ok('ann', 'add', 'oil.csv')
  await ok('ann', 'commit', '-m', 'first')
  await ok('ann', 'push', '-u', 'origin', 'main')
})

beforeEach(() => {
  root = temporaryFolder()
  cpSync(template, root, { recursive: true })
})

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const runIn = (folder: string, env: Record<string, string>, ...args: string[]) =>
  varve(args, { cwd: join(root, folder), env: { ...someone, ...env } })

async function ok(folder: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await runIn(folder, {}, ...args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

/** Starts a server of `srv`; its URL, and the lines that it has written once it was stopped by a signal. */
async function serve(...args: string[]): Promise<{ url: string; stop(): Promise<string[]> }> {
  const all = [PROGRAM, 'serve', '--root', 'srv', '--http', '127.0.0.1:0', '--json', ...args]
  const child = execa('node', all, { cwd: root, reject: false })
  const lines: string[] = []
  const read = child[Symbol.asyncIterator]()
  const first = await read.next()
  const stop = async () => {
    child.kill('SIGTERM')
    for (let next = await read.next(); !next.done; next = await read.next()) lines.push(next.value)
    expect((await child).exitCode).toBe(0)
    return lines
  }
  const { kind, url } = JSON.parse(first.value as string)
  expect(kind).toBe('listening')
  stops.push(async () => child.kill('SIGKILL'))
  return { url, stop }
}

describe('varve serve', () => {
  it('gives to everybody, takes from those with a token for it, and says who asked', async () => {
    const token = async (name: string, ...args: string[]) =>
      (
        await ok('.', 'serve', 'token', 'create', name, '--tokens', 'tok', '--repository', ...args)
      ).trim()
    const writer = await token('ann', 'prices', '--write')
    const reader = await token('bob', 'prices')
    const server = await serve('--allow-push', '--tokens', 'tok')
    await ok('.', 'clone', '-q', `${server.url}/prices`, 'web')
    expect(await ok('web', 'rev-parse', 'main')).toBe(await ok('ann', 'rev-parse', 'main'))
    const push = (env: Record<string, string>, target: string) =>
      runIn('web', env, 'push', 'origin', `main:${target}`)

    expect(await push({}, 'a')).toMatchObject({ exitCode: 6 })
    const refused = await push({ VARVE_TOKEN: reader }, 'a')
    expect(refused).toMatchObject({ exitCode: 6 })
    expect(refused.stderr).toContain('the token does not let you push')
    expect(await push({ VARVE_TOKEN: writer }, 'a')).toMatchObject({ exitCode: 0 })

    await ok('srv/prices', 'config', 'set', 'receive.denyDeletes', 'true')
    const deleted = await push({ VARVE_TOKEN: writer }, 'a').then(() =>
      runIn('web', { VARVE_TOKEN: writer }, 'push', 'origin', ':a'),
    )
    expect(deleted.stdout).toContain(
      '[remote rejected]  (delete) -> a  (refs are not deleted here)',
    )

    await ok('.', 'serve', 'token', 'revoke', 'ann', '--tokens', 'tok')
    expect(await push({ VARVE_TOKEN: writer }, 'b')).toMatchObject({ exitCode: 6 })
    const asked = (await server.stop()).map((line) => JSON.parse(line))
    expect(asked.map(({ who }) => who)).toContain('ann')
    expect(JSON.stringify(asked)).not.toContain(writer)
  })

  it('says its options, completes them, and makes no token that has ended', async () => {
    const { stdout } = await runIn('.', {}, 'serve', '--help')
    expect(stdout).toContain('Options of serve http')
    expect(stdout).toContain('--allow-push')
    const create = ['serve', 'token', 'create', 'ada', '--tokens', 't', '--repository', '*']
    const ended = await runIn('.', {}, ...create, '--expires', '2020-01-01')
    expect(ended).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('has ended already'),
    })
    const missing = await runIn('.', {}, 'serve', 'token', 'create', 'ada')
    expect(missing.stderr).toContain('missing options: --tokens, --repository')
  })

  it('gives to nobody without a token where it is private', async () => {
    const create = ['serve', 'token', 'create', 'bob', '--tokens', 'tok', '--repository', 'prices']
    const token = (await ok('.', ...create)).trim()
    const { url } = await serve('--private', '--tokens', 'tok')
    expect(await runIn('.', {}, 'ls-remote', `${url}/prices`)).toMatchObject({ exitCode: 6 })
    const listed = await runIn('.', { VARVE_TOKEN: token }, 'ls-remote', `${url}/prices`)
    expect(listed.stdout).toMatch(/\tHEAD\n.*\trefs\/heads\/main\n$/)
  })
})

describe('over ssh', () => {
  const ssh = () => {
    const script = join(root, 'ssh.sh')
    writeFileSync(script, '#!/bin/sh\nfor command; do :; done\nexec sh -c "$command"\n')
    chmodSync(script, 0o755)
    return { VARVE_SSH_COMMAND: script }
  }

  it('another command there is named by an option', async () => {
    const url = `host:${join(root, 'srv/prices')}`
    const upload = `--upload-pack=node ${PROGRAM} upload-pack`
    const cloned = await runIn('.', ssh(), 'clone', '-q', upload, url, 'far')
    expect(cloned).toMatchObject({ stderr: '', exitCode: 0 })
    expect(await runIn('far', ssh(), 'fetch', upload)).toMatchObject({ stderr: '', exitCode: 0 })
    const receive = `--receive-pack=node ${PROGRAM} receive-pack`
    const pushed = await runIn('far', ssh(), 'push', receive, 'origin', 'main:b')
    expect(pushed.stdout).toContain(' * [new branch]      main -> b')
    const listed = await runIn('far', ssh(), 'ls-remote', '--heads', upload, 'origin')
    expect(listed.stdout).toContain('refs/heads/b')
  })

  it('logs in once, and who fetches is not looked for in the configuration of git', async () => {
    const [git, ...calls] = ['bin', 'logins', 'asked'].map((name) => join(root, name))
    mkdirSync(git!)
    const script = join(root, 'ssh.sh')
    const lines = ['#!/bin/sh', `echo >> ${calls[0]}`, 'for command; do :; done']
    const there = `exec env -u VARVE_COMMITTER_NAME PATH="${git}:$PATH" sh -c "$command"`
    writeFileSync(script, [...lines, there, ''].join('\n'))
    writeFileSync(join(git!, 'git'), `#!/bin/sh\necho >> ${calls[1]}\n`)
    for (const path of [script, join(git!, 'git')]) chmodSync(path, 0o755)
    const url = `host:${join(root, 'srv/prices')}`
    const upload = `--upload-pack=node ${PROGRAM} upload-pack`
    const env = { VARVE_SSH_COMMAND: script }
    const cloned = await runIn('.', env, 'clone', '-q', upload, url, 'far')
    expect(cloned).toMatchObject({ stderr: '', exitCode: 0 })
    expect(readFileSync(calls[0]!, 'utf8')).toBe('\n')
    expect(existsSync(calls[1]!)).toBe(false)
    const receive = `--receive-pack=node ${PROGRAM} receive-pack`
    await runIn('far', env, 'push', receive, 'origin', 'main:b')
    expect(readFileSync(calls[0]!, 'utf8')).toBe('\n\n')
    expect(existsSync(calls[1]!)).toBe(true)
  })

  it('a key that may only fetch is told so, once', async () => {
    const forced = `SSH_ORIGINAL_COMMAND="varve receive-pack srv/prices" node ${PROGRAM} upload-pack --forced #`
    const env = ssh()
    const url = `host:${join(root, 'srv/prices')}`
    const { stderr, exitCode } = await runIn('ann', env, 'push', `--receive-pack=${forced}`, url)
    expect(stderr).toBe('varve: the other side says: this account may fetch, not push\n')
    expect(exitCode).toBe(6)
  })
})

describe('what is no repository', () => {
  it('is said with what can be done', async () => {
    writeFileSync(join(root, 'x.bundle'), 'no bundle')
    const said = async (...args: string[]) => (await runIn('ann', {}, ...args)).stderr
    expect(await said('push', 'nobody', 'main')).toMatch(
      /^varve: there is neither a remote "nobody" nor a varve repository at .*\nhint: varve remote lists .*varve remote add nobody URL/,
    )
    expect(await said('fetch', '../x.bundle')).toMatch(
      /x\.bundle is neither a repository nor a bundle\n$/,
    )
    expect(await said('clone', 'nothere')).toMatch(
      /^varve: there is no varve repository at .*nothere\n/,
    )
  })

  it('a branch that is checked out there is left alone, and what to do instead is said', async () => {
    await ok('.', 'clone', '-q', 'ann', 'bob')
    await ok('bob', 'commit', '--allow-empty', '-m', 'second')
    const { stderr, exitCode } = await runIn('bob', {}, 'push', 'origin', 'main')
    expect(stderr).toContain('hint: push to another branch (main:NAME)')
    expect(exitCode).toBe(6)
  })
})
