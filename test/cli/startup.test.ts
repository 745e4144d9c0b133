import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PROGRAM } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The files that a command loads, Node's own apart, and how many bytes of code they are. */
function loadedBy(args: readonly string[]): { files: string[]; bytes: number } {
  const reports = mkdtempSync(join(temporaryFolder(), 'coverage-'))
  spawnSync(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, NODE_V8_COVERAGE: reports },
    stdio: 'ignore',
  })
  const files = readdirSync(reports)
    .flatMap((name) => JSON.parse(readFileSync(join(reports, name), 'utf8')).result)
    .filter(({ url }) => url.startsWith('file:'))
    .map(({ url }) => fileURLToPath(url))
  return {
    files: files.map((file) => relative(root, file)),
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
  }
}

describe('what is loaded at start-up', () => {
  it('by `varve version` is the launcher and next to nothing else', () => {
    const { files, bytes } = loadedBy(['version'])
    expect(files).toContain('bin/varve.js')
    expect(files.filter((file) => /yargs|chalk|zstd/.test(file))).toEqual([])
    expect(bytes).toBeLessThan(10_000)
  })

  it('by a command with options is what parses them, and not what other commands do', () => {
    const { files, bytes } = loadedBy(['config', 'list', '--known'])
    expect(files.filter((file) => /yargs|zstd|parquet|arrow|csv|temporal/.test(file))).toEqual([])
    expect(files.length).toBeLessThan(30)
    expect(bytes).toBeLessThan(1_100_000)
  })

  it('by options that need others is yargs, which judges them', () => {
    const yargs = (args: readonly string[]) =>
      loadedBy(args).files.filter((file) => /yargs/.test(file))
    expect(yargs(['config', '--global', '--list'])).toEqual([])
    expect(yargs(['merge', '--csv'])).not.toEqual([])
  })
})
