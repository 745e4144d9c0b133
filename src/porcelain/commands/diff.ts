import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import type { Tolerance } from '../../core/tolerance.ts'
import { writeCsv } from '../../formats/csv/index.ts'
import { keyToJson } from '../../plumbing/key-text.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { type DiffItem, diffRows, type FileDiff } from '../diff.ts'
import { diffCsvFrames, diffCsvSchema } from '../diff-csv.ts'
import { type ComparedSeries, diffStats, type StatItem } from '../diff-stats.ts'
import { isNarrowed, type Narrowing } from '../narrow-diff.ts'
import { type Comparison, openComparison } from '../open-comparison.ts'
import type { PathStat } from '../tree-stat.ts'
import { cellsJson } from '../value-text.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import {
  diffItemJson,
  diffItemText,
  fileJson,
  fileLine,
  TERMINAL_ROWS,
  TERMINAL_SERIES,
} from './diff-text.ts'
import { rowCountsJson, seriesStatJson } from './history-json.ts'
import { parseColumns } from './reading-options.ts'
import { type StatWidths, statLine, statWidths, totalLine } from './stat-text.ts'

type Item =
  | Uint8Array
  | { readonly item: DiffItem; readonly limited: boolean }
  | { readonly json: unknown }
  | { readonly name: string; readonly state: PathStat['state'] | 'renamed'; readonly from?: string }
  | { readonly stat: StatItem; readonly widths: StatWidths }

const letters = { new: 'A', changed: 'M', deleted: 'D', renamed: 'R' } as const

