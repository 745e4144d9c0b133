import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function repository(): Promise<string> {
  const cwd = temporaryFolder()
  await varve(['init'], { cwd, env: someone })
  for (const value of [1, 2]) {
    const args = ['write', 'prices', '--create', '--commit', '-m', 'x']
    await varve(args, { cwd, env: someone, input: `t,v\n${value},${value}\n` })
  }
  return cwd
}

describe('varve gc', () => {
  it('says what packs take and what the ref log does, and nothing when it is to be quiet', async () => {
    const cwd = await repository()
    const dry = await varve(['gc', '--dry-run'], { cwd, env: someone })
    expect(dry.stdout).toMatch(/^2 packs: [\d,]+ bytes\nref log: [\d,]+ bytes\n$/)
    const { stdout } = await varve(['gc'], { cwd, env: someone })
    expect(stdout).toMatch(
      /^2 packs → 1 with \d+ objects: [\d,]+ bytes → [\d,]+ bytes\nref log: [\d,]+ bytes → [\d,]+ bytes\n$/,
    )
    for (const args of [
      ['gc', '-q'],
      ['-q', 'gc'],
    ]) {
      const quiet = await varve(args, { cwd, env: someone })
      expect(quiet).toMatchObject({ stdout: '', stderr: '', exitCode: 0 })
    }
  })
})

describe('a repository whose pack is gone', () => {
  it('is said to be damaged by whatever needs the pack, and healed by a copy of it', async () => {
    const cwd = await repository()
    await varve(['gc', '-q'], { cwd, env: someone })
    const folder = join(cwd, '.varve', 'packs')
    const [pack] = readdirSync(folder)
    renameSync(join(folder, pack!), join(cwd, pack!))
    for (const args of [['read', 'prices'], ['log'], ['status'], ['gc'], ['rev-parse', 'HEAD~1']]) {
      const { stderr, exitCode } = await varve(args, { cwd, env: someone })
      expect(exitCode).toBe(7)
      expect(stderr).toContain(`pack ${pack!.slice(0, 64)} is missing`)
      expect(stderr).toContain('hint: `varve fsck` ')
    }
    expect(existsSync(join(folder, pack!))).toBe(false)
    renameSync(join(cwd, pack!), join(folder, pack!))
    const { stdout, exitCode } = await varve(['read', 'prices'], { cwd, env: someone })
    expect({ stdout, exitCode }).toEqual({ stdout: 't,v\n1,1\n2,2\n', exitCode: 0 })
  })

  it('is not said to be damaged where nothing is missing', async () => {
    const cwd = await repository()
    const { stderr, exitCode } = await varve(['show', '0'.repeat(64)], { cwd, env: someone })
    expect(exitCode).toBe(3)
    expect(stderr).not.toContain('missing')
  })
})
