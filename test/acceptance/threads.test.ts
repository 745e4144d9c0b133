import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { hasTool } from '../support/optional-tool.ts'
import { isolated, PROGRAM, someone } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const PROBE = resolve(import.meta.dirname, '../support/thread-probe.cjs')
const LIBRARY = resolve(import.meta.dirname, '../../dist/index.js')
const one = availableParallelism() < 2

/** Of several kinds, some with nulls, some of them alike: more than is encoded before threads start. */
function table(rows: number): string {
  const lines = ['time,value,venue,flag,gaps']
  for (let i = 0; i < rows; i++) {
    const time = new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString().replace('.000', '')
    const value = Math.round(2000 + 300 * Math.sin(i / 50) + ((i * 7919) % 97)) / 100
    const gap = i % 3 === 0 ? '' : String((i * 48_271) % 2_147_483_647)
    lines.push(`${time},${value},${['XNYS', 'XNAS', 'ARCX'][(i * i) % 3]},${i % 7 === 0},${gap}`)
  }
  return `${lines.join('\n')}\n`
}

let large: string
let small: string
beforeAll(() => {
  const folder = temporaryFolder()
  large = join(folder, 'large.csv')
  small = join(folder, 'small.csv')
  writeFileSync(large, table(400_000))
  writeFileSync(small, table(20_000))
})

/** A new repository, in which `varve add FILE --as x` runs under `env`, on one processor if asked. */
async function add(
  file: string,
  env: Record<string, string> = {},
  command: string[] = [],
  flags: string[] = [],
) {
  const cwd = temporaryFolder()
  const log = join(cwd, 'threads')
  const [first, ...rest] = [...command, 'node', PROGRAM]
  const run = (args: string[], more: Record<string, string> = {}) =>
    execa(first!, [...rest, ...args], {
      cwd,
      env: { ...isolated, ...someone, ...more },
      extendEnv: false,
      reject: false,
      timeout: 60_000,
    })
  await run(['init', 'repo'])
  const options = { NODE_OPTIONS: `--require ${JSON.stringify(PROBE)}`, THREAD_LOG: log, ...env }
  const added = await run(['-C', 'repo', 'add', file, '--as', 'x', ...flags], options)
  const packs = readdirSync(join(cwd, 'repo/.varve'), { recursive: true, encoding: 'utf8' })
  return {
    ...added,
    threads: threadsIn(log),
    packs: packs.filter((path) => path.endsWith('.pack')),
    leftovers: packs.filter((path) => path.startsWith('tmp/')),
    again: () => run(['-C', 'repo', 'add', file, '--as', 'x'], options),
  }
}

function threadsIn(log: string): number {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0
}

describe('threads that encode', () => {
  it('are not started for little', async () => {
    const { exitCode, threads } = await add(small)

    expect({ exitCode, threads }).toEqual({ exitCode: 0, threads: 0 })
  })

  it('are started for a large table whatever is taken of it: before that is known', async ({
    skip,
  }) => {
    skip(one, 'there is one processor')
    const file = join(temporaryFolder(), 'wide.csv')
    const note = 'n'.repeat(300)
    const lines = Array.from({ length: 30_000 }, (_, row) => `${row},${row % 9},${note}`)
    writeFileSync(file, `time,value,note\n${lines.join('\n')}\n`)
    const taken = await add(file, {}, [], ['--columns', 'time,value'])

    expect({ exitCode: taken.exitCode, threads: taken.threads }).toEqual({
      exitCode: 0,
      threads: 1,
    })
    expect(taken.packs).toHaveLength(1)
  })

  it('make the same bytes as one thread', async ({ skip }) => {
    skip(one || !hasTool('taskset'), 'there is one processor, or no taskset')
    const many = await add(large)
    const single = await add(large, {}, ['taskset', '-c', '0'])

    expect(many.exitCode).toBe(0)
    expect(many.threads).toBeGreaterThan(0)
    expect(single.threads).toBe(0)
    expect(many.packs).toHaveLength(1)
    expect(many.packs).toEqual(single.packs)
  })

  it.for(['exit', 'throw'])(
    'end the command with an error where one dies: %s',
    async (death, { skip }) => {
      skip(one, 'there is one processor')
      const { exitCode, stderr, packs, leftovers, timedOut, again } = await add(large, {
        THREAD_DEATH: death,
      })

      expect(timedOut).toBe(false)
      expect(exitCode).not.toBe(0)
      expect(stderr).toContain('a thread that works on columns ended')
      expect(packs).toEqual([])
      expect(leftovers).toEqual([])
      expect((await again()).exitCode).not.toBe(0)
    },
  )

  it('let a program go on that writes by the library, and end', async ({ skip }) => {
    skip(one, 'there is one processor')
    const whole = await library()
    const stopped = await library(['stop'])
    const bereft = await library([], { THREAD_DEATH: 'throw' })

    expect(whole).toMatchObject({ exitCode: 0, stdout: '600000 rows', timedOut: false })
    expect(whole.threads).toBeGreaterThan(0)
    expect(stopped).toMatchObject({ exitCode: 0, stdout: 'interrupted', timedOut: false })
    expect(stopped.threads).toBeGreaterThan(0)
    expect(bereft).toMatchObject({ exitCode: 0, stdout: 'io', stderr: '', timedOut: false })
  })
})

/** A program that writes rows by the library, or is stopped when its first thread has started; it ends when nothing is left to do. */
async function library(args: string[] = [], env: Record<string, string> = {}) {
  const cwd = temporaryFolder()
  const log = join(cwd, 'threads')
  writeFileSync(
    join(cwd, 'write.mjs'),
    `import { framesTable, openRepository, parseSchemaText, writeSeries } from ${JSON.stringify(LIBRARY)}
const schema = parseSchemaText('t:int64 v:float64')
const stop = new AbortController()
if (process.argv[2] === 'stop') process.on('thread-started', () => stop.abort())
function* frames() {
  for (let from = 0; from < 600_000; from += 20_000) {
    const t = BigInt64Array.from({ length: 20_000 }, (_, i) => BigInt(from + i))
    const v = Float64Array.from(t, (time) => Math.sqrt(Number(time)))
    const columns = [
      { type: 'int64', length: t.length, values: t },
      { type: 'float64', length: v.length, values: v },
    ]
    yield { schema, rows: t.length, columns }
  }
}
const repo = await openRepository('r.varve', { create: true, author: { name: 'Ada', email: 'a@b' } })
try {
  const written = await writeSeries(repo, {
    series: 's', create: true, input: framesTable(schema, frames()), commit: repo.signed(), signal: stop.signal,
  })
  console.log(written.series[0].counts.appended, 'rows')
} catch (error) {
  console.log(error.code)
}
await repo.close()
`,
  )
  const { exitCode, stdout, stderr, timedOut } = await execa('node', ['write.mjs', ...args], {
    cwd,
    env: {
      ...isolated,
      NODE_OPTIONS: `--require ${JSON.stringify(PROBE)}`,
      THREAD_LOG: log,
      ...env,
    },
    extendEnv: false,
    reject: false,
    timeout: 60_000,
  })
  return { exitCode, stdout, stderr, timedOut, threads: threadsIn(log) }
}
