import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { rawColumn } from '../../src/core/column-layout.ts'
import {
  type Frame,
  type OpenedRepository,
  parseSchemaText,
  rowsTable,
  writeSplit,
} from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { rowAt, withValues } from '../data-edits.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { openIn, writeFrames } from '../in-varve.ts'
import { costOf, grownBy, stored } from '../measure.ts'
import type { Suite } from '../suite.ts'

const NAME = 'sensors'
const CORRECT = 'one value corrected'
const ODD = 'one value corrected, no short decimal'
const INSERT = 'one row inserted'
const APPEND = 'a row to two daily series'
const REPEATS = 11
const DAYS = 30
const DAY_MS = 86_400_000n

/** What the smallest edits cost, in a long series and in short ones. */
export const historySuite: Suite = {
  name: 'history',
  about: 'a value, a row, a day: what one small commit takes, in process',
  targetRows: 10_000_000,
  async run({ folder, rows }) {
    const comparison = new Comparison()
    await measureLong(comparison, join(folder, 'long'), rows)
    await measureDaily(comparison, join(folder, 'daily'))
    const targets = [
      ...comparison.ownTarget(CORRECT, 'storedBytes', 2000),
      ...comparison.ownTarget(CORRECT, 'seconds', 0.02),
      ...comparison.ownTarget(ODD, 'storedBytes', 2000),
      ...comparison.ownTarget(ODD, 'seconds', 0.02),
      ...comparison.ownTarget(INSERT, 'storedBytes', 2500),
      ...comparison.ownTarget(INSERT, 'seconds', 0.03),
      ...comparison.ownTarget(APPEND, 'storedBytes', 1200),
    ]
    return { rows: comparison.rows(), targets }
  },
}

async function measureLong(comparison: Comparison, folder: string, rows: number): Promise<void> {
  const { schema } = dataSets[NAME]
  const frames = [...dataSetFrames(NAME, rows)]
  const repo = await openIn(folder)
  try {
    await writeFrames(repo, NAME, schema, frames)
    const edits: readonly (readonly [what: string, edit: (frame: Frame) => Frame])[] = [
      [CORRECT, (frame) => withValues(frame, (value) => Math.round(value * 100 + 7) / 100)],
      [ODD, (frame) => withValues(frame, (value) => value * 1.013)],
      [INSERT, halfASecondOn],
    ]
    for (const [number, [what, edit]] of edits.entries()) {
      for (let i = 0; i < REPEATS; i++) {
        const row = Math.floor((rows * (7 * i + 2 * number + 1)) / (7 * REPEATS + 7))
        const changed = [edit(rowAt(frames, row))]
        const size = stored(folder)
        const cost = await costOf(() => writeFrames(repo, NAME, schema, changed))
        comparison.add(what, VARVE, { ...cost, ...grownBy(size, stored(folder)) })
      }
    }
  } finally {
    await repo.close()
    rmSync(folder, { recursive: true })
  }
}

/** The same row half a second later: between two others. */
function halfASecondOn(frame: Frame): Frame {
  const [time, ...values] = frame.columns
  const later = BigInt64Array.of((time!.values as BigInt64Array)[0]! + 500_000_000n)
  return { ...frame, columns: [rawColumn(time!.type, 1, later, undefined), ...values] }
}

async function measureDaily(comparison: Comparison, folder: string): Promise<void> {
  const repo = await openIn(folder)
  const write = (from: number, to: number) => writeDays(repo, from, to)
  try {
    await write(0, 9000)
    for (let day = 9000; day < 9000 + DAYS; day++) {
      const size = stored(folder)
      const cost = await costOf(() => write(day, day + 1))
      comparison.add(APPEND, VARVE, { ...cost, ...grownBy(size, stored(folder)) })
    }
  } finally {
    await repo.close()
    rmSync(folder, { recursive: true })
  }
}

/** A price a day for two series, in one commit. */
async function writeDays(repo: OpenedRepository, from: number, to: number): Promise<void> {
  const rows = Array.from({ length: to - from }, (_, i) => from + i).flatMap((day) =>
    ['brent', 'wti'].map((name, number) => {
      const price = 60 + number + 20 * Math.sin(day / 90) + 3 * Math.sin(day * (number + 2))
      return [name, BigInt(day) * DAY_MS, Math.round(price * 100) / 100] as const
    }),
  )
  const schema = parseSchemaText('name:string day:timestamp_ms price:float64', {
    index: ['name', 'day'],
  })
  await writeSplit(repo, {
    splitBy: 'name',
    into: 'prices',
    create: true,
    input: rowsTable(schema, rows),
    commit: repo.signed('a day'),
  })
}
