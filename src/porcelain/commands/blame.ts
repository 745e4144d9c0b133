import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { type DateStyle, formatCommitDate, parseDateStyle } from '../../core/date-format.ts'
import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'
import { abbreviationLength } from '../../plumbing/abbreviate-id.ts'
import { signatureJson } from '../../plumbing/commands/commit-json.ts'
import { formatKey, keyToJson, typedKey } from '../../plumbing/key-text.ts'
import { openShown } from '../../plumbing/series-zone.ts'
import { type BlameResult, type BlameRun, blame } from '../blame.ts'
import { describeAsOf } from '../describe-as-of.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import { cutTo } from './cut-to.ts'
import { parseColumns } from './reading-options.ts'
import { versionOptions } from './version-options.ts'

/** What the lines of some runs are made of. */
interface RunTexts {
  readonly id: string
  readonly author: string
  readonly date: string
  readonly keys: string
  readonly rows: string
  readonly subject: string
}

interface Item {
  readonly run: BlameRun
  readonly json: unknown
  readonly texts: RunTexts
  readonly widths: Readonly<Record<keyof RunTexts, number>>
  /** The column, where it is another one than that of the line before. */
  readonly heading: string | undefined
}

export const blameCommand = defineCommand({
  name: 'blame',
  usage: 'blame [<options>] [<rev>:]<series> [<key>...]',
  summary: 'Show which commit last changed each row',
  description: [
    'A line for each run of rows that one commit made what they are: its id and author, when it was',
    'committed, the first and last key, how many rows, and the first line of its message. A key (one',
    'value for each index column, or a period as 2026-08) asks about its rows alone.',
    '',
    'A row counts as changed where any value column does; --columns says which count. With',
    '--by-column each column is looked at by itself.',
    '',
    'As with git, a merge is passed on to the parent that has a row as it is; only a row that is unlike',
    'each parent is the merge’s own. Renamed columns and moved series are followed. ^ in front of an id',
    'says that history before that commit is not here: rows may be older. What is only staged has no',
    'commit yet, and is not looked at.',
  ].join('\n'),
  examples: [
    { command: 'varve blame brent-daily', about: 'whose rows these are' },
    { command: 'varve blame brent-daily 2026-08-17', about: 'of one day' },
    { command: 'varve blame v1:brent-daily --from 2026', about: 'as it was, from 2026 on' },
    {
      command: 'varve blame sensors/a --by-column --columns temp,rain',
      about: 'two columns, each',
    },
  ],
  options: (y) =>
    boundsOptions(
      versionOptions(
        y
          .positional('series', { type: 'string', demandOption: true, complete: 'series' })
          .positional('key', { type: 'string', array: true }),
        'keys',
      )
        .option('columns', {
          alias: 'c',
          array: true,
          value: 'names',
          coerce: parseColumns,
          describe: 'Only these value columns count, separated by commas',
        })
        .option('by-column', { type: 'boolean', describe: 'Look at each column by itself' })
        .option('first-parent', { type: 'boolean', describe: 'Follow only the first parent' })
        .option('date', {
          value: 'style',
          coerce: parseDateStyle,
          describe: 'How dates are written: short unless given',
        }),
    ),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    const now = context.now()
    const bounds = boundsOf(args)
    if (args.key.length > 0 && Object.keys(bounds).some((name) => name !== 'closed')) {
      throw usageError('a key means its rows alone: it does not go with --from, --to or --at')
    }
    const progress = context.progress({ label: 'looking at commits', unit: 'commits' })
    const result = await blame(repo, {
      now,
      name: args.series,
      ...(args.key.length > 0 ? { ...bounds, at: typedKey(args.key), atName: 'the key' } : bounds),
      ...given({
        rev: args.rev,
        asOf: args.asOf === undefined ? undefined : parseWhen(args.asOf, now),
        zone: args.tz,
        columns: args.columns.length === 0 ? undefined : args.columns.flat(),
      }),
      byColumn: args.byColumn,
      firstParent: args.firstParent,
      onCommit: () => progress.add(1),
      signal: context.abort,
    }).finally(() => progress.done())
    if (result.series.asOf) context.note(describeAsOf(result.series.asOf))
    if (args.key.length > 0 && result.rows === 0) throw noRow(args.key, result)
    const digits = context.json ? 7 : await abbreviationLength(repo)
    yield* itemsOf(result, digits, args.date ?? 'short', now.seconds)
  },
  toText: ({ texts, widths, heading }, style) => runLines(texts, widths, heading, style),
  toJson: ({ json }) => json,
  pager: true,
})

