import { benchInProcess } from './in-process.ts'
import type { Suite } from './suite.ts'
import { columnsSuite } from './suites/columns.ts'
import { commitsSuite } from './suites/commits.ts'
import { correctionsSuite } from './suites/corrections.ts'
import { csvSuite } from './suites/csv.ts'
import { encodingsSuite } from './suites/encodings.ts'
import { fsckSuite } from './suites/fsck.ts'
import { historySuite } from './suites/history.ts'
import { lifeSuite } from './suites/life.ts'
import { mergeSuite } from './suites/merge.ts'
import { oilSuite } from './suites/oil.ts'
import { parquetSuite } from './suites/parquet.ts'
import { recalibrationSuite } from './suites/recalibration.ts'
import { rowsSuite } from './suites/rows.ts'
import { seriesSuite } from './suites/series.ts'
import { slowClientsSuite } from './suites/slow-clients.ts'
import { splitSuite } from './suites/split.ts'
import { startUpSuite } from './suites/start-up.ts'
import { transferSuite } from './suites/transfer.ts'
import { tuiSuite } from './suites/tui.ts'

/** All there are, in the order in which they run. */
export const suites: readonly Suite[] = [
  startUpSuite,
  columnsSuite,
  csvSuite,
  oilSuite,
  historySuite,
  correctionsSuite,
  mergeSuite,
  lifeSuite,
  recalibrationSuite,
  rowsSuite,
  seriesSuite,
  commitsSuite,
  transferSuite,
  slowClientsSuite,
  {
    name: 'in-process',
    about: 'the model by itself, from frames in memory to a pack and back',
    run: async ({ folder, rows, runs }) => ({ rows: await benchInProcess(folder, rows, runs) }),
  },
  parquetSuite,
  splitSuite,
  encodingsSuite,
  fsckSuite,
  tuiSuite,
]
