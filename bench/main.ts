import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchCsv } from './csv.ts'
import { hasTool } from './measure.ts'
import { benchOilPrices } from './oil-prices.ts'
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

const suites = new Map<string, (folder: string) => Promise<Row[]> | Row[]>([
  ['start-up', (folder) => benchStartUp(folder, 5 * Number(values.runs))],
  ['csv', (folder) => benchCsv(folder, Number(values.rows), Number(values.runs))],
  ['oil-prices', (folder) => benchOilPrices(folder, Number(values.runs))],
])

if (!hasTool('/usr/bin/time')) throw new Error('it takes GNU time, as /usr/bin/time')
for (const name of values.only ?? suites.keys()) {
  const suite = suites.get(name)
  if (suite === undefined) throw new Error(`--only takes one of ${[...suites.keys()].join(', ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  try {
    const rows = await suite(folder)
    process.stdout.write(
      values.json ? `${JSON.stringify({ suite: name, rows })}\n` : `${formatTable(name, rows)}\n`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