export const diffCommand = defineCommand({
  name: 'diff',
  usage: [
    'diff [<options>] [<rev>] [--] [<series>...]',
    'diff [<options>] (<rev> <rev> | <rev>..<rev>) [--] [<series>...]',
    'diff [<options>] <rev>:<series> <rev>:<series>',
  ],
  summary: 'Show what changed, row by row',
  description: [
    'Without revisions: all that is pending, in the index and in changed files, against HEAD;',
    '--staged only what the next commit would hold, --unstaged only what is not staged yet. With one',
    'revision, against that one; with two, what changed from the first to the second. A...B is what',
    'B changed since it left A. A word that is no revision is a series, or a collection (sensors/).',
    '',
    'Rows are appended (past the old end), backfilled (new, before it), revised (old → new) or',
    'deleted; in short +2/1 ~3 -4: 2 appended, 1 backfilled, 3 revised, 4 deleted. On a terminal it',
    'shows 20 rows a series and 50 series; --all shows all of them. Where all revisions of a column are',
    'one offset or one factor it says so: × 1.01 on 52,560 rows. A series that was renamed, with half of its',
    'rows as they were, is one that differs, not one that went and one that came.',
    '',
    'With --json, each line is one row, or what is said of a series before its rows. With --csv each',
    'line is one cell: series, change, key, column, old, new.',
  ].join('\n'),
  examples: [
    { command: 'varve diff', about: 'what is pending' },
    { command: 'varve diff HEAD~1 brent-daily', about: 'since the commit before' },
    {
      command: 'varve diff v1..v2 --stat',
      about: 'a line a series: counts, keys, largest revision',
    },
    { command: 'varve diff HEAD~1 --rtol 0.001', about: 'only what differs by more than 0.1 %' },
    {
      command: 'varve diff main~5 main sensors/ --from 2026-08',
      about: 'only rows from August on',
    },
  ],
  options: (y) =>
    boundsOptions(
      y
        .positional('revision', { array: true, complete: 'revision' })
        .afterDashes('series', { complete: 'series' })
        .option('staged', {
          alias: 'cached',
          type: 'boolean',
          describe: 'Compare what the next commit will hold',
        })
        .option('unstaged', { type: 'boolean', describe: 'Compare files with what is staged' })
        .option('stat', { type: 'boolean', describe: 'Print a line a series, in numbers' })
        .option('name-only', { type: 'boolean', describe: 'Print the names of series alone' })
        .option('name-status', { type: 'boolean', describe: 'Print A, M or D and the name' })
        .option('csv', { type: 'boolean', describe: 'Print a table, one line a cell' })
        .option('all', { type: 'boolean', describe: 'Show all rows on a terminal too' })
        .option('columns', {
          alias: 'c',
          array: true,
          value: 'names',
          coerce: parseColumns,
          describe: 'Only these value columns, separated by commas',
        })
        .option('atol', {
          type: 'number',
          value: 'number',
          describe: 'Numbers that differ by no more than this are the same',
        })
        .option('rtol', {
          type: 'number',
          value: 'number',
          describe: 'Or by no more than this part of the old value; both are added',
        })
        .option('renames', {
          type: 'boolean',
          tristate: true,
          describe: 'With --no-renames, a renamed series is a deleted and a new one',
        })
        .option('exit-code', {
          type: 'boolean',
          describe: 'Exit with 1 when there are differences; --quiet does too, and prints none',
        })
        .conflicts('staged', 'unstaged')
        .conflicts('stat', 'name-only', 'name-status', 'csv')
        .conflicts('name-only', 'name-status', 'csv')
        .conflicts('name-status', 'csv'),
    ),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    const columns = args.columns.length === 0 ? undefined : args.columns.flat()
    const tolerance = toleranceOf(args.atol, args.rtol)
    const narrowing: Narrowing = { ...boundsOf(args), ...given({ columns, tolerance }) }
    if (context.json && args.csv) throw usageError('--json and --csv cannot be given together')
    const progress = context.progress({ label: 'reading changed files', unit: 'series' })
    const comparison = await openComparison(repo, {
      words: args.revision,
      series: args.series,
      staged: args.staged,
      unstaged: args.unstaged,
      renames: args.renames,
      now: context.now(),
      signal: context.abort,
      onFile: () => progress.add(1),
    }).finally(() => progress.done())
    try {
      let any = false
      const found = () => {
        any = true
      }
      for await (const item of itemsOf(comparison, args, narrowing, context, found)) {
        if (!context.quiet) yield item
        else if (any) break
      }
      if (any && (args.exitCode || context.quiet)) context.answerNo()
    } finally {
      await comparison.close()
    }
  },
  toText: (item, style, { nameStatus }) => {
    if (item instanceof Uint8Array || 'json' in item) return ''
    if ('item' in item) return diffItemText(item.item, style, item.limited)
    if ('name' in item) {
      if (!nameStatus) return readablePath(item.name)
      const from = item.from === undefined ? '' : `${readablePath(item.from)}\t`
      return `${letters[item.state]}\t${from}${readablePath(item.name)}`
    }
    const { stat, widths } = item
    if (stat.kind === 'file') return ` ${fileLine(stat, style)}`
    if (stat.kind === 'stat') return statLine(stat.stat, widths, style)
    return stat.series === 0 ? '' : totalLine(stat.series, stat.counts)
  },
  toJson: (item) => {
    if (item instanceof Uint8Array || 'item' in item) return undefined
    if ('json' in item) return item.json
    if ('name' in item) {
      const from = item.from === undefined ? {} : { from: item.from }
      return { series: item.name, status: letters[item.state], ...from }
    }
    const { stat } = item
    if (stat.kind === 'stat') return statJson(stat.stat)
    if (stat.kind === 'file') return fileJson(stat)
    return { total: { series: stat.series, ...rowCountsJson(stat.counts) } }
  },
  pager: ({ exitCode }) => !exitCode,
})

function toleranceOf(atol = 0, rtol = 0): Tolerance | undefined {
  for (const [name, value] of [
    ['--atol', atol],
    ['--rtol', rtol],
  ] as const) {
    if (!(value >= 0)) throw usageError(`${name} takes a number that is not negative`)
  }
  return atol === 0 && rtol === 0 ? undefined : { atol, rtol }
}

interface Wanted {
  readonly stat: boolean
  readonly nameOnly: boolean
  readonly nameStatus: boolean
  readonly csv: boolean
  readonly all: boolean
}

