import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const isLarge = process.env.VARVE_TEST_SIZE === 'large'
const WRITERS = 6
const ROUNDS = isLarge ? 20 : 5

let repository: string
beforeAll(async () => {
  repository = join(temporaryFolder(), 'shared.varve')
  await varve(['init', '--bare', repository])
})

interface Row {
  readonly series: string
  readonly key: number
  readonly value: string
}

/** Writes rows and commits them, as one of several who do so at once. */
function commitRows(series: string, rows: readonly Row[], ...options: string[]) {
  const args = ['-R', repository, 'write', series, '--create', '--commit', ...options]
  const input = `k,v\n${rows.map(({ key, value }) => `${key},${value}\n`).join('')}`
  return varve(args, { env: someone, input })
}

async function read(series: string): Promise<string[]> {
  const { stdout } = await varve(['-R', repository, 'read', series])
  return stdout.trimEnd().split('\n').slice(1)
}

async function count(...args: string[]): Promise<number> {
  const { stdout } = await varve(['-R', repository, 'rev-list', '--count', ...args])
  return Number(stdout)
}

describe('writers at once', () => {
  it('lose nothing and write nothing twice, in series of their own and in a shared one', async () => {
    await commitRows('shared', [{ series: 'shared', key: -1, value: 'first' }])
    const before = await count('main')
    const acknowledged: Row[] = []
    const failed: { exitCode: number; stderr: string }[] = []
    const writer = async (who: number): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        // Every other time to the series that all write to, with keys of one's own.
        const series = round % 2 === 0 ? 'shared' : `own/${who}`
        const key = round * WRITERS + who
        const row = { series, key, value: `w${who}r${round}` }
        const { exitCode, stderr } = await commitRows(series, [row])
        if (exitCode === 0) acknowledged.push(row)
        else failed.push({ exitCode, stderr })
      }
    }
    await Promise.all(Array.from({ length: WRITERS }, (_, who) => writer(who)))
    expect(failed).toEqual([])
    expect(acknowledged).toHaveLength(WRITERS * ROUNDS)

    const expected = new Map<string, Row[]>()
    for (const row of acknowledged) {
      expected.set(row.series, [...(expected.get(row.series) ?? []), row])
    }
    for (const [series, rows] of expected) {
      const lines = rows.sort((a, b) => a.key - b.key).map(({ key, value }) => `${key},${value}`)
      expect(await read(series)).toEqual(series === 'shared' ? ['-1,first', ...lines] : lines)
    }
    expect((await count('main')) - before).toBe(WRITERS * ROUNDS)
    expect((await varve(['-R', repository, 'fsck'])).exitCode).toBe(0)
  }, 240_000)

  it('are all heard where the series has a file, which nobody edits', async () => {
    const root = join(temporaryFolder(), 'tree')
    await varve(['init', root])
    const write = (key: number, ...options: string[]) =>
      varve(['-C', root, 'write', 's', '--commit', ...options], {
        env: someone,
        input: `k,v\n${key},w\n`,
      })
    await write(0, '--create')
    await varve(['-C', root, 'checkout', '--files', 's'], { env: someone })
    for (let round = 0; round < (isLarge ? 12 : 2); round++) {
      const keys = Array.from({ length: WRITERS }, (_, who) => 1 + round * WRITERS + who)
      const ended = await Promise.all(keys.map((key) => write(key)))
      const failed = ended.filter(({ exitCode }) => exitCode !== 0)
      expect(failed.map(({ stderr }) => stderr)).toEqual([])
    }
    const { stdout } = await varve(['-C', root, 'status', '--short'])
    expect(stdout).toBe('')
  }, 240_000)

  it('of the same key win or are told, with exit code 5', async () => {
    await commitRows('fought', [{ series: 'fought', key: 0, value: 'nobody' }])
    const before = await count('main')
    const acknowledged: string[] = []
    const codes: number[] = []
    const writer = async (who: number): Promise<void> => {
      for (let round = 0; round < Math.ceil(ROUNDS / 2); round++) {
        const value = `w${who}r${round}`
        const row = { series: 'fought', key: 7, value }
        const { exitCode, stderr } = await commitRows('fought', [row])
        codes.push(exitCode)
        if (exitCode === 0) acknowledged.push(value)
        else {
          expect(exitCode).toBe(5)
          expect(stderr).toMatch(/fought was changed by someone else.*\nhint: /)
        }
      }
    }
    await Promise.all(Array.from({ length: WRITERS }, (_, who) => writer(who)))
    // Each commit has its own value, so each that was acknowledged is in the history, once.
    const { stdout } = await varve(['-R', repository, 'rev-list', 'main', '--max-count', '200'])
    const history: string[] = []
    for (const id of stdout
      .trim()
      .split('\n')
      .slice(0, (await count('main')) - before)) {
      const { stdout: row } = await varve(['-R', repository, 'read', `${id}:fought`, '--at', '7'])
      history.push(row.trimEnd().split(',').at(-1)!)
    }
    expect(history.sort()).toEqual(acknowledged.sort())
    expect(codes.length).toBe(WRITERS * Math.ceil(ROUNDS / 2))
    expect(await read('fought')).toHaveLength(2)
    expect((await varve(['-R', repository, 'fsck'])).exitCode).toBe(0)
  }, 240_000)
})
