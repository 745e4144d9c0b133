import { resolve } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { suites } from '../../bench/suites.ts'
import { hasTool } from '../support/optional-tool.ts'
import { temporaryFolder } from '../support/temporary.ts'

const SCRIPT = resolve(import.meta.dirname, '../../scripts/run-bench.js')
const MINUTES = 60_000

async function bench(...args: string[]) {
  return execa('node', [SCRIPT, ...args], { reject: false })
}

describe('npm run bench', () => {
  it.skipIf(!hasTool('/usr/bin/time')).each(suites.map(({ name }) => name))(
    '%s measures a little, too',
    { timeout: 10 * MINUTES },
    async (name) => {
      const { stdout, stderr, exitCode } = await bench(
        name,
        '--rows',
        '20000',
        '--runs',
        '1',
        '--json',
      )

      // Peers that are not there are named on stderr.
      process.stderr.write(stderr.replace(/^(?!NOT MEASURED).*\n?/gm, ''))
      expect(exitCode, stderr).toBe(0)
      const { suite, rows } = JSON.parse(stdout)
      expect(suite).toBe(name)
      expect(rows.length).toBeGreaterThan(0)
      for (const { what, who, share, ...figures } of rows) {
        expect(what).toBeTypeOf('string')
        expect(Object.keys(figures).length, what).toBeGreaterThan(0)
        for (const figure of Object.values({ ...figures, ...share })) {
          expect(figure, what).toBeGreaterThanOrEqual(0)
        }
      }
    },
  )

  it('names the suites there are where one is not known, and exits with 2', async () => {
    const { stdout, stderr, exitCode } = await bench('culumns')

    expect([stdout, exitCode]).toEqual(['', 2])
    expect(stderr).toContain('there is no suite culumns')
    expect(stderr).toContain('columns')
  })

  it('takes rows and runs above 0 alone', async () => {
    const { stderr, exitCode } = await bench('--rows', 'many')

    expect(exitCode).toBe(2)
    expect(stderr).toContain('--rows and --runs take a number above 0')
  })

  it('says why Lakota is missing where its folder holds none', { timeout: MINUTES }, async () => {
    const env = { LAKOTA_HOME: temporaryFolder() }
    const args = ['encodings', '--rows', '1000', '--runs', '1']
    const { stderr } = await execa('node', [SCRIPT, ...args], { env, reject: false })

    expect(stderr).toMatch(/^NOT MEASURED: Lakota: .*lakota/m)
  })
})
