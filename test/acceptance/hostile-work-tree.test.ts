import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROGRAM, type Ran, runProgram, someone } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const TABLE = 't,v\n2026-01-01,1\n'

/** A repository with the series `a/b`, and a folder beside it that nobody may write to. */
async function newPlace() {
  const top = temporaryFolder()
  const [work, outside] = [join(top, 'work'), join(top, 'outside')]
  mkdirSync(outside)
  writeFileSync(join(outside, 'canary'), 'untouched')
  const run = (args: readonly string[], input?: string): Promise<Ran> =>
    runProgram(PROGRAM, args, {
      cwd: work,
      env: someone,
      ...(input !== undefined && { input }),
    })
  mkdirSync(work)
  await run(['init'])
  await run(['write', 'a/b', '--create', '--commit', '-m', 'a'], TABLE)
  return { work, outside, run }
}

/** All that writes a/b into the work tree in its own way. */
const WRITING: readonly (readonly string[])[] = [
  ['checkout', '--files', 'a/b'],
  ['restore', 'a/b'],
  ['restore', '.'],
  ['reset', '--hard'],
  ['checkout', 'main'],
  ['write', 'a/b', '--commit', '-m', 'more'],
  ['rm', 'a/b'],
  ['mv', 'a/b', 'a/c'],
  ['add', '.'],
]

describe('a work tree with links in it', () => {
  it.each([
    ['a folder that leads out', 'a', '../outside'],
    ['a folder that leads to the repository', 'a', '.varve'],
    ['a folder that leads to the root', 'a', '/'],
    ['a folder that leads to itself', 'a', 'a'],
    ['a folder that leads nowhere', 'a', '../missing'],
    ['a file that leads out', 'a/b.csv', '../../outside/canary'],
    ['a file that leads to the configuration', 'a/b.csv', '../.varve/config'],
    ['a file that leads nowhere', 'a/b.csv', '../../outside/new'],
  ])('is never written through: %s', async (_, link, target) => {
    const { work, outside, run } = await newPlace()
    await run(['checkout', '--files', 'a/b'])
    expect(existsSync(join(work, 'a/b.csv'))).toBe(true)
    await run(['rm', '--cached', 'a/b'])
    await run(['reset', '--hard'])
    const { rmSync } = await import('node:fs')
    rmSync(join(work, 'a'), { recursive: true, force: true })
    if (link === 'a/b.csv') mkdirSync(join(work, 'a'))
    symlinkSync(target, join(work, link))
    const own = readdirSync(join(work, '.varve')).filter((name) => !/^(index|tmp)/.test(name))

    for (const args of WRITING) {
      const { exitCode, stderr } = await run(args, 't,v\n2026-01-02,2\n')
      expect({ args, isBug: exitCode === 70, stderr }).toMatchObject({ args, isBug: false })
    }

    expect(readdirSync(outside)).toEqual(['canary'])
    expect(readFileSync(join(outside, 'canary'), 'utf8')).toBe('untouched')
    const after = readdirSync(join(work, '.varve')).filter((name) => !/^(index|tmp)/.test(name))
    expect(after).toEqual(own)
    expect(existsSync('/b.csv')).toBe(false)
  })
})

describe('a file of two names', () => {
  it.each([
    ['case', 'prices', 'Prices'],
    ['composition', 'caf\u00e9', 'cafe\u0301'],
  ])(
    'that differ in %s gets both series, or is refused where there is one',
    async (_, one, two) => {
      const { work, run } = await newPlace()
      await run(['write', one, '--create', '--commit', '-m', 'one'], 't,v\n2026-01-01,1\n')
      await run(['write', two, '--create', '--commit', '-m', 'two'], 't,v\n2026-01-01,2\n')

      const ran = await run(['checkout', '--files', one, two])

      const read = (name: string): string => readFileSync(join(work, `${name}.csv`), 'utf8')
      if (ran.exitCode === 0 && read(one) !== read(two)) {
        expect([read(one), read(two)]).toEqual(['t,v\n2026-01-01,1\n', 't,v\n2026-01-01,2\n'])
        expect((await run(['status', '--json'])).stdout).not.toContain('modified')
      } else {
        expect(ran.exitCode).not.toBe(0)
      }
      expect((await run(['read', one])).stdout).toBe('t,v\n2026-01-01,1\n')
      expect((await run(['read', two])).stdout).toBe('t,v\n2026-01-01,2\n')
    },
  )
})
