import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { isolated, PROGRAM, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const SERIES = ['a', 'b', 'c']

/** Rows of all series that say the same round: as many of each as there were rounds. */
const rowsOf = (round: number): string =>
  SERIES.flatMap((series) => Array.from({ length: round }, (_, key) => `${series},${key},${round}`))
    .map((row) => `${row}\n`)
    .join('')

describe('who reads beside writers', () => {
  it('sees one whole commit, never an older one after a newer one, and waits for nobody', {
    timeout: SEARCH_LIMIT,
  }, async () => {
    const root = join(temporaryFolder(), 'read.varve')
    await varve(['init', '--bare', root])
    const write = ['-R', root, 'write', '--split-by', 's', '--into', 'x/', '--create', '--commit']
    const commit = (round: number) =>
      varve([...write, '-m', `${round}`], { env: someone, input: `s,k,v\n${rowsOf(round)}` })
    await commit(1)
    const rounds = effort({ quick: 4, usual: 12, nightly: 300 })
    let last = 1
    const seen = new Set<number>()
    const read = async (): Promise<number> => {
      const { stdout, stderr, exitCode } = await varve(['-R', root, 'read', 'x/'])
      expect([exitCode, stderr]).toEqual([0, ''])
      const rows = stdout.trimEnd().split('\n').slice(1)
      const round = Number(rows[0]!.split(',').at(-1))
      expect(`${rows.join('\n')}\n`).toBe(rowsOf(round).replaceAll(/^/gm, 'x/').slice(0, -2))
      seen.add(round)
      return round
    }
    const reader = async (): Promise<void> => {
      for (let before = 0; before < rounds; ) {
        const acknowledged = last
        const round = await read()
        expect(round).toBeGreaterThanOrEqual(Math.max(before, acknowledged))
        before = round
      }
    }
    const collector = async (): Promise<void> => {
      while (last < rounds) {
        const gc = ['-R', root, '-c', 'gc.reflogExpire=now', 'gc', '--prune=now', '-q']
        expect((await varve(gc, { env: someone })).exitCode).toBe(0)
      }
    }
    const writer = async (): Promise<void> => {
      for (let round = 2; round <= rounds; round++) {
        const { exitCode, stderr } = await commit(round)
        expect([exitCode, stderr]).toEqual([0, ''])
        last = round
      }
    }
    await Promise.all([writer(), reader(), reader(), collector()])
    expect(seen.size).toBeGreaterThan(2)

    // A writer that was stopped in the middle holds up nobody.
    const env = { ...isolated, ...someone }
    const stopped = spawn('node', [PROGRAM, ...write, '-m', 'late'], { env, stdio: ['pipe'] })
    try {
      stopped.stdin!.write('s,k,v\na,1,')
      await new Promise((done) => setTimeout(done, 300))
      stopped.kill('SIGSTOP')
      expect(await read()).toBe(rounds)
      expect((await commit(rounds + 1)).exitCode).toBe(0)
      expect(await read()).toBe(rounds + 1)
    } finally {
      stopped.kill('SIGKILL')
    }
  })
})
