import { join } from 'node:path'
import { fsck } from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { type DataSetName, dataSetFrames, dataSets } from '../data-sets.ts'
import { openIn, writeFrames } from '../in-varve.ts'
import { costOf, stored } from '../measure.ts'
import type { Suite, Target } from '../suite.ts'

const NAMES: readonly DataSetName[] = ['sensors', 'prices']
/** Canonical bytes that are to be checked in a second. */
const BYTES_PER_SECOND = 300e6

/** A whole check of a table that was written at once: every checksum, every SHA-256, every key. */
export const fsckSuite: Suite = {
  name: 'fsck',
  about: 'a whole check of one large series, in process',
  targetRows: 10_000_000,
  async run({ folder, rows, runs }) {
    const comparison = new Comparison()
    const targets: Target[] = []
    for (const name of NAMES) {
      const place = join(folder, name)
      const writing = await openIn(place)
      await writeFrames(writing, name, dataSets[name].schema, dataSetFrames(name, rows))
      await writing.close()
      let bytes = 0
      const what = `${name}, fsck`
      for (let run = 0; run < runs; run++) {
        const repo = await openIn(place)
        const cost = await costOf(async () => {
          for await (const item of fsck(repo)) if (item.kind === 'summary') bytes = item.bytes
        })
        await repo.close()
        comparison.add(what, VARVE, { ...cost, ...stored(place) })
      }
      const most = bytes / BYTES_PER_SECOND
      targets.push(...comparison.ownTarget(what, 'seconds', most))
    }
    return { rows: comparison.rows(), targets }
  },
}
