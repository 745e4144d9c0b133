import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunOptions, someone, varve } from '../support/program.ts'
import { newWorkTree } from '../support/repository-folder.ts'
import { temporaryFolder } from '../support/temporary.ts'

const CSV = 'Date,Price\n2026-08-14,65.5\n2026-08-17,65.98\n2026-08-18,66\n'

let root: string

const run = (args: readonly string[], options: RunOptions = {}) =>
  varve(args, { cwd: root, ...options, env: { ...someone, ...options.env } })

async function ok(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

async function fails(exitCode: number, ...args: string[]): Promise<string> {
  const ran = await run(args)
  expect(ran.exitCode).toBe(exitCode)
  return ran.stderr
}

const content = (file: string) => readFileSync(join(root, file), 'utf8')
const write = (file: string, text: string) => writeFileSync(join(root, file), text)

let prepared: string

/** main: two commits of brent; the second revised a price. */
beforeAll(async () => {
  root = await newWorkTree()
  write('brent.csv', CSV)
  await ok('add', 'brent.csv')
  await ok('commit', '-m', 'first')
  write('brent.csv', CSV.replace('65.98', '66.02'))
  await ok('commit', '-am', 'second')
  prepared = root
})

beforeEach(() => {
  root = temporaryFolder()
  cpSync(prepared, root, { recursive: true })
})

describe('commit', () => {
  it('says where, what and how much', async () => {
    const { stdout } = await run(['write', 'wti', '--create'], { input: CSV })
    expect(stdout).toContain('wti: new')
    const text = await ok('commit', '-m', 'one', '-m', 'two', '--date', '2020-04-21')
    expect(text).toMatch(
      /^\[main [0-9a-f]{7}\] one\n 1 series changed, \+3 ~0 -0\n new series wti\n$/,
    )
    expect(await ok('cat-object', '-p', 'HEAD')).toMatch(
      /author Ada Lovelace <ada@example.com> 1587427200 \+0000\ncommitter .* 1700000000 \+0000\n\none\n\ntwo\n$/,
    )
    expect(await ok('commit', '--amend', '-q', '-m', 'one')).toBe('')
    const amended = JSON.parse(
      await ok('commit', '--amend', '--author', 'Grace <g@example.com>', '--json'),
    )
    expect(amended).toMatchObject({
      branch: 'refs/heads/main',
      author: { name: 'Grace', email: 'g@example.com', date: '2023-11-14T22:13:20Z' },
      message: 'one\n',
      counts: { appended: 3 },
    })
    await ok('commit', '--allow-empty', '-F', 'brent.csv')
    expect(await ok('cat-object', '-p', 'HEAD')).toContain('Date,Price')
  })

  it('has nothing to commit: exit code 1, and what to do', async () => {
    expect(await fails(1, 'commit')).toMatch(/^varve: nothing to commit.*\nhint: varve add/)
    expect(await fails(1, 'commit', '--dry-run')).toContain('nothing to commit')
  })

  it('takes dates and authors only as they are', async () => {
    expect(await fails(4, 'commit', '--allow-empty', '--date', 'soon')).toContain('not a date')
    expect(await fails(2, 'commit', '--author', 'Ada')).toContain('not an author')
    const env = { VARVE_COMMITTER_DATE: '@1600000000 +0000' }
    const old = await run(['commit', '--allow-empty', '-m', 'x'], { env })
    expect(old.exitCode).toBe(6)
    expect(old.stderr).toContain('--date')
    await ok('commit', '--allow-empty', '-m', 'later', '--committer-date', '@1800000000')
    expect(await fails(2, 'commit', '--reset-author')).toContain('amend')
  })

  it('lets the message be edited, without the comments', async () => {
    const editor = join(root, 'edit.sh')
    writeFileSync(editor, '#!/bin/sh\necho edited >> "$1"\n')
    chmodSync(editor, 0o755)
    const env = { VARVE_EDITOR: editor }
    const { exitCode } = await run(['commit', '--allow-empty', '-e', '-m', 'word'], { env })
    expect(exitCode).toBe(0)
    expect(await ok('cat-object', '-p', 'HEAD')).toMatch(/\n\nword\n\nedited\n$/)
  })
})

describe('going about', () => {
  it('checks out what was, says so, and comes back', async () => {
    const there = await run(['checkout', 'HEAD~1'])
    expect(there.stdout).toMatch(/^HEAD is now at [0-9a-f]{7} first\n$/)
    expect(there.stderr).toContain('varve switch -c NAME')
    expect(content('brent.csv')).toBe(CSV)
    expect(await ok('branch')).toMatch(/^\* \(HEAD detached at [0-9a-f]{7}\)\n {2}main\n$/)
    expect(await ok('switch', '-')).toMatch(
      /^Previous HEAD position was [0-9a-f]{7} first\nSwitched to branch 'main'\n$/,
    )
    expect(await ok('switch', 'main')).toBe("Already on 'main'\n")
    expect(content('brent.csv')).toContain('66.02')
  })

  it('makes branches, lists, renames and deletes them', async () => {
    expect(await ok('switch', '-c', 'vendor/b', 'HEAD~1')).toBe(
      "Switched to a new branch 'vendor/b'\n",
    )
    expect(await ok('branch', 'x', 'main')).toBe('')
    expect(await ok('branch', '-v')).toMatch(
      /^ {2}main {5}[0-9a-f]{7} second\n\* vendor\/b [0-9a-f]{7} first\n {2}x {8}[0-9a-f]{7} second\n$/,
    )
    expect(await ok('branch', '--contains', 'main')).toBe('  main\n  x\n')
    expect(await ok('branch', '--merged')).toBe('* vendor/b\n')
    expect(await ok('branch', '--list', 'v*/*')).toBe('* vendor/b\n')
    expect(await ok('branch', '--show-current')).toBe('vendor/b\n')
    await ok('branch', '-m', 'vendor')
    expect(JSON.parse(await ok('branch', '--json')).map((b: { name: string }) => b.name)).toEqual([
      'main',
      'vendor',
      'x',
    ])
    expect(await fails(6, 'branch', '-d', 'x')).toContain('varve branch -D x')
    expect(await ok('branch', '-D', 'x')).toMatch(/^Deleted branch x \(was [0-9a-f]{7}\)\.\n$/)
    expect(await fails(3, 'switch', 'mian')).toContain('did you mean main?')
    expect(await fails(3, 'switch', 'fresh')).toContain('varve switch -c fresh makes it')
    expect(await fails(2, 'switch')).toContain('missing <branch>')
    expect(await fails(6, 'switch', '-c', 'main')).toContain('already')
    await ok('checkout', '-b', 'y', 'main')
    expect(await ok('rev-parse', '--abbrev-ref', 'HEAD')).toBe('y\n')
  })

  it('keeps what is not committed, or says what would be lost', async () => {
    await ok('branch', 'old', 'HEAD~1')
    await run(['write', 'brent'], { input: 'Date,Price\n2026-08-19,70\n' })
    expect(await fails(6, 'switch', 'old')).toMatch(/staged changes would be lost: brent\nhint:/)
    expect(await ok('switch', '-c', 'here')).toBe("M\tbrent\nSwitched to a new branch 'here'\n")
    expect(await ok('restore', '--staged', 'brent')).toBe('restored brent (index)\n')
    expect(await fails(6, 'checkout', 'old')).toContain('changes in files would be lost: brent.csv')
    expect(await ok('checkout', '-f', 'old')).toBe("Switched to branch 'old'\n")
    expect(content('brent.csv')).toBe(CSV)
  })

  it('writes files where they are small, and says how to get them where not', async () => {
    await run(['write', 'wti', '--create', '--commit'], { input: CSV })
    const there = await run(['-c', 'checkout.filesLimit=10', 'checkout', 'HEAD~1'])
    expect(there.stdout).toContain('HEAD is now at')
    const { stderr } = await run(['-c', 'checkout.filesLimit=10', 'switch', 'main'])
    expect(stderr).toContain('varve checkout --files SERIES...')
    expect(existsSync(join(root, 'wti.csv'))).toBe(false)
    expect(await ok('checkout', '--files', 'wti')).toBe('wrote wti\n')
    expect(content('wti.csv')).toBe(CSV)
    expect(await fails(2, 'checkout', '--files')).toContain('--all')
    expect(await ok('checkout', '--files', '--all')).toBe('')
  })

  it('puts series back, from the index or a revision', async () => {
    write('brent.csv', 'broken')
    expect(await ok('checkout', '--', 'brent')).toBe('restored brent (file)\n')
    expect(await ok('checkout', 'HEAD~1', 'brent')).toBe('restored brent (index, file)\n')
    expect(content('brent.csv')).toBe(CSV)
    expect(await ok('reset', 'brent')).toBe('Unstaged:\nM\tbrent\n')
    expect(await ok('restore', 'brent.csv')).toBe('restored brent (file)\n')
    const part = ['--source', 'HEAD~1', '--from', '2026-08-17', '--to', '2026-08-17']
    const dry = await ok('restore', ...part, '-n', 'brent')
    expect(dry).toBe('would restore brent (index, file)\n')
    await ok('restore', ...part, '--columns', 'Price', 'brent')
    expect(content('brent.csv')).toBe(CSV)
    expect(await fails(3, 'restore', 'brnt')).toContain('did you mean brent?')
    expect(await fails(3, 'checkout', 'brnt')).toContain('neither a revision nor a series')
  })

  it('resets softly, mixed and hard', async () => {
    expect(await ok('reset', '--soft', 'HEAD~1')).toBe('')
    expect(await ok('commit', '-m', 'again')).toContain('+0 ~1 -0')
    expect(await ok('reset', 'HEAD~1')).toBe('Changed files that are not staged now:\nM\tbrent\n')
    expect(await ok('reset', '--hard')).toMatch(/^HEAD is now at [0-9a-f]{7} first\n$/)
    expect(content('brent.csv')).toBe(CSV)
    expect(await fails(2, 'reset', '--hard', 'brent')).toContain('takes no series')
    expect(await fails(3, 'reset', 'HEAD~9')).toContain('history begins')
  })

  it('undoes, says what, and redoes', async () => {
    const head = await ok('rev-parse', 'HEAD')
    await ok('reset', '--hard', 'HEAD~1')
    expect(await ok('undo', '--dry-run')).toMatch(
      /^would undo: reset: moving to HEAD~1\n main [0-9a-f]{7} → [0-9a-f]{7}\n/,
    )
    expect(content('brent.csv')).toBe(CSV)
    expect(await ok('undo')).toContain('undone: reset: moving to HEAD~1')
    expect(await ok('rev-parse', 'HEAD')).toBe(head)
    expect(content('brent.csv')).toContain('66.02')
    expect(JSON.parse(await ok('undo', '--json'))).toMatchObject({
      undone: { message: 'undo: reset: moving to HEAD~1', who: { name: 'Ada Lovelace' } },
      files: { written: ['brent'] },
    })
    expect(content('brent.csv')).toBe(CSV)
  })
})

describe('tag and reflog', () => {
  it('makes, lists and deletes tags', async () => {
    await ok('tag', 'v1', 'HEAD~1')
    await ok('tag', '-m', 'As published', 'v2')
    expect(await ok('tag')).toBe('v1\nv2\n')
    expect(await ok('tag', '-n')).toBe('v1              first\nv2              As published\n')
    expect(await ok('tag', '--points-at', 'HEAD')).toBe('v2\n')
    expect(await ok('tag', '-l', '*1')).toBe('v1\n')
    expect(await fails(6, 'tag', 'v1')).toContain('--force')
    expect(await ok('tag', '-f', 'v1')).toMatch(/^Updated tag 'v1' \(was [0-9a-f]{7}\)\n$/)
    expect(await ok('tag', '-d', 'v1')).toMatch(/^Deleted tag 'v1' \(was [0-9a-f]{7}\)\n$/)
    expect(JSON.parse(await ok('tag', '--json'))).toMatchObject([
      { name: 'v2', kind: 'tag', message: 'As published\n', tagger: { name: 'Ada Lovelace' } },
    ])
  })

  it('shows where refs have been', async () => {
    expect(await ok('reflog', 'show', 'main')).toMatch(
      /^[0-9a-f]{7} main@\{0\}: commit: second\n[0-9a-f]{7} main@\{1\}: commit \(initial\): first\n$/,
    )
    expect(await ok('reflog', '-1', '--date', 'iso')).toMatch(
      /^[0-9a-f]{7} HEAD@\{0\} 2023-11-14 22:13:20 \+0000: commit: second\n$/,
    )
    const [line] = (await ok('reflog', '--json')).split('\n')
    expect(JSON.parse(line!)).toMatchObject({ name: 'HEAD@{0}', message: 'commit: second' })
    expect(await fails(3, 'reflog', 'mian')).toContain('did you mean main?')
  })
})

describe('fsck', () => {
  it('says what it checked, in one line', async () => {
    expect(await ok('fsck')).toMatch(
      /^checked \d+ packs with \d+ objects, \d+ reachable objects: 2 commits, .*: nothing is wrong\n$/,
    )
    expect(JSON.parse(await ok('fsck', '--json'))).toMatchObject({ kind: 'summary', problems: 0 })
  })

  it('says of a damaged HEAD what mends it, and that no copy is needed', async () => {
    const head = join(root, '.varve/HEAD')
    const before = readFileSync(head)
    writeFileSync(head, 'x')
    const ran = await run(['fsck'])
    expect(ran.exitCode).toBe(7)
    expect(ran.stdout).toContain('varve symbolic-ref HEAD refs/heads/main')
    expect(ran.stderr).toContain('no copy is needed')
    expect((await run(['fsck', '--json'])).stderr).toContain('"code":"corrupt-file"')
    writeFileSync(head, before)
  })

  it('refuses what names no copy and no pack', async () => {
    expect(await fails(2, 'fsck', '--repair-from', '')).toContain('--repair-from takes')
    expect(await fails(3, 'fsck', '--repair-from', join(root, 'no'))).not.toContain('varve init')
    expect(await fails(2, 'verify-pack', 'c65')).toContain('at least four digits')
  })

  it('names what is damaged, with exit code 7', async () => {
    const packs = join(root, '.varve/packs')
    for (const name of readdirSync(packs)) {
      const bytes = readFileSync(join(packs, name))
      bytes[80] = bytes[80]! ^ 1
      chmodSync(join(packs, name), 0o644)
      writeFileSync(join(packs, name), bytes)
    }
    const ran = await run(['fsck'])
    expect(ran.exitCode).toBe(7)
    expect(ran.stdout).toMatch(/^corrupt-object .*\n {4}object [0-9a-f]{12,64} is damaged/)
    expect(ran.stdout).toMatch(/\d+ problems\n$/)
    expect(ran.stderr).toContain('another copy')
    const [first] = (await run(['fsck', '--json'])).stdout.split('\n')
    expect(JSON.parse(first!)).toMatchObject({ kind: 'problem', pack: expect.any(String) })
  })
})

describe('what does not go together', () => {
  it.each([
    [['reflog', '-n', '1.5'], '--max-count takes a whole number'],
    [['restore', '--commit', 'brent'], '--commit goes with --source'],
    [['checkout', '--files', '-b', 'new', 'brent'], 'cannot be given together'],
    [['checkout', '--files', '--detach', 'brent'], 'cannot be given together'],
  ])('is refused: %j', async (args, message) => {
    expect(await fails(2, ...args)).toContain(message)
  })

  it('makes no folder for a repository that cannot be', async () => {
    const folder = join(root, 'other')
    await fails(4, 'init', '-b', 'bad..name', folder)
    expect(existsSync(folder)).toBe(false)
  })
})
