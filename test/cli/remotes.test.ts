import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PROGRAM, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let root: string
let template: string

const runIn = (folder: string, ...args: string[]) =>
  varve(args, { cwd: join(root, folder), env: someone })

async function ok(folder: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await runIn(folder, ...args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

const put = (folder: string, rows: string) =>
  writeFileSync(join(root, folder, 'oil.csv'), `Date,Price\n${rows}`)
const content = (folder: string) => readFileSync(join(root, folder, 'oil.csv'), 'utf8')

/** Two clones of a repository that both have the same two rows. */
beforeAll(async () => {
  root = temporaryFolder()
  template = root
  await ok('.', 'init', '--bare', 'prices.varve')
  const empty = await runIn('.', 'clone', 'prices.varve', 'ann')
  expect(empty.stderr).toContain('no commit yet')
  put('ann', '2026-08-14,65.5\n2026-08-17,66\n')
  await ok('ann', 'add', 'oil.csv')
  await ok('ann', 'commit', '-m', 'first')
  expect(await ok('ann', 'push', '-u', 'origin', 'main')).toBe(
    [
      `To ${join(root, 'prices.varve')}`,
      ' * [new branch]      main -> main',
      "branch 'main' follows 'origin/main' from now on.",
      '',
    ].join('\n'),
  )
  await ok('.', 'clone', 'prices.varve', 'bob')
  for (const clone of ['ann', 'bob'])
    await ok(clone, 'remote', 'set-url', 'origin', '../prices.varve')
})

beforeEach(() => {
  root = temporaryFolder()
  cpSync(template, root, { recursive: true })
})

describe('varve clone, fetch, pull, push', () => {
  it('moves changes between clones, and conflicts are settled as those of a merge', async () => {
    expect(content('bob')).toBe('Date,Price\n2026-08-14,65.5\n2026-08-17,66\n')
    put('ann', '2026-08-14,65.6\n2026-08-17,66\n')
    await ok('ann', 'commit', '-am', 'ann')
    expect(await ok('ann', 'push')).toMatch(/ {3}[0-9a-f]{7}\.\.[0-9a-f]{7} {2}main -> main\n$/)
    put('bob', '2026-08-14,65.7\n2026-08-17,66\n2026-08-18,67\n')
    await ok('bob', 'commit', '-am', 'bob')
    const refused = await runIn('bob', 'push')
    expect(refused).toMatchObject({ exitCode: 5 })
    expect(refused.stdout).toContain(' ! [rejected]        main -> main  (fetch first)')
    expect(refused.stderr).toContain('varve pull merges that')
    const pulled = await runIn('bob', 'pull')
    expect(pulled.exitCode).toBe(5)
    expect(pulled.stdout).toContain('CONFLICT  oil  1 conflict')
    expect(await ok('bob', 'status', '-sb')).toBe('## main...origin/main [ahead 1, behind 1]\n')
    await ok('bob', 'merge', '--resolve', 'theirs')
    await ok('bob', 'merge', '--continue')
    await ok('bob', 'push')
    expect(await ok('ann', 'fetch')).toContain('main -> origin/main')
    expect(await ok('ann', 'status')).toContain("behind 'origin/main' by 2 commits")
    expect(await ok('ann', 'pull', '--ff-only')).toContain('Fast-forward')
    expect(content('ann')).toBe('Date,Price\n2026-08-14,65.6\n2026-08-17,66\n2026-08-18,67\n')
    expect(JSON.parse(await ok('ann', 'fetch', '--json'))).toMatchObject({
      remote: 'origin',
      refs: [{ source: 'refs/heads/main', status: 'up-to-date' }],
    })
  })

  it('merges what was pushed meanwhile and tries again, with --sync', async () => {
    put('ann', '2026-08-14,65.6\n2026-08-17,66\n')
    await ok('ann', 'commit', '-am', 'ann')
    await ok('ann', 'push')
    put('bob', '2026-08-14,65.5\n2026-08-17,66.1\n')
    await ok('bob', 'commit', '-am', 'bob')
    expect(await ok('bob', 'push', '--sync')).toContain('Merged what was pushed meanwhile, once')
    expect(content('bob')).toBe('Date,Price\n2026-08-14,65.6\n2026-08-17,66.1\n')
  })

  it('leaves nothing of a clone that fails, and shares packs where it can', async () => {
    const missing = await runIn('.', 'clone', 'nowhere', 'new/deep')
    expect(missing.exitCode).toBe(3)
    expect(existsSync(join(root, 'new'))).toBe(false)
    mkdirSync(join(root, 'there'))
    expect((await runIn('.', 'clone', '-b', 'mian', 'prices.varve', 'there')).exitCode).toBe(3)
    expect(existsSync(join(root, 'there', '.varve'))).toBe(false)
    const full = await runIn('.', 'clone', 'prices.varve', 'bob')
    expect(full).toMatchObject({ exitCode: 6, stdout: '' })
    const made = JSON.parse(
      await ok(
        '.',
        'clone',
        '--no-hardlinks',
        '-o',
        'up',
        '-c',
        'push.default=current',
        'prices.varve',
        'there',
        '--json',
      ),
    )
    expect(made).toMatchObject({ branch: 'refs/heads/main', linked: false })
    expect(await ok('there', 'config', 'push.default')).toBe('current\n')
    expect(await ok('there', 'remote')).toBe('up\n')
    const linked = JSON.parse(await ok('.', 'clone', '--bare', 'prices.varve', 'b.varve', '--json'))
    expect(linked).toMatchObject({ linked: true, bare: true })
    expect(statSync(join(root, 'b.varve', 'log')).isDirectory()).toBe(true)
  })

  it('says what a clone left that was killed', async () => {
    // What is there before the log has an entry: nothing of it counts.
    for (const name of ['tmp', 'packs', 'archive', 'checkpoints', 'log'])
      mkdirSync(join(root, 'left', '.varve', name), { recursive: true })
    writeFileSync(join(root, 'left', '.varve', 'packs', 'part.pack'), 'half')
    const again = await runIn('.', 'clone', 'prices.varve', 'left')
    expect(again).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('hint: a clone that was killed has left it'),
    })
    const inside = await runIn('left', 'status')
    expect(inside.stderr).toContain('hint: a clone that was killed leaves such a folder')
    writeFileSync(join(root, 'left', 'mine.csv'), 'x')
    expect((await runIn('.', 'clone', 'prices.varve', 'left')).stderr).toContain(
      'hint: give another folder',
    )
  })

  it('names what is there where the default branch is not, and takes it away with its section', async () => {
    await ok('ann', 'tag', 'v1')
    await ok('ann', 'bundle', 'create', '../v1.bundle', 'v1')
    const { exitCode, stderr } = await runIn('.', 'clone', 'v1.bundle', 'tagged')
    expect(exitCode).toBe(0)
    expect(stderr).toContain('only the tag v1 was brought, and no branch: no files are written')
    expect(stderr).toContain('hint: varve switch -c NAME v1 makes a branch of it')
    await ok('tagged', 'switch', '-q', '-c', 'own', 'v1')
    await ok('tagged', 'remote', 'remove', 'origin')
    expect(readFileSync(join(root, 'tagged', '.varve', 'config'), 'utf8')).toBe('')
  })

  it('says of a push that would lose commits whether they are known here', async () => {
    await ok('ann', 'reset', '-q', '--hard', 'HEAD')
    put('ann', '2026-08-14,65.6\n')
    await ok('ann', 'commit', '-am', 'second')
    await ok('ann', 'push')
    await ok('ann', 'reset', '-q', '--hard', 'HEAD~1')
    const own = await runIn('ann', 'push')
    expect(own.stderr).toContain('hint: there it has commits that are not in what is pushed')
    put('bob', '2026-08-14,65.7\n')
    await ok('bob', 'commit', '-am', 'bob')
    expect((await runIn('bob', 'push')).stderr).toContain('hint: somebody else has pushed')
  })

  it('names remotes, and completes their names', async () => {
    await ok('bob', 'remote', 'add', 'second', '../ann')
    expect(await ok('bob', 'remote', '-v')).toContain('second\t../ann (push)\n')
    expect(await ok('bob', 'fetch', '--all')).toContain('[new branch]      main -> second/main')
    expect(await ok('bob', 'branch', '-r')).toBe('  origin/main\n  second/main\n')
    await ok('bob', 'remote', 'add', 'aaa', '../gone')
    const others = await runIn('bob', 'fetch', '--all')
    expect(others).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/^varve: warning: aaa: /),
    })
    expect(others.stderr).toContain('not fetched: aaa')
    await ok('bob', 'remote', 'remove', 'aaa')
    const checkedOut = await runIn('bob', 'push', 'second', 'HEAD~0:main', '--force')
    expect(checkedOut.stdout + checkedOut.stderr).not.toContain('undefined')
    expect(await ok('bob', '__complete', 'fish', '--', 'fetch', 's')).toContain('second')
    await ok('bob', 'remote', 'rename', 'second', 'other')
    expect(await ok('bob', 'remote', 'get-url', 'other')).toBe('../ann\n')
    await ok('bob', 'remote', 'remove', 'other')
    expect(await ok('bob', 'remote')).toBe('origin\n')
    const unsafe = await runIn('bob', 'fetch', '--', '--upload-pack=x')
    expect(unsafe.exitCode).toBe(4)
  })

  it('writes a bundle to standard output', async () => {
    await ok('ann', 'bundle', 'create', 'file.bundle', '--all')
    const { stdout } = await execa('node', [PROGRAM, 'bundle', 'create', '-', '--all'], {
      cwd: join(root, 'ann'),
      encoding: 'buffer',
    })
    const file = readFileSync(join(root, 'ann', 'file.bundle'))
    expect(Buffer.compare(stdout, file)).toBe(0)
    expect(existsSync(join(root, 'ann', '-'))).toBe(false)
    expect((await runIn('ann', 'bundle', 'create', '-', '--all', '--json')).exitCode).toBe(2)
  })

  it('carries branches in the file of a bundle', async () => {
    await ok('ann', 'bundle', 'create', '../all.bundle', '--all')
    expect(await ok('.', 'clone', 'all.bundle', 'carol')).toContain('main at')
    put('ann', '2026-08-14,65.6\n2026-08-17,66\n')
    await ok('ann', 'commit', '-am', 'ann')
    await ok('ann', 'bundle', 'create', '../news.bundle', 'origin/main..main')
    expect(await ok('carol', 'bundle', 'verify', '../news.bundle')).toContain(
      'what it needs is here',
    )
    await ok('carol', 'pull', '../news.bundle', 'main')
    expect(content('carol')).toBe(content('ann'))
    await ok('.', 'init', 'empty')
    expect((await runIn('empty', 'fetch', '../news.bundle', 'main')).exitCode).toBe(6)
  })
})