async function* itemsOf(
  comparison: Comparison,
  { stat, nameOnly, nameStatus, csv, all }: Wanted,
  narrowing: Narrowing,
  context: Context,
  found: () => void,
): AsyncGenerator<Item> {
  const counted = async function* <T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      if (!isTotal(item)) found()
      yield item
    }
  }
  if (nameOnly || nameStatus) {
    yield* counted(namesOf(comparison, narrowing))
  } else if (stat) {
    yield* withWidths(counted(diffStats(comparison, narrowing)))
  } else if (csv) {
    const items = counted(diffRows(comparison, narrowing))
    yield* writeCsv(diffCsvSchema, diffCsvFrames(items))
  } else if (context.json || context.quiet) {
    for await (const item of counted(diffRows(comparison, narrowing))) {
      for (const json of diffItemJson(item)) yield { json }
    }
  } else {
    const limited = context.stdoutIsTerminal && !all
    const limits = limited ? { rowsOfSeries: TERMINAL_ROWS, seriesWithRows: TERMINAL_SERIES } : {}
    const options = { ...narrowing, ...limits, counted: true }
    for await (const item of counted(diffRows(comparison, options))) yield { item, limited }
  }
}

function isTotal(item: unknown): boolean {
  return (item as { kind?: unknown }).kind === 'total'
}

async function* namesOf(comparison: Comparison, narrowing: Narrowing): AsyncGenerator<Item> {
  if (isNarrowed(narrowing)) {
    for await (const item of diffStats(comparison, narrowing)) {
      if (item.kind === 'stat') yield nameOfStat(item.stat)
      if (item.kind === 'file') yield nameOfFile(item)
    }
    return
  }
  for await (const { path, old, new: fresh, from } of comparison.changes()) {
    const kind = (fresh ?? old)!.kind === 'tree' ? 'collection' : 'series'
    const state = old === undefined ? 'new' : fresh === undefined ? 'deleted' : 'changed'
    const name = nameOf({ path, kind })
    yield from === undefined ? { name, state } : { name, state: 'renamed', from }
  }
  for (const file of comparison.files) yield nameOfFile({ kind: 'file', file })
}

function nameOf({ path, kind }: Pick<PathStat, 'path' | 'kind'>): string {
  return kind === 'collection' ? `${path}/` : path
}

function nameOfStat(stat: ComparedSeries): Item {
  const { state, from } = stat
  const name = nameOf(stat)
  return from === undefined ? { name, state } : { name, state: 'renamed', from }
}

function nameOfFile({ file }: FileDiff): Item {
  return { name: file.series, state: file.state === 'missing' ? 'deleted' : 'changed' }
}

/** Series whose names are looked at to put the lines in line. */
const LINED_UP = 500

async function* withWidths(items: AsyncIterable<StatItem>): AsyncGenerator<Item> {
  const first: StatItem[] = []
  let widths: StatWidths | undefined
  for await (const stat of items) {
    if (widths !== undefined) yield { stat, widths }
    else first.push(stat)
    if (first.length < LINED_UP || widths !== undefined) continue
    widths = widthsOf(first)
    for (const stat of first) yield { stat, widths }
  }
  if (widths !== undefined) return
  widths = widthsOf(first)
  for (const stat of first) yield { stat, widths }
}

function widthsOf(items: readonly StatItem[]): StatWidths {
  return statWidths(items.flatMap((item) => (item.kind === 'stat' ? [item.stat] : [])))
}

function statJson(stat: ComparedSeries) {
  const { schema, largest, constant } = stat
  const json = { ...seriesStatJson(stat), ...(constant && { constant }) }
  if (schema === undefined || largest === undefined) return json
  const { key, cell } = largest
  const values = { old: cellsJson([cell], 'old'), new: cellsJson([cell], 'new') }
  return { ...json, largest: { key: keyToJson(schema, key, stat.zone), ...values } }
}
