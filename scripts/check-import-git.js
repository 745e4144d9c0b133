// Imports the history of git repositories with the built program, then reads every commit back and
// compares its tables with the files of the git commit as csv-parse reads them:
//
//   npm run check:import-git -- [--every=N] PATH...
//
// With --every only each Nth commit is read back, and the last.
//
// What is compared: which tables there are, the names of their columns, and all rows, whatever their
// order. Dates are compared under the layout that makes the column the same, if one does. Files that the
// import reported as unreadable are to be as they were before. Exit code 1 where anything differs.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse } from 'csv-parse/sync'

const { values, positionals } = parseArgs({
  options: { every: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const every = Number(values.every)
const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'bin', 'varve.js')
const { listSeries, openRepository, readSeriesRows, rowsOf } = await import(
  join(root, 'dist', 'index.js')
)

/** The endings that csv-parse is asked to read. */
const COMPARED = /\.(?:csv|tsv)$/i
const TABLE = /\.(?:csv|tsv|ndjson|jsonl|parquet|pq|arrow|feather|arrows)(?:\.(?:gz|zst))?$/i
const MOST_SHOWN = 20
/** @type {(line: string) => void} */
const say = (line) => void process.stdout.write(`${line}\n`)

/** @type {(source: string, folder: string) => Promise<boolean>} */
async function check(source, folder) {
  const began = process.hrtime.bigint()
  const identity = ['-c', 'user.name=check', '-c', 'user.email=check@example.org']
  run(program, [...identity, 'init', '--quiet', folder])
  const text = run(program, [...identity, '-C', folder, '--json', 'import', 'git', source])
  const imported = JSON.parse(text)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  const repo = await openRepository(folder)
  const mapped = await readMapping(repo, imported.ref)
  const steps = git(source, ['rev-list', '--topo-order', '--reverse', '--parents', imported.git])
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
  const faults = new Set(imported.problems.map(({ file, commit }) => `${commit} ${file}`))
  const broken = new Map()
  const verified = new Map()
  const wrong = []
  const different = new Map()
  const counts = { commits: 0, tables: 0, compared: 0, asBefore: 0, otherFormats: 0 }
  for (const [at, [commit, first]] of steps.entries()) {
    const files = filesAt(source, commit)
    const inherited = broken.get(first) ?? new Map()
    const unread = new Map()
    for (const [path, oid] of files) {
      if (faults.has(`${commit} ${path}`) || inherited.get(path) === oid) unread.set(path, oid)
    }
    broken.set(commit, unread)
    if (at % every !== 0 && at < steps.length - 1) continue
    counts.commits++
    const made = mapped.get(commit)
    const series = new Map()
    if (made !== undefined) {
      for await (const { path, id } of listSeries(repo, { rev: made })) series.set(path, id)
    }
    for (const [path, oid] of files) {
      counts.tables++
      const name = path.replace(TABLE, '')
      const id = series.get(name)
      if (unread.has(path)) counts.asBefore++
      else if (id === undefined) wrong.push(`${commit} ${path}: no series`)
      else if (!COMPARED.test(path)) counts.otherFormats++
      else {
        const pair = `${oid} ${id}`
        if (!verified.has(pair)) {
          counts.compared++
          verified.set(pair, await difference(source, repo, { path, oid, made, name }))
        }
        const found = verified.get(pair)
        if (found !== undefined) different.set(pair, `${commit} ${path}: ${found}`)
      }
      series.delete(name)
    }
    for (const name of series.keys()) wrong.push(`${commit}: the series ${name} has no file`)
  }
  wrong.push(...different.values())
  const reasons = new Map()
  for (const { reason } of imported.problems) {
    const kind = reason
      .replace(/"[^"]*"|\b[0-9a-f]{40}\b|[\d.,-]+|\\x../g, '…')
      .replace(/^\S*\/\S+|^\S+\.csv\S*/, '…')
    reasons.set(kind, (reasons.get(kind) ?? 0) + 1)
  }
  const label = `${basename(dirname(source))}/${basename(source)}`
  say(
    `${label}: ${steps.length} commits, ${imported.made} with other tables, ${counts.commits} read back`,
  )
  say(`  ${counts.tables} tables at these, ${counts.compared} of them different: compared`)
  say(`  ${counts.asBefore} left as before, ${counts.otherFormats} of other formats`)
  say(
    `  ${imported.problems.length} versions that cannot be read; imported in ${seconds.toFixed(0)} s`,
  )
  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1])) {
    say(`    ${count} × ${reason}`)
  }
  say(`  ${wrong.length === 0 ? 'all equal' : `${wrong.length} DIFFER`}`)
  for (const line of wrong.slice(0, MOST_SHOWN)) say(`    ${line}`)
  await repo[Symbol.asyncDispose]()
  return wrong.length === 0
}

