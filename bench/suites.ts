import { benchInProcess } from './in-process.ts'
import type { Suite } from './suite.ts'
import { columnsSuite } from './suites/columns.ts'
import { csvSuite } from './suites/csv.ts'
import { encodingsSuite } from './suites/encodings.ts'
import { oilSuite } from './suites/oil.ts'
import { parquetSuite } from './suites/parquet.ts'
import { splitSuite } from './suites/split.ts'
import { startUpSuite } from './suites/start-up.ts'

/** All there are, in the order in which they run. */
export const suites: readonly Suite[] = [
  startUpSuite,
  columnsSuite,
  csvSuite,
  oilSuite,
  {
    name: 'in-process',
    about: 'the model by itself, from frames in memory to a pack and back',
    run: async ({ folder, rows, runs }) => ({ rows: await benchInProcess(folder, rows, runs) }),
  },
  parquetSuite,
  splitSuite,
  encodingsSuite,
]
