import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasTool } from '../support/optional-tool.ts'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function repository(): Promise<string> {
  const cwd = temporaryFolder()
  await varve(['init'], { cwd, env: someone })
  const args = ['write', 'prices', '--create', '--commit']
  await varve(args, { cwd, env: someone, input: 't,v\n1,1.5\n' })
  return cwd
}

describe('varve archive', () => {
  it('takes the kind of archive from the name of the file, and says what it wrote', async () => {
    const cwd = await repository()
    for (const [name, magic] of [
      ['a.tar', 'varve-archive.json'],
      ['a.tgz', '\x1f\x8b'],
      ['a.tar.zst', '\x28\xb5\x2f\xfd'],
      ['other', 'varve-archive.json'],
    ] as const) {
      const { stdout, exitCode } = await varve(['archive', 'HEAD', '-o', name], { cwd })
      expect(exitCode).toBe(0)
      const bytes = readFileSync(join(cwd, name))
      expect(stdout).toBe(`${name}: 1 series, ${bytes.length.toLocaleString('en-US')} bytes\n`)
      expect(bytes.toString('latin1').startsWith(magic)).toBe(true)
    }
  })

  it('says nothing when it is to be quiet, but writes the archive', async () => {
    const cwd = await repository()
    const quiet = await varve(['archive', '-q', 'HEAD', '-o', 'a.tar'], { cwd })
    expect(quiet).toMatchObject({ stdout: '', stderr: '', exitCode: 0 })
    expect(readFileSync(join(cwd, 'a.tar')).length).toBeGreaterThan(512)
    const bytes = await varve(['archive', '-q', 'HEAD'], { cwd })
    expect(bytes.stdout).toContain('varve-archive.json')
  })

  it('takes the options that git has', async () => {
    const cwd = await repository()
    const args = [
      'archive',
      '--format=tar',
      '--prefix=p/',
      '--output=x',
      'HEAD',
      'prices',
      '--json',
    ]
    const { stdout } = await varve(args, { cwd })
    expect(JSON.parse(stdout)).toMatchObject({ file: 'x', varve: 1, series: [{ name: 'prices' }] })
    expect(readFileSync(join(cwd, 'x')).toString('latin1')).toContain('p/prices.csv')
  })

  it.each([
    [['-o', 'a.zip'], 'there are no .zip archives'],
    [['--json'], '--json goes with -o FILE'],
    [['nope', '-o', 'a.tar'], 'no series "nope" in HEAD'],
  ])('refuses %j, and writes nothing', async (args, message) => {
    const cwd = await repository()
    const before = readdirSync(cwd)
    const { stdout, stderr, exitCode } = await varve(['archive', 'HEAD', ...args], { cwd })
    expect(exitCode).toBeGreaterThan(1)
    expect(stdout + stderr).toContain(message)
    expect(readdirSync(cwd)).toEqual(before)
  })

  it.skipIf(!hasTool('script'))('is not written to a terminal', async () => {
    const cwd = await repository()
    const { stdout } = spawnSync('script', ['-qc', `node ${PROGRAM} archive HEAD`, '/dev/null'], {
      cwd,
      env: isolated,
      encoding: 'utf8',
    })
    expect(stdout).toContain('an archive is not for a terminal')
  })
})