/** @type {(file: string, args: string[]) => string} */
function run(file, args) {
  return execFileSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** @type {(source: string, args: string[]) => string} */
function git(source, args) {
  return execFileSync('git', ['-C', source, ...args], { encoding: 'utf8', maxBuffer: 2 ** 31 - 1 })
}

/** What git commits became. */
async function readMapping(repo, ref) {
  const mapped = new Map()
  const read = await readSeriesRows(repo, { name: 'commits', rev: ref })
  for await (const frame of read.frames()) {
    for (const [commit, made] of rowsOf(frame)) if (made !== null) mapped.set(commit, made)
  }
  return mapped
}

/** The tables among the files of a commit, by path. */
function filesAt(source, commit) {
  const files = new Map()
  for (const line of git(source, ['ls-tree', '-r', '-z', commit]).split('\0')) {
    const match = /^100\d+ blob ([0-9a-f]+)\t(.*)$/s.exec(line)
    if (match !== null && TABLE.test(match[2])) files.set(match[2], match[1])
  }
  return files
}

/** What differs between a file and its series; undefined where nothing does. */
async function difference(source, repo, { path, oid, made, name }) {
  const bytes = execFileSync('git', ['-C', source, 'cat-file', 'blob', oid], {
    maxBuffer: 2 ** 31 - 1,
  })
  const [header = [], ...records] = recordsOf(bytes, path)
  const read = await readSeriesRows(repo, { name, rev: made })
  const { columns } = read.schema
  const names = columns.map((column) => column.name)
  const fileNames = header.map((cell, at) => cell.trim() || `c${at + 1}`)
  if ([...names].sort().join('\n') !== [...fileNames].sort().join('\n')) {
    return `columns ${names.join()} for ${fileNames.join()}`
  }
  const rows = []
  for await (const frame of read.frames()) {
    for (const row of rowsOf(frame)) rows.push(row.map((value) => textOf(value)))
  }
  const full = records.filter((cells) => cells.some((cell) => cell.trim() !== ''))
  if (rows.length !== full.length) return `${rows.length} rows for ${full.length}`
  const places = names.map((each) => fileNames.indexOf(each))
  const values = columns.map(({ type }, at) => {
    const cells = full.map((cells) => cells[places[at]] ?? '')
    return valuesOf(
      type,
      cells,
      rows.map((row) => row[at]),
    )
  })
  const found = rows.map((row) => row.join('\u0001')).sort()
  const wanted = full.map((_, row) => values.map((column) => column[row]).join('\u0001')).sort()
  const at = found.findIndex((row, at) => row !== wanted[at])
  return at < 0 ? undefined : `${JSON.stringify(found[at])} for ${JSON.stringify(wanted[at])}`
}

/** @type {(bytes: Buffer, path: string) => string[][]} */
function recordsOf(bytes, path) {
  const first = bytes
    .subarray(0, bytes.indexOf(10) < 0 ? bytes.length : bytes.indexOf(10))
    .toString()
  const counted = [',', ';', '\t', '|'].map((mark) => ({ mark, count: first.split(mark).length }))
  const best = counted.sort((a, b) => b.count - a.count)[0].mark
  const delimiter = /\.tsv$/i.test(path) ? '\t' : best
  // The last line feed after a file whose lines end with a carriage return alone.
  const end = bytes.at(-1) === 10 && !bytes.subarray(0, -1).includes(10) ? -1 : bytes.length
  return parse(bytes.subarray(0, end), {
    delimiter,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
}

/** A value as both sides write it. */
function textOf(value) {
  return value === null ? '' : Object.is(value, -0) ? '0' : String(value)
}

/** The cells of a column as the values of its type are written. */
function valuesOf(type, cells, found) {
  if (/^u?int/.test(type))
    return cells.map((cell) => cell.trim() && BigInt(cell.trim().replace(/^\+/, '')).toString())
  if (/^float/.test(type)) return cells.map((cell) => cell.trim() && textOf(Number(cell)))
  if (type === 'bool') return cells.map((cell) => cell.trim().toLowerCase())
  if (type !== 'date' && !type.startsWith('timestamp')) return cells
  const wanted = [...found].sort().join()
  for (const read of LAYOUTS) {
    const values = cells.map((cell) => dateText(read(cell.trim()), type))
    if (values.every((value) => value !== undefined) && [...values].sort().join() === wanted)
      return values
  }
  return cells
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const part = (pattern, order) => (text) => {
  if (text === '') return ''
  const match = pattern.exec(text)
  if (match === null) return undefined
  const parts = { y: 1970, m: 1, d: 1, h: 0, i: 0, s: 0, p: 0 }
  for (const [at, name] of [...order].entries()) {
    const word = match[at + 1] ?? '0'
    if (name === 'p') {
      if (/p/i.test(word)) parts.h = (parts.h % 12) + 12
      else if (/a/i.test(word)) parts.h %= 12
      continue
    }
    const month = MONTHS.indexOf(word.slice(0, 3).toLowerCase())
    parts[name] = name === 'm' && month >= 0 ? month + 1 : Number(word)
  }
  const year = parts.y < 69 ? parts.y + 2000 : parts.y < 100 ? parts.y + 1900 : parts.y
  return Date.UTC(year, parts.m - 1, parts.d, parts.h, parts.i) + parts.s * 1000
}
const CLOCK = '(?:[T ,]+(\\d{1,2}):(\\d{2})(?::(\\d{2}(?:\\.\\d{1,6})?))?Z?(?: ?([AaPp])[Mm])?)?'

/** Each reads a date as milliseconds since 1970. */
const LAYOUTS = [
  part(new RegExp(`^(\\d{4})-(\\d{1,2})-(\\d{1,2})${CLOCK}$`), 'ymdhisp'),
  part(/^(\d{4})-(\d{1,2})$/, 'ym'),
  part(/^(\d{4})(\d{2})(\d{2})$/, 'ymd'),
  part(new RegExp(`^(\\d{4})/(\\d{1,2})/(\\d{1,2})${CLOCK}$`), 'ymdhisp'),
  part(new RegExp(`^(\\d{1,2})[/.-](\\d{1,2})[/.-](\\d{2,4})${CLOCK}$`), 'mdyhisp'),
  part(new RegExp(`^(\\d{1,2})[/.-](\\d{1,2})[/.-](\\d{2,4})${CLOCK}$`), 'dmyhisp'),
  part(/^(\d{1,2})[- ]([A-Za-z]{3,9})[- ,]+(\d{2,4})$/, 'dmy'),
  part(/^([A-Za-z]{3,9})[- .]+(\d{1,2}),? +(\d{4})$/, 'mdy'),
  part(/^([A-Za-z]{3,9})[- ](\d{2,4})$/, 'my'),
  (text) => (text === '' ? '' : /^-?\d+$/.test(text) ? Number(text) * 1000 : undefined),
]

/** Milliseconds as the library hands out a value of a type. */
function dateText(milliseconds, type) {
  if (milliseconds === '' || milliseconds === undefined) return milliseconds
  if (type === 'date') return String(milliseconds / 86_400_000)
  const perSecond = { timestamp_s: 1, timestamp_ms: 1e3, timestamp_us: 1e6, timestamp_ns: 1e9 }[
    type
  ]
  return ((BigInt(Math.round(milliseconds * 1000)) * BigInt(perSecond)) / 1_000_000n).toString()
}

let differs = false
for (const path of positionals) {
  const folder = mkdtempSync(join(tmpdir(), 'varve-import-git-'))
  try {
    differs = !(await check(resolve(path), folder)) || differs
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
process.exitCode = differs ? 1 : 0
