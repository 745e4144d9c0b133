import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeEach, describe, expect, it } from 'vitest'
import { canLimitAddresses } from '../support/optional-tool.ts'
import { isolated, PROGRAM, someone } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** Enough for Node, and less than V8 reserves for the memory of one WebAssembly module. */
const KIB = 8_000_000

let cwd: string
beforeEach(() => {
  cwd = temporaryFolder()
})
const run = (args: readonly string[], env: Record<string, string> = {}) =>
  execa('bash', ['-c', `ulimit -v ${KIB}; exec node "$@"`, 'bash', PROGRAM, ...args], {
    cwd,
    env: { ...isolated, ...someone, ...env },
    extendEnv: false,
    reject: false,
  })

describe.skipIf(!canLimitAddresses())('where addresses are limited', () => {
  it('says how series can be stored and read all the same', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `${i},${(i * i) % 97}`)
    writeFileSync(join(cwd, 't.csv'), `time,value\n${rows.join('\n')}\n`)
    await run(['init', '.'])

    const failed = await run(['add', 't.csv'])
    expect(failed.exitCode).toBe(8)
    expect(failed.stderr).toMatch(/ulimit -v.*NODE_OPTIONS=--disable-wasm-trap-handler/)

    const done = await run(['add', 't.csv'], { NODE_OPTIONS: '--disable-wasm-trap-handler' })
    expect([done.exitCode, done.stderr]).toEqual([0, ''])
    expect((await run(['read', 't'])).exitCode).toBe(8)
  })
})
