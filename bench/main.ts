import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchCsv } from './csv.ts'
import { benchEncodings, formatEncodings } from './encodings.ts'
import { benchInProcess } from './in-process.ts'
import { hasTool } from './measure.ts'
import { benchOilPrices } from './oil-prices.ts'
import { benchParquet } from './parquet.ts'
import { benchSplit } from './split.ts'
import { benchStartUp } from './start-up.ts'
import { formatTable, type Row } from './table.ts'

// Measures the built program as a user runs it, beside what else is installed. Data are generated from
// a seed or are the publications under examples/. Figures are medians.

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
})

/** Rows of a column that is measured in this process. */
const MOST_IN_MEMORY = 1 << 20
const runs = Number(values.runs)

/** Results as they are, and as a table. */
interface Measured {
  readonly rows: readonly unknown[]
  readonly table: string
}

const table =
  (name: string, suite: (folder: string) => Promise<Row[]> | Row[]) =>
  async (folder: string): Promise<Measured> => {
    const rows = await suite(folder)
    return { rows, table: formatTable(name, rows) }
  }

const suites = new Map<string, (folder: string) => Promise<Measured>>([
  ['start-up', table('start-up', (folder) => benchStartUp(folder, 5 * runs))],
  ['csv', table('csv', (folder) => benchCsv(folder, Number(values.rows), runs))],
  ['split', table('split', (folder) => benchSplit(folder, Number(values.rows), runs))],
  ['parquet', table('parquet', (folder) => benchParquet(folder, Number(values.rows), runs))],
  [
    'in-process',
    table('in-process', (folder) => benchInProcess(folder, Number(values.rows), runs)),
  ],
  ['oil-prices', table('oil-prices', (folder) => benchOilPrices(folder, runs))],
  [
    'encodings',
    async () => {
      const rows = await benchEncodings(Math.min(Number(values.rows), MOST_IN_MEMORY), runs)
      return { rows, table: formatEncodings(rows) }
    },
  ],
])

if (!hasTool('/usr/bin/time')) throw new Error('it takes GNU time, as /usr/bin/time')
for (const name of values.only ?? suites.keys()) {
  const suite = suites.get(name)
  if (suite === undefined) throw new Error(`--only takes one of ${[...suites.keys()].join(', ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  try {
    const { rows, table } = await suite(folder)
    process.stdout.write(values.json ? `${JSON.stringify({ suite: name, rows })}\n` : `${table}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
