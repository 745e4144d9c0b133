import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const HOOK = resolve(import.meta.dirname, '../support/fault-hook.js')
const isLarge = process.env.VARVE_TEST_SIZE === 'large'
const COUNT = 1_200

describe('add of many files', () => {
  let folder: string
  let base: string
  let tree: string
  let moments = 0

  /** Runs the program with something that happens at one of its changes to the file system. */
  function faulty(root: string, fault: string, more = {}): Promise<string> {
    const child = spawn('node', ['--import', HOOK, PROGRAM, 'add', '.'], {
      cwd: root,
      env: { ...isolated, ...someone, ...more, VARVE_TEST_FAULT: fault },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    return new Promise((resolve) => child.on('close', () => resolve(stderr)))
  }

  function copy(): string {
    const root = join(folder, 'trial')
    rmSync(root, { recursive: true, force: true })
    cpSync(base, root, { recursive: true, preserveTimestamps: true })
    return root
  }

  const treeOf = async (root: string) => (await varve(['write-tree'], { cwd: root })).stdout

  beforeAll(async () => {
    folder = temporaryFolder()
    base = join(folder, 'base')
    await varve(['init', base])
    mkdirSync(join(base, 's'))
    for (let at = 0; at < COUNT; at++) writeFileSync(join(base, `s/x${at}.csv`), `t,v\n1,${at}\n`)
    const root = copy()
    const report = join(folder, 'count')
    await faulty(root, 'count', { VARVE_TEST_REPORT: report })
    moments = Number(readFileSync(report, 'utf8'))
    expect(moments).toBeGreaterThan(10)
    tree = await treeOf(root)
  }, 120_000)

  it.each(['kill', 'interrupt', 'full'])(
    'goes on where it was stopped: %s',
    async (fault) => {
      const trials = isLarge ? moments : 1
      for (let trial = 0; trial < trials; trial++) {
        const at = isLarge ? trial + 1 : 1 + Math.floor(Math.random() * moments)
        const root = copy()
        await faulty(root, `${fault}:${at}`)
        const again = await varve(['add', '.'], { cwd: root })
        const what = `${fault} at ${at} of ${moments}`
        expect([what, again.exitCode, again.stderr]).toEqual([
          what,
          0,
          expect.stringMatching(/^(varve: [\d,]+ of 1,200 files were added before: unchanged\n)?$/),
        ])
        expect([what, await treeOf(root)]).toEqual([what, tree])
        expect((await varve(['fsck'], { cwd: root })).exitCode).toBe(0)
      }
    },
    600_000,
  )

  it('says how many files are staged when one of them is bad, and skips those then', async () => {
    const root = copy()
    writeFileSync(join(root, 's', 'x999.csv'), 't,v\n1,2,3\n')
    const failed = await varve(['add', '.'], { cwd: root })
    expect(failed.exitCode).not.toBe(0)
    expect(failed.stderr).toMatch(/x999\.csv:2:5: .*\n.*1,000 files before are staged/)
    writeFileSync(join(root, 's', 'x999.csv'), 't,v\n1,999\n')
    const again = await varve(['add', '.'], { cwd: root })
    expect(again.stderr).toBe('varve: 1,000 of 1,200 files were added before: unchanged\n')
    expect(await treeOf(root)).toBe(tree)
  }, 60_000)
})
