import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Column, ColumnType } from '../../src/core/column.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import { PieceFile } from '../piece-file.ts'
import { ROOT } from '../program.ts'

/** numpy's types for varve's; texts are handed over as codes. */
const kinds: Partial<Record<ColumnType, string>> = {
  timestamp_s: 'M8[s]',
  timestamp_ms: 'M8[ms]',
  timestamp_ns: 'M8[ns]',
  int64: 'i8',
  float64: 'f8',
}

/** What one action took. */
export interface LakotaCost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly rows?: number
}

/** Where Lakota is, and which Python runs it. */
export interface LakotaPlace {
  readonly home: string
  readonly python: string
  /** Its version, and the commit of the checkout. */
  readonly version: string
}

/** The checkout that `LAKOTA_HOME` names, where it runs; otherwise why there is none. */
export function findLakota(env: NodeJS.ProcessEnv): LakotaPlace | string {
  const home = env.LAKOTA_HOME
  if (home === undefined) return 'LAKOTA_HOME is not set to a checkout of it'
  const python = env.LAKOTA_PYTHON ?? '/usr/bin/python3'
  const script = 'import lakota, numpy, numcodecs; print(lakota.__version__)'
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', script], {
    env: { ...env, PYTHONPATH: home },
    encoding: 'utf8',
  })
  if (status !== 0) return error?.message ?? stderr.trim().split('\n').at(-1)!
  const git = spawnSync('git', ['-C', home, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' })
  const commit = git.status === 0 ? ` (${git.stdout.trim()})` : ''
  return { home, python, version: `${stdout.trim()}${commit}` }
}

/** A Python process that does with Lakota what it is told, as a program that uses it would. */
export class Lakota {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>
  /** The last that it wrote to its standard error. */
  #said = ''

  constructor({ home, python }: LakotaPlace) {
    this.#child = spawn(python, [join(ROOT, 'bench/peers/lakota-process.py')], {
      env: { PATH: process.env.PATH, PYTHONPATH: home, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: 'pipe',
    })
    this.#child.stderr.on('data', (bytes: Buffer) => {
      this.#said = `${this.#said}${bytes}`.slice(-1000)
    })
    this.#lines = createInterface(this.#child.stdout)
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  /** Hands rows over; they stay there until others come. */
  async load(folder: string, schema: Schema, frames: Iterable<Frame>): Promise<void> {
    mkdirSync(folder)
    const columns = schema.columns.map(({ name, type }) => {
      return {
        name,
        type,
        file: new PieceFile(join(folder, name)),
        codes: new Map<string, number>(),
      }
    })
    for (const frame of frames) {
      for (const [i, { type, file, codes }] of columns.entries()) {
        const column = frame.columns[i]!
        file.write(type === 'string' ? codesOf(column, codes) : column.values)
      }
    }
    for (const { file } of columns) file.close()
    await this.#ask({
      do: 'load',
      path: folder,
      kinds: columns.map(({ name, type, codes }) => {
        return type === 'string' ? [name, 'u1', [...codes.keys()]] : [name, kinds[type], null]
      }),
    })
  }

  /** Does something; an error where Lakota fails. */
  async act(action: string, options: Record<string, unknown>): Promise<LakotaCost> {
    return (await this.#ask({ do: action, ...options })) as LakotaCost
  }

  close(): void {
    this.#child.stdin.end()
    this.#lines.close()
  }

  async #ask(request: object): Promise<object> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(`Lakota ended before its time:\n${this.#said}`)
    const answer = JSON.parse(value) as { error?: string }
    if (answer.error !== undefined) throw new Error(`Lakota: ${answer.error}`)
    return answer
  }
}

/** Texts as codes of a byte each, in the order in which they first came. */
function codesOf(column: Column, codes: Map<string, number>): Uint8Array {
  const text = new TextDecoder('latin1').decode(column.values as Uint8Array)
  const offsets = column.offsets!
  return Uint8Array.from({ length: column.length }, (_, row) => {
    const entry = text.slice(offsets[row], offsets[row + 1])
    const code = codes.get(entry) ?? codes.size
    if (code === codes.size) codes.set(entry, code)
    return code
  })
}
