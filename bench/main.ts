import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tuneEngine } from '../src/index.ts'
import { formatGrowth } from './growth.ts'
import { hasTool } from './measure.ts'
import { findPeers, type Peers } from './peers/peers.ts'
import type { GrowthLine, Suite, SuiteResult, Target } from './suite.ts'
import { suites } from './suites.ts'
import { formatTable, formatTargets } from './table.ts'

// Measures the built program as a user runs it, and the library as a program uses it, beside what else
// does the same, in the same run. Data are generated from a seed or are the publications under examples/.
// Figures are medians. Tables go to standard output, all else to standard error.

const USAGE = `npm run bench [-- NAME...] [--rows N] [--runs N] [--json] [--svg FILE]

${suites.map(({ name, about }) => `  ${name.padEnd(15)} ${about}`).join('\n')}

Peers are measured as far as they are there; Lakota where LAKOTA_HOME is a checkout of it
(run by LAKOTA_PYTHON, /usr/bin/python3 unless told, with numpy, numcodecs, msgpack, pytz, tabulate).
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '10000000' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    svg: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const chosen = [...positionals, ...values.only]
const unknown = chosen.find((name) => suites.every((suite) => suite.name !== name))
const [rows, runs] = [Number(values.rows), Number(values.runs)]
if (values.help) {
  process.stdout.write(USAGE)
} else if (unknown !== undefined) {
  usageError(`there is no suite ${unknown}`)
} else if (!(Number.isSafeInteger(rows) && rows > 0 && Number.isSafeInteger(runs) && runs > 0)) {
  usageError('--rows and --runs take a number above 0')
} else if (!hasTool('/usr/bin/time') || !hasTool('bash')) {
  usageError('it takes bash, and GNU time as /usr/bin/time')
} else {
  await runSuites(suites.filter(({ name }) => chosen.length === 0 || chosen.includes(name)))
}

function usageError(message: string): void {
  process.stderr.write(`bench: ${message}\n\n${USAGE}`)
  process.exitCode = 2
}

async function runSuites(wanted: readonly Suite[]): Promise<void> {
  // As the library's page tells programs that read and write much.
  tuneEngine()
  const peers = await findPeers(process.env)
  const says = values.json ? process.stderr : process.stdout
  says.write(`${peers.versions.join(', ')}\n`)
  for (const missing of peers.missing) process.stderr.write(`NOT MEASURED: ${missing}\n`)
  const growth: GrowthLine[] = []
  const targets: Target[] = []
  for (const suite of wanted) {
    const result = await runSuite(suite, peers)
    growth.push(...(result.growth ?? []))
    targets.push(...toldTargets(suite, result))
    print(suite, result)
  }
  if (wanted.length > 1 && targets.length > 0 && !values.json) {
    const met = targets.filter(({ most, reached }) => reached <= most).length
    process.stdout.write(`\n## ${met} of ${targets.length} targets\n\n${formatTargets(targets)}`)
  }
  if (values.svg !== undefined) writeFileSync(values.svg, formatGrowth(growth))
}

async function runSuite(suite: Suite, peers: Peers): Promise<SuiteResult> {
  const folder = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  try {
    return await suite.run({ folder, rows, runs, peers })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function toldTargets({ targetRows = 0 }: Suite, { targets = [] }: SuiteResult): readonly Target[] {
  return rows < targetRows ? [] : targets
}

function print(suite: Suite, result: SuiteResult): void {
  const { name, about, targetRows = 0 } = suite
  const targets = toldTargets(suite, result)
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ suite: name, rows: result.rows, targets })}\n`)
    return
  }
  process.stdout.write(`\n## ${name}: ${about}\n\n`)
  process.stdout.write(result.table ?? formatTable(name, result.rows))
  if (targets.length > 0) process.stdout.write(`\n${formatTargets(targets)}`)
  else if (rows < targetRows) {
    const needed = targetRows.toLocaleString('en-US')
    process.stdout.write(`\nTargets are told for ${needed} rows or more.\n`)
  }
}
