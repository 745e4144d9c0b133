import { closeSync, createReadStream, openSync, writeFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { textLines } from '../../src/plumbing/byte-lines.ts'
import { hasPythonModule } from '../support/optional-tool.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { exactly } from './differences.ts'
import { everyValue, type ValueTable } from './every-value.ts'
import { batchesOf, seriesIdOf, writeCsvFile } from './value-files.ts'
import { ValueRepository } from './value-repository.ts'

// `npm run test:large` runs this file with a million rows.
const isLarge = process.env.VARVE_TEST_SIZE === 'large'
const ROWS = isLarge ? 1_000_000 : 20_000

const UNITS = new Map<ColumnType, bigint>([
  ['timestamp_s', 1n],
  ['timestamp_ms', 1_000n],
  ['timestamp_us', 1_000_000n],
  ['timestamp_ns', 1_000_000_000n],
])

/**
 * Whether pandas 1.5 has no such value, or no CSV for it: it knows times by nanoseconds and one kind
 * of missing, and puts no quotes around NUL and CR.
 */
function unknownToPandas(type: ColumnType, value: Scalar): boolean {
  const units = UNITS.get(type)
  if (units !== undefined) {
    const instant = value as bigint
    const seconds = instant / units
    return seconds < -9_223_372_035n || seconds > 9_223_372_035n
  }
  if (type === 'date') return Number(value) < -719_162 || Number(value) > 2_932_896
  if (typeof value === 'number') return Number.isNaN(value)
  if (typeof value === 'string') return value === '' || /[\0\r]/.test(value)
  return value instanceof Uint8Array && value.length === 0
}

const table: ValueTable = everyValue(ROWS, 6, {
  without: unknownToPandas,
  filled: new Set(['int64', 'uint64']),
})

describe.skipIf(!hasPythonModule('pandas'))('pandas', () => {
  const folder = temporaryFolder()
  const repository = new ValueRepository(folder)
  const file = (name: string): string => join(folder, name)
  let id: string

  beforeAll(async () => {
    await repository.make()
    id = await seriesIdOf(table)
    writeCsvFile(table, file('values.csv'))
    await repository.add(file('values.csv'), 'values', table)
    await repository.expectValues('values', table, id)
    writeFileSync(file('columns.json'), JSON.stringify(table.columns))
  }, 600_000)

  it('reads the CSV that varve writes', async () => {
    await repository.run('read', 'values', '-o', file('out.csv'))
    await pandas('read', file('out.csv'), file('read.txt'))
    expect(await differencesOfTexts(file('read.txt'))).toEqual([])
  }, 600_000)

  it('writes CSV that varve reads', async () => {
    writeTexts(file('values.txt'))
    await pandas('write', file('pandas.csv'), file('values.txt'))
    await repository.add(file('pandas.csv'), 'from-pandas', table)
    await repository.expectValues('from-pandas', table, id)
  }, 600_000)

  async function pandas(mode: string, csv: string, values: string): Promise<void> {
    const script = resolve(import.meta.dirname, 'pandas-values.py')
    await execa('/usr/bin/python3', [script, mode, csv, values, file('columns.json')])
  }
})

/** The values to the bit, a line a row, a tab between the columns. */
function writeTexts(path: string): void {
  const file = openSync(path, 'w')
  for (const batch of batchesOf(table)) writeSync(file, textsOf(batch).join(''))
  closeSync(file)
}

function textsOf(batch: Scalar[][]): string[] {
  const cells = batch.map((values, at) => {
    const { type } = table.columns[at]!
    return values.map((value) => exactly(type, value))
  })
  return cells[0]!.map((_, row) => `${cells.map((column) => column[row]).join('\t')}\n`)
}

/** The first lines of a file that are not the values to the bit. */
async function differencesOfTexts(path: string): Promise<string[]> {
  // Node's own readline ends lines at U+2028 as well.
  const lines = textLines(createReadStream(path))
  const differences: string[] = []
  for (const batch of batchesOf(table)) {
    for (const expected of textsOf(batch)) {
      const { value: found } = await lines.next()
      if (`${found}\n` === expected) continue
      const cells = (found ?? '').split('\t')
      const wrong = expected
        .trimEnd()
        .split('\t')
        .map((cell, at) => [cell, cells[at]] as const)
      const named = wrong.flatMap(([cell, other], at) =>
        cell === other ? [] : [`${table.columns[at]!.name}: ${other} for ${cell}`],
      )
      differences.push(`row ${cells[0]}, ${named.join(', ')}`)
      if (differences.length === 20) return differences
    }
  }
  if (!(await lines.next()).done) differences.push('more rows')
  return differences
}
