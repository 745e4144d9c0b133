import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Frame } from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { largerValues, rowAt } from '../data-edits.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { drainSeries, openIn, writeFrames } from '../in-varve.ts'
import { costOf, stored } from '../measure.ts'
import { findGrowth, type Suite } from '../suite.ts'

const NAME = 'sensors'
const WRITE = 'write'
const READ = 'read all'
const DAY = 'read a day'
const DAY_ROWS = 86_400
const TAIL = 'read --tail 5'
const CORRECT = 'correct a value'
const READINGS = 5

/** One series of ever more rows: what should grow with them, and what should not. */
export const rowsSuite: Suite = {
  name: 'rows',
  about: 'cost as a series grows, to ten times the rows, in process',
  async run({ folder, rows, runs }) {
    const comparison = new Comparison()
    const sizes = [rows / 10, rows, rows * 10].map(Math.ceil)
    for (const size of sizes) {
      const frames = [...dataSetFrames(NAME, size)]
      for (let run = 0; run < runs; run++) {
        await measure(comparison, join(folder, 'varve'), frames, size)
      }
    }
    const found = comparison.rows()
    const growth = findGrowth(found, [WRITE, READ, DAY, TAIL, CORRECT], 'rows', sizes)
    return { rows: found, growth }
  },
}

async function measure(
  comparison: Comparison,
  folder: string,
  frames: readonly Frame[],
  size: number,
): Promise<void> {
  const at = (what: string) => `${what}, ${size.toLocaleString('en-US')} rows`
  const { schema } = dataSets[NAME]
  const repo = await openIn(folder)
  const writing = await costOf(() => writeFrames(repo, NAME, schema, frames))
  comparison.add(at(WRITE), VARVE, { ...writing, ...stored(folder) })
  comparison.add(at(READ), VARVE, await costOf(() => drainSeries(repo, NAME)))
  const offset = Math.floor(size * 0.4)
  for (let i = 0; i < READINGS; i++) {
    const day = { offset: offset + i, limit: Math.min(DAY_ROWS, size) }
    comparison.add(at(DAY), VARVE, await costOf(() => drainSeries(repo, NAME, day)))
    comparison.add(at(TAIL), VARVE, await costOf(() => drainSeries(repo, NAME, { tail: 5 })))
    const changed = largerValues([rowAt(frames, Math.floor((size * (i + 1)) / 7))], 0.5)
    const cost = await costOf(() => writeFrames(repo, NAME, schema, changed))
    comparison.add(at(CORRECT), VARVE, cost)
  }
  await repo.close()
  rmSync(folder, { recursive: true })
}
