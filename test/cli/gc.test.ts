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

describe('varve prune, trim and purge', () => {
  it('say what went, and what would', async () => {
    const cwd = await repository()
    const run = (...args: string[]) => varve(args, { cwd, env: someone })
    expect((await run('prune')).stdout).toBe('nothing to prune\n')
    expect((await run('prune', '--expire=soon')).exitCode).toBe(4)
    expect((await run('gc', '--auto')).stdout).toBe('')
    expect((await run('trim')).exitCode).toBe(2)
    expect((await run('trim', '--retain=all 7d', '--keep=1')).exitCode).toBe(2)
    expect((await run('trim', '--retain=some 7d')).exitCode).toBe(4)
    const thinned = await run('trim', '--retain', 'tagged always', '--dry-run', '--json')
    expect(JSON.parse(thinned.stdout)).toMatchObject({
      forgotten: 1,
      kept: 1,
      refs: [{ name: 'refs/heads/main' }],
    })
    const dry = await run('trim', '--keep=1', '--dry-run', '--json')
    expect(JSON.parse(dry.stdout)).toMatchObject({ forgotten: 1, kept: 1, dryRun: true })
    const trimmed = await run('trim', '--keep', '1')
    expect(trimmed.stdout).toMatch(/^forgot 1 commit; 1 commit is left\n history begins at /)
    const gone = await run('gc', '--prune=now')
    expect(gone.stdout).toMatch(/objects? that nothing leads to set aside\nremoved 1 pack of /)
    expect((await run('log', '--oneline')).stdout.trim().split('\n')).toHaveLength(1)
    const refused = await run('purge', 'prices')
    expect(refused.exitCode).toBe(6)
    expect(refused.stderr).toContain('--yes')
    const purged = await run('purge', 'prices', '--at', '1', '--yes')
    expect(purged.stdout).toMatch(
      /^rewrote 1 of 1 commit; they have other ids\n prices: 1 row of 1 version\n main /,
    )
    expect((await run('read', 'prices')).stdout).toBe('t,v\n2,2\n')
    expect((await run('fsck')).exitCode).toBe(0)
  })
})
