import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { execa } from 'execa'
import { beforeEach, describe, expect, it } from 'vitest'
import { userCacheFolder } from '../../src/cli/cache-folder.ts'
import { readCodeCache, writeCodeCache } from '../../src/cli/code-cache.ts'
import { isolated } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = resolve(import.meta.dirname, '../..')
const chunks = new Map([
  ['a.cjs', Buffer.from('compiled a')],
  ['b.cjs', Buffer.alloc(0)],
  ['c.cjs', Buffer.from('compiled c')],
])
const cache = { chunks, writes: 3 }

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})
const own = (name: string) => ({ path: join(folder, name), isPrivate: true })

describe('compiled code', () => {
  it('is read as it was written', () => {
    writeCodeCache([own('cache')], 'ls', cache)
    expect(readCodeCache([own('cache')], 'ls')).toEqual(cache)
    expect(readdirSync(join(folder, 'cache'))).toEqual(['ls'])
  })

  it('is nothing where there is none', () => {
    expect(readCodeCache([own('cache')], 'ls').chunks.size).toBe(0)
  })

  it('is nothing where a single byte of it has changed', () => {
    writeCodeCache([own('.')], 'ls', cache)
    const bytes = readFileSync(join(folder, 'ls'))
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at]! ^= 1
      writeFileSync(join(folder, 'ls'), at % 2 === 0 ? damaged : bytes.subarray(0, at))
      expect(readCodeCache([own('.')], 'ls').chunks.size).toBe(0)
    }
  })

  it('is kept in the second folder where the first cannot be written', () => {
    writeFileSync(join(folder, 'file'), '')
    const folders = [{ path: join(folder, 'file', 'cache'), isPrivate: false }, own('second')]
    writeCodeCache(folders, 'ls', cache)
    expect(readCodeCache(folders, 'ls')).toEqual(cache)
    writeCodeCache(folders.slice(0, 1), 'ls', cache)
  })

  it('is not taken from a file that others can write', () => {
    writeCodeCache([own('.')], 'ls', cache)
    chmodSync(join(folder, 'ls'), 0o664)
    expect(readCodeCache([own('.')], 'ls').chunks.size).toBe(0)
  })

  it('is neither taken from nor put into a folder that others can write', () => {
    writeCodeCache([own('cache')], 'ls', cache)
    chmodSync(join(folder, 'cache'), 0o777)
    expect(readCodeCache([own('cache')], 'ls').chunks.size).toBe(0)
    writeCodeCache([own('cache')], 'log', cache)
    expect(readdirSync(join(folder, 'cache'))).toEqual(['ls'])
  })

  it('is neither taken from nor put into where a link leads', () => {
    writeCodeCache([own('elsewhere')], 'ls', cache)
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'cache'))
    expect(readCodeCache([own('cache')], 'ls').chunks.size).toBe(0)
    writeCodeCache([own('cache')], 'log', cache)
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['ls'])
  })

  it('is nothing where something else has its name', () => {
    mkdirSync(join(folder, 'cache', 'ls'), { recursive: true, mode: 0o755 })
    expect(readCodeCache([own('cache')], 'ls').chunks.size).toBe(0)
    writeCodeCache([own('cache')], 'ls', cache)
    expect(readdirSync(join(folder, 'cache'))).toEqual(['ls'])
  })
})

describe('the folder of the user', () => {
  it('is where XDG_CACHE_HOME says, or in the home', () => {
    const folderFor = (env: Record<string, string>) => userCacheFolder((name) => env[name])
    expect(folderFor({ XDG_CACHE_HOME: '/cache', HOME: '/home/ada' })).toBe('/cache/varve')
    expect(folderFor({ HOME: '/home/ada' })).toBe('/home/ada/.cache/varve')
  })

  it('is none in the present folder, whatever that is', () => {
    const folderFor = (env: Record<string, string>) => userCacheFolder((name) => env[name])
    expect(folderFor({ XDG_CACHE_HOME: '.', HOME: '/home/ada' })).toBe('/home/ada/.cache/varve')
    expect(isAbsolute(folderFor({ HOME: 'home' }))).toBe(true)
  })
})

describe('the program', () => {
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    execa('node', [join(folder, 'package/bin/varve.js'), ...args], {
      cwd: join(folder, 'work'),
      env: { ...isolated, ...env },
      extendEnv: false,
      reject: false,
    })
  const cached = () => readdirSync(join(folder, 'package/dist/program/cache'))
  beforeEach(() => {
    mkdirSync(join(folder, 'work'))
    for (const name of ['bin', 'dist/program']) {
      const target = join(folder, 'package', name)
      const isCode = (source: string) => !source.includes('/cache')
      cpSync(join(root, name), target, { recursive: true, filter: isCode })
    }
  })

  it('keeps what was compiled for a command that went well, and answers the same with it', async () => {
    await run(['init', '.'])
    const first = await run(['branch', '--json'])
    expect(cached().map((name) => name.replace(/-\w+$/, ''))).toEqual(['branch', 'init'])
    const second = await run(['branch', '--json'])
    expect([second.stdout, second.stderr, second.exitCode]).toEqual([first.stdout, '', 0])
    expect(cached()).toHaveLength(2)
  })

  it('adds what the next runs are the first to call, and then is done', async () => {
    const file = () => join(folder, 'package/dist/program/cache', cached()[0]!)
    const writes = async () => {
      await run(['help'])
      return readCodeCache([{ path: join(file(), '..'), isPrivate: false }], cached()[0]!).writes
    }
    const seen: number[] = []
    for (let i = 0; i < 6; i++) seen.push(await writes())
    expect(seen).toEqual([1, 2, 3, 4, 4, 4])
  })

  it('forgets what was compiled of an earlier program', async () => {
    await run(['init', '.'])
    const cache = join(folder, 'package/dist/program/cache')
    const { chunks: kept } = readCodeCache([{ path: cache, isPrivate: false }], cached()[0]!)
    const [current] = kept.keys()
    const old = new Map([...kept, ['common-of-before.cjs', Buffer.alloc(1000)]] as const)
    old.delete(current!)
    writeCodeCache([{ path: cache, isPrivate: false }], cached()[0]!, { chunks: old, writes: 9 })
    await run(['init', '.'])
    const { chunks: anew } = readCodeCache([{ path: cache, isPrivate: false }], cached()[0]!)
    expect([...anew.keys()].sort()).toEqual([...kept.keys()].sort())
  })

  it('keeps nothing for a command that fails, or where that is not wanted', async () => {
    expect((await run(['nonsense'])).exitCode).not.toBe(0)
    await run(['help'], { NODE_DISABLE_COMPILE_CACHE: '1' })
    expect(cached).toThrow('ENOENT')
  })

  it('does without what it has kept where that is damaged, and keeps it anew', async () => {
    await run(['init', '.'])
    const file = join(folder, 'package/dist/program/cache', cached()[0]!)
    const kept = readFileSync(file)
    writeFileSync(file, kept.fill(7, 1000, 2000))
    const { exitCode, stdout } = await run(['init', '.'])
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('repository')])
    expect(readFileSync(file).equals(kept)).toBe(false)
  })
})