function noRow(key: readonly string[], { series }: BlameResult): VarveError {
  return new VarveError(
    'key-not-found',
    `${series.path} has no row with the key ${key.join(' ')}`,
    {
      data: { series: series.path, key },
      hint: `varve history ${series.path} ${key.join(' ')} finds one that was deleted`,
    },
  )
}

/** Runs that are looked at to put the lines in line. */
const LINED_UP = 1000
const LONGEST = 16

async function* itemsOf(
  result: BlameResult,
  digits: number,
  date: DateStyle,
  now: number,
): AsyncGenerator<Item> {
  const zone = await openShown(result.zone)
  const { schema, series } = result
  const runs = result.runs()
  const first: { run: BlameRun; texts: RunTexts }[] = []
  const textsOf = (run: BlameRun): RunTexts => {
    const { by } = run
    const [from, to] = [run.first, run.last].map((key) => formatKey(schema, key, zone))
    return {
      id: `${by.isCut ? '^' : ''}${by.id.slice(0, digits)}`,
      author: cutTo(escapeControl(by.commit.author.name), LONGEST),
      date: formatCommitDate(by.commit.committer, date, now),
      keys: run.rows === 1 ? from! : `${from}…${to}`,
      rows: `${run.rows.toLocaleString('en-US')} row${run.rows === 1 ? ' ' : 's'}`,
      subject: escapeControl(subjectOf(by.commit)),
    }
  }
  for (const run of runs) {
    first.push({ run, texts: textsOf(run) })
    if (first.length === LINED_UP) break
  }
  const widest = (name: keyof RunTexts) =>
    first.reduce((most, { texts }) => Math.max(most, texts[name].length), 0)
  const widths = {
    id: widest('id'),
    author: widest('author'),
    date: widest('date'),
    keys: widest('keys'),
    rows: widest('rows'),
    subject: 0,
  }
  let column: string | undefined
  const item = (run: BlameRun, texts: RunTexts): Item => {
    const heading = run.column === column ? undefined : run.column
    column = run.column
    const { by } = run
    const json = {
      ...(run.column !== undefined && { column: run.column }),
      first: keyToJson(schema, run.first, zone),
      last: keyToJson(schema, run.last, zone),
      rows: run.rows,
      commit: by.id,
      boundary: by.isCut,
      ...(by.path !== series.path && { series: by.path }),
      author: signatureJson(by.commit.author),
      committer: signatureJson(by.commit.committer),
      subject: subjectOf(by.commit),
    }
    return { run, json, texts, widths, heading }
  }
  for (const { run, texts } of first) yield item(run, texts)
  for (const run of runs) yield item(run, textsOf(run))
}

function runLines(
  texts: RunTexts,
  widths: Item['widths'],
  heading: string | undefined,
  style: Style,
): string {
  const { id, author, date, keys, rows, subject } = texts
  const parts = [
    style.yellow(id.padStart(widths.id)),
    author.padEnd(widths.author),
    date.padEnd(widths.date),
    keys.padEnd(widths.keys),
    rows.padStart(widths.rows),
  ]
  const used = widths.id + widths.author + widths.date + widths.keys + widths.rows + 5 * 2
  const shown = style.terminal ? cutTo(subject, Math.max(style.columns - used, 0)) : subject
  const line = `${parts.join('  ')}  ${style.dim(shown)}`.trimEnd()
  return heading === undefined ? line : `${style.bold(escapeControl(heading))}\n${line}`
}
