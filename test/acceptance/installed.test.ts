import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { packVarve } from '../support/consumer.ts'
import { hasTool } from '../support/optional-tool.ts'
import { isolated, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { Terminal } from '../support/terminal.ts'

/** What npm says where neither its cache nor a registry has what is needed. */
const OFFLINE = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/

let folder: string
let installed: boolean
beforeAll(async () => {
  folder = temporaryFolder()
  mkdirSync(join(folder, 'work'))
  mkdirSync(join(folder, 'home'))
  const tarball = await packVarve(folder)
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  const args = ['install', '--global', '--prefix', join(folder, 'prefix'), ...options, tarball]
  const { all, exitCode } = await execa('npm', args, { cwd: folder, all: true, reject: false })
  installed = exitCode === 0
  if (!installed && !OFFLINE.test(all)) throw new Error(all)
}, 300_000)

const run = (...args: string[]) =>
  execa(join(folder, 'prefix/bin/varve'), args, {
    cwd: join(folder, 'work'),
    env: {
      ...isolated,
      HOME: join(folder, 'home'),
      VARVE_AUTHOR_NAME: 'Ada',
      VARVE_AUTHOR_EMAIL: 'ada@example.com',
      VARVE_COMMITTER_NAME: 'Ada',
      VARVE_COMMITTER_EMAIL: 'ada@example.com',
    },
    extendEnv: false,
  })

describe('installed from its package without running scripts', () => {
  it('keeps series, and says once that its zstd is slower', async ({ skip }) => {
    skip(!installed, 'neither npm’s cache nor a registry has what varve depends on')
    const rows = Array.from({ length: 3000 }, (_, i) => {
      const time = new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString()
      return `${time.replace('.000', '')},${Math.round(2000 + 300 * Math.sin(i)) / 100}`
    })
    const table = `time,value\n${rows.join('\n')}\n`
    writeFileSync(join(folder, 'work/sensor.csv'), table)

    const said = [
      await run('version'),
      await run('init', '.'),
      await run('add', 'sensor.csv'),
      await run('commit', '-m', 'all', '--json'),
      await run('read', 'sensor', '-o', '../out.parquet'),
      await run('read', 'sensor', '-o', '../out.csv.zst'),
      await run('archive', '-o', '../out.tar.zst', 'HEAD'),
    ].map(({ stderr }) => stderr)
    await run('rm', 'sensor')
    await run('add', '../out.csv.zst', '--as', 'again')
    await run('add', '../out.parquet', '--as', 'typed')
    const { stdout } = await run('read', 'again')

    const { stdout: about } = await run('version', '--build-options')
    expect(about).toMatch(/^zstd: (WebAssembly|node:zlib) \(zstd-napi: /m)
    expect(said.join('\n').match(/zstd-napi cannot be loaded/g)).toHaveLength(1)
    expect(`${stdout}\n`).toBe(table)
    const typed = await run('read', 'typed', '--tail', '1')
    expect(typed.stdout.split('\n')[1]).toBe(rows.at(-1))
  })

  it('writes what an installation with a compiled zstd reads', async ({ skip }) => {
    skip(!installed, 'neither npm’s cache nor a registry has what varve depends on')
    const inFolder = { cwd: join(folder, 'work') }
    const own = await run('read', 'sensor', '--rev', 'HEAD', '--tail', '7')
    const other = await varve(['read', 'sensor', '--rev', 'HEAD', '--tail', '7'], inFolder)
    expect(other).toMatchObject({ stdout: `${own.stdout}\n`, exitCode: 0 })
    expect(await varve(['fsck'], inFolder)).toMatchObject({ exitCode: 0 })
  })

  it('shows history, as a chart and on the whole terminal', async ({ skip }) => {
    skip(!installed, 'neither npm’s cache nor a registry has what varve depends on')
    const { stdout } = await run('plot', 'HEAD:sensor', '--width', '60', '--height', '10')
    expect(stdout).toMatch(/^HEAD:sensor|^sensor/)
    expect(stdout).toMatch(/[⠁-⣿]/)
    // Without a terminal it is the log.
    expect((await run('tui')).stdout).toMatch(/^commit [0-9a-f]{64}/)
    if (!hasTool('tmux')) return
    const terminal = new Terminal({ columns: 80, rows: 24, cwd: join(folder, 'work') })
    try {
      await terminal.start()
      await terminal.types(`${join(folder, 'prefix/bin/varve')} tui\n`)
      await terminal.settles(/Ada +\[main\] all/)
      await terminal.keys('q')
      await terminal.shows(/^\$ ?$/m)
    } finally {
      await terminal.stop()
    }
  })

  it('has what it needs, and nothing of how it is made', ({ skip }) => {
    skip(!installed, 'neither npm’s cache nor a registry has what varve depends on')
    const own = join(folder, 'prefix/lib/node_modules/varve')
    const files = readdirSync(own, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('node_modules'))
      .filter((path) => !path.startsWith(join('dist', 'program', 'cache')))
    expect(files).toContain(join('bin', 'varve.js'))
    expect(files.filter((path) => /\.map$|demo|bench|^src|\.ts$/.test(path))).toEqual([])
  })
})
