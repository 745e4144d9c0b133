import { chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Config, commandLayer, layerOf } from '../../src/cli/config.ts'
import { isSafeRepository } from '../../src/cli/safe-directory.ts'
import { canGiveAway, hasOwners } from '../support/optional-tool.ts'
import { PROGRAM, runProgram, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const isRoot = canGiveAway()
const own = process.geteuid?.()
const filesHaveOwners = hasOwners()
const STRANGER = 54_321

const config = (...settings: string[]): Config =>
  new Config([commandLayer(settings.map((value) => `safe.directory=${value}`))])

describe('a repository', () => {
  const workTree = temporaryFolder()
  const folder = join(workTree, '.varve')
  mkdirSync(folder)
  const found = { folder, workTree }
  const mine = { uid: own, home: '/nowhere' }
  const another = { uid: (own ?? 0) + 1, home: dirname(workTree) }

  it('of whoever runs the program is safe, where files have owners', () => {
    expect(isSafeRepository(found, mine, config())).toBe(true)
    expect(isSafeRepository(found, { ...another, uid: undefined }, config())).toBe(true)
    expect(isSafeRepository(found, another, config())).toBe(process.geteuid === undefined)
  })

  const outcomes: readonly (readonly [string, readonly string[], boolean])[] = [
    ['by its path', [workTree], true],
    ['by its path, with a slash behind', [`${workTree}/`], true],
    ['below a folder', [`${dirname(workTree)}/*`], true],
    ['below the home folder', [`~/${basename(workTree)}`], true],
    ['below /', ['/*'], true],
    ['as any', ['*'], true],
    ['among others', ['/elsewhere', workTree, '/other'], true],
    ['and then none is', [workTree, ''], false],
    ['by its own folder', [folder], false],
    ['by the beginning of its name', [`${workTree.slice(0, -1)}/*`], false],
    ['by a part of its path', [dirname(workTree)], false],
  ]
  it.skipIf(!filesHaveOwners).each(outcomes)(
    'of another is as safe.directory says: %s',
    (_, values, isSafe) => {
      expect(isSafeRepository(found, another, config(...values))).toBe(isSafe)
    },
  )

  it.skipIf(!filesHaveOwners)('does not say so itself', () => {
    const local = layerOf('local', 'config', '[safe]\n\tdirectory = *\n')
    expect(isSafeRepository(found, another, new Config([local]))).toBe(false)
  })

  it.skipIf(!isRoot)("is root's, and that of who became root by sudo", () => {
    const theirs = temporaryFolder()
    chownSync(theirs, STRANGER, STRANGER)
    const place = { folder: theirs, workTree: undefined }
    expect(isSafeRepository(place, mine, config())).toBe(false)
    expect(isSafeRepository(place, { ...mine, sudoUid: String(STRANGER) }, config())).toBe(true)
    expect(isSafeRepository(found, { ...mine, sudoUid: String(STRANGER) }, config())).toBe(true)
    expect(isSafeRepository(place, { ...mine, sudoUid: '0x1' }, config())).toBe(false)
  })

  it.skipIf(!isRoot)("is a stranger's where a link to it is", () => {
    const top = temporaryFolder()
    const link = join(top, 'link')
    symlinkSync(workTree, link)
    expect(isSafeRepository({ folder, workTree: link }, mine, config())).toBe(true)
    mkdirSync(join(top, 'theirs'))
    chownSync(join(top, 'theirs'), STRANGER, STRANGER)
    const other = join(top, 'other')
    symlinkSync(join(top, 'theirs'), other)
    expect(isSafeRepository({ folder, workTree: other }, mine, config())).toBe(false)
  })
})

describe.skipIf(!isRoot)('the program in a repository of another user', () => {
  const theirs = temporaryFolder()
  const marker = join(temporaryFolder(), 'ran')
  const home = temporaryFolder()
  const env = { ...someone, XDG_CONFIG_HOME: home, VARVE_EDITOR: '' }
  const config = (...args: string[]) => varve(['config', ...args], { cwd: theirs, env })

  beforeAll(async () => {
    await varve(['init', '.'], { cwd: theirs, env })
    await varve(['write', 'a', '--create', '--commit', '-m', 'a'], {
      cwd: theirs,
      env,
      input: 't,v\n2025-01-01,1\n',
    })
    writeFileSync(
      join(theirs, '.varve/config'),
      `[core]\n\teditor = touch ${marker};\n[receive]\n\tdenyDeletes\n`,
    )
    for (const path of [theirs, join(theirs, '.varve'), join(theirs, '.varve/config')]) {
      chownSync(path, STRANGER, STRANGER)
    }
  })

  it('refuses to work there, and says how it is allowed', async () => {
    for (const [args, cwd] of [
      [['log'], theirs],
      [['-C', theirs, 'status'], home],
      [['commit'], join(theirs, '.varve')],
    ] as const) {
      const ran = await varve(args, { cwd, env })
      expect(ran).toMatchObject({ exitCode: 6, stdout: '' })
      expect(ran.stderr).toBe(
        `varve: the repository at ${theirs} belongs to another user\n` +
          `hint: to work in it all the same: varve config set --global --add safe.directory ${theirs}\n`,
      )
    }
  })

  it('reads nothing of its configuration, and runs nothing that it names', async () => {
    expect((await config('list')).stdout).toBe('')
    expect((await config('core.editor')).exitCode).toBe(1)
    expect((await varve(['-R', theirs, 'log'], { cwd: home, env })).exitCode).toBe(0)
    const named = await runProgram(PROGRAM, ['-R', theirs, '-C', home, 'commit', '--allow-empty'], {
      env: { ...env, EDITOR: 'true' },
    })
    expect(named.exitCode).not.toBe(70)
    expect(existsSync(marker)).toBe(false)
  })

  it('takes no pushes that its configuration forbids, where it is named', async () => {
    expect((await varve(['config', 'list'], { cwd: theirs, env })).stdout).toBe('')
    const push = (...args: string[]) => varve(['-R', theirs, 'push', theirs, ...args], { env })
    expect(await push('main:b')).toMatchObject({ exitCode: 0 })
    const deleted = await push(':b')
    expect(deleted).toMatchObject({ exitCode: 6 })
    expect(deleted.stdout).toContain('refs are not deleted here')
  })

  it('works there once it is allowed, beside what was allowed before', async () => {
    await config('set', '--global', '--add', 'safe.directory', '/elsewhere')
    await config('--global', '--add', 'safe.directory', theirs)
    expect((await config('list', '--global')).stdout).toBe(
      `safe.directory=/elsewhere\nsafe.directory=${theirs}\n`,
    )
    expect((await varve(['log', '--oneline'], { cwd: theirs, env })).exitCode).toBe(0)
    expect((await config('core.editor')).stdout).toContain(marker)
    const command = ['-c', `safe.directory=${theirs}`, 'log']
    expect((await varve(command, { cwd: theirs, env: someone })).exitCode).toBe(0)
  })

  it('leaves SUDO_UID to say whose it is too', async () => {
    const sudo = { ...someone, SUDO_UID: String(STRANGER) }
    expect((await varve(['log'], { cwd: theirs, env: sudo })).exitCode).toBe(0)
  })
})
