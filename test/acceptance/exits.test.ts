import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { isolated, PROGRAM, someone } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const ROUNDS = process.env.VARVE_TEST_SIZE === 'large' ? 60 : 5
/** Nothing here takes a second. One that has not ended by now will not. */
const PATIENCE_MS = 120_000

it(
  'every command ends, also where several run at once',
  async () => {
    const cwd = temporaryFolder()
    const rows = Array.from({ length: 20_000 }, (_, i) => {
      return `${new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString()},${(i * 37) % 1000}`
    })
    writeFileSync(join(cwd, 'sensor.csv'), `time,value\n${rows.join('\n')}\n`)
    const run = (...args: string[]) =>
      execa('node', [PROGRAM, ...args], {
        cwd,
        env: { ...isolated, ...someone },
        extendEnv: false,
        timeout: PATIENCE_MS,
        killSignal: 'SIGKILL',
      })
    await run('init', '.')
    await run('write', 'sensor', 'sensor.csv', '--create', '--commit')

    for (let round = 0; round < ROUNDS; round++) {
      const ended = await Promise.all([
        run('read', 'sensor'),
        run('read', 'sensor', '-o', `out${round % 2}.parquet`),
        run('log', '-n', '5'),
        run('fsck'),
      ])
      expect(ended.map(({ exitCode }) => exitCode)).not.toContain(undefined)
    }
  },
  10 * PATIENCE_MS,
)
