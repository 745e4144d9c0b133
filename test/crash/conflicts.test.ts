import { join } from 'node:path'
import { expect, it } from 'vitest'
import { effort, SEARCH_LIMIT } from '../support/effort.ts'
import { someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const WRITERS = effort({ quick: 2, usual: 4, nightly: 8 })
const ROUNDS = effort({ quick: 2, usual: 3, nightly: 50 })
const CONFLICT = 5
const REFUSED = 6

it('of writers that append the same row at once one is acknowledged, and every other is told', {
  timeout: SEARCH_LIMIT,
}, async () => {
  const root = join(temporaryFolder(), 'shared.varve')
  const run = (args: readonly string[], input?: string) =>
    varve(['-R', root, ...args], { env: someone, ...(input !== undefined && { input }) })
  const append = (series: string, key: number, who: number) =>
    run(
      [
        'write',
        series,
        '--mode',
        'append',
        '--create',
        '--commit',
        '-m',
        `${series} ${key} ${who}`,
      ],
      `k,v\n${key},${who}\n`,
    )
  expect((await varve(['init', '--bare', root])).exitCode).toBe(0)
  expect((await append('all', 0, -1)).exitCode).toBe(0)
  const winners = [-1]
  const told = { conflicts: 0, refused: 0 }
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged: number[] = []
    const writer = async (who: number): Promise<void> => {
      const own = () => append(`own/${who}`, round, who)
      // Half of them begin with what is theirs, so that the others do not all come at the same moment.
      if (who % 2 === 1) expect(await own()).toMatchObject({ exitCode: 0 })
      const { exitCode, stderr } = await append('all', round, who)
      if (exitCode === 0) acknowledged.push(who)
      else if (exitCode === CONFLICT) {
        expect(stderr).toMatch(/^varve: all was changed by someone else/)
        told.conflicts++
      } else {
        expect([exitCode, stderr]).toEqual([
          REFUSED,
          expect.stringMatching(
            `^varve: <stdin>:2:1: the key ${round} is not past the end, ${round}\n`,
          ),
        ])
        told.refused++
      }
      if (who % 2 === 0) expect(await own()).toMatchObject({ exitCode: 0 })
    }
    await Promise.all(Array.from({ length: WRITERS }, (_, who) => writer(who)))
    expect([round, acknowledged]).toEqual([round, [expect.any(Number)]])
    winners.push(acknowledged[0]!)
  }
  process.stderr.write(
    `writers at once: ${WRITERS} x ${ROUNDS} of one row each: ${told.conflicts} conflicts told, ${told.refused} refused as too late\n`,
  )
  const rows = (series: string) => run(['read', series]).then(({ stdout }) => stdout)
  expect(await rows('all')).toBe(`k,v\n${winners.map((who, key) => `${key},${who}\n`).join('')}`)
  for (let who = 0; who < WRITERS; who++) {
    const own = Array.from({ length: ROUNDS }, (_, i) => `${i + 1},${who}\n`)
    expect(await rows(`own/${who}`)).toBe(`k,v\n${own.join('')}`)
  }
  const messages = (await run(['log', '--format', '%s'])).stdout.trimEnd().split('\n')
  expect(messages).toHaveLength(1 + ROUNDS + WRITERS * ROUNDS)
  expect(new Set(messages).size).toBe(messages.length)
  expect(await run(['fsck'])).toMatchObject({ exitCode: 0 })
})
