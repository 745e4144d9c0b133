import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { sliceFrame } from '../../src/core/frame.ts'
import type { Frame } from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { withValues } from '../data-edits.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { openIn, writeFrames } from '../in-varve.ts'
import { costOf, grownBy, stored } from '../measure.ts'
import type { Suite, Target } from '../suite.ts'

const NAME = 'sensors'
const FIRST = 'the rows'
const FACTOR = 1.01

/** What becomes of a value: as a program writes it, or with its two decimals. */
const kinds = new Map<string, (value: number) => number>([
  ['a year × 1.01', (value) => value * FACTOR],
  ['a year × 1.01, two decimals', (value) => Math.round(value * FACTOR * 100) / 100],
])

/** A year of seconds is multiplied in 50 million rows: one commit. */
export const recalibrationSuite: Suite = {
  name: 'recalibration',
  about: 'a year of values × 1.01 in a series of five times the rows, one commit, in process',
  targetRows: 10_000_000,
  async run({ folder: parent, rows: asked, runs }) {
    const rows = asked * 5
    const year = Math.floor(rows * 0.63)
    const first = Math.floor(rows * 0.2)
    const { schema } = dataSets[NAME]
    const comparison = new Comparison()
    // The year by itself, to know what it takes.
    const alone = join(parent, 'year')
    const ofYear = await openIn(alone)
    await writeFrames(ofYear, NAME, schema, () => rowsOf(rows, first, first + year))
    await ofYear.close()
    const { storedBytes: yearBytes } = stored(alone)
    for (let run = 0; run < runs; run++) {
      for (const [what, change] of kinds) {
        const folder = join(parent, `varve${run}`)
        const repo = await openIn(folder)
        const writing = await costOf(() =>
          writeFrames(repo, NAME, schema, () => dataSetFrames(NAME, rows)),
        )
        const before = stored(folder)
        comparison.add(FIRST, VARVE, { ...writing, ...before })
        const changed = [...rowsOf(rows, first, first + year)].map((frame) =>
          withValues(frame, change),
        )
        const cost = await costOf(() => writeFrames(repo, NAME, schema, changed))
        comparison.add(what, VARVE, { ...cost, ...grownBy(before, stored(folder)) })
        await repo.close()
        rmSync(folder, { recursive: true })
      }
    }
    const targets: Target[] = [...kinds.keys()].flatMap((what) => [
      ...comparison.ownTarget(what, 'storedBytes', yearBytes),
      ...comparison.ownTarget(what, 'seconds', 3),
    ])
    const yearRow = { what: 'the year by itself', who: VARVE, storedBytes: yearBytes }
    return { rows: [...comparison.rows(), yearRow], targets }
  },
}

function* rowsOf(rows: number, from: number, to: number): Generator<Frame> {
  let before = 0
  for (const frame of dataSetFrames(NAME, Math.min(rows, to))) {
    const start = Math.max(from - before, 0)
    if (start < frame.rows) yield start === 0 ? frame : sliceFrame(frame, start, frame.rows)
    before += frame.rows
  }
}
