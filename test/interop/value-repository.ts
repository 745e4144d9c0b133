import { join } from 'node:path'
import { expect } from 'vitest'
import { someone, varve } from '../support/program.ts'
import { differencesOf } from './differences.ts'
import type { ValueTable } from './every-value.ts'
import { schemaArguments } from './value-files.ts'

/** A repository that is used by the built program, and expects it to have nothing to say. */
export class ValueRepository {
  readonly #root: string

  constructor(folder: string) {
    this.#root = join(folder, 'repository')
  }

  async make(): Promise<void> {
    await varve(['init', this.#root])
  }

  /** What a command prints. */
  async run(...args: string[]): Promise<string> {
    const ran = await varve(args, { cwd: this.#root, env: someone })
    expect(ran.stderr).toBe('')
    expect(ran.exitCode).toBe(0)
    return ran.stdout
  }

  /** Adds a file under the schema of a table. */
  async add(file: string, series: string, table: ValueTable, ...options: string[]): Promise<void> {
    await this.run('add', file, '--as', series, ...schemaArguments(table), ...options)
  }

  /** Fails, naming cells, where a series as it is staged does not hold the values to the bit. */
  async expectValues(series: string, table: ValueTable, id: string): Promise<void> {
    const found = (await this.run('rev-parse', `:${series}`)).trim()
    if (found !== id) expect(await differencesOf(this.#root, found, table)).toEqual([])
    expect(found).toBe(id)
  }
}
