import { defineCommand, given } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { type DateStyle, formatCommitDate, parseDateStyle } from '../../core/date-format.ts'
import { escapeControl } from '../../core/names.ts'
import type { RowChange } from '../../core/series-diff.ts'
import type { Zone } from '../../core/zone.ts'
import { abbreviationLength } from '../../plumbing/abbreviate-id.ts'
import { signatureJson } from '../../plumbing/commands/commit-json.ts'
import { checkCount } from '../../plumbing/commands/walk-options.ts'
import { formatKey, keyToJson, typedKey } from '../../plumbing/key-text.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { schemaChangeText } from '../change-summary.ts'
import { changedCells } from '../changed-cells.ts'
import { describeAsOf } from '../describe-as-of.ts'
import { history, type PointChange } from '../history.ts'
import { cellsJson, cellsText } from '../value-text.ts'
import { cutTo } from './cut-to.ts'
import { colourClass } from './diff-text.ts'
import { parseColumns } from './reading-options.ts'
import { versionOptions } from './version-options.ts'

type Item =
  | { readonly json: unknown }
  | {
      readonly change: PointChange
      readonly zone: Zone | undefined
      /** What the series is called in the commit, where it was called otherwise. */
      readonly path: string | undefined
      /** Whether all rows have one key, which need not be shown then. */
      readonly isOneKey: boolean
      readonly text: { readonly digits: number; readonly date: DateStyle; readonly now: number }
    }

export const historyCommand = defineCommand({
  name: 'history',
  usage: 'history [<options>] [<rev>:]<series> <key>...',
  summary: 'Show every value that a point ever had',
  description: [
    'The commits that added, revised or deleted the row with a key, the latest first: when it was',
    'committed, by whom, and from what to what. The key has one value for each index column; fewer',
    'values, or a period as 2026-08, mean all rows that have them.',
    '',
    'Renamed columns and moved series are followed. At a merge, the parent that has the row as it is',
    'accounts for it. ^ in front of an id says that history before that commit is not here.',
    '',
    'With --json each line is one row that a commit changed, or a change of the columns.',
  ].join('\n'),
  examples: [
    { command: 'varve history brent-daily 2026-07-31', about: 'the life of one price' },
    { command: 'varve history sensors/a 2026-07-31T10:00Z --columns temp', about: 'of one column' },
    { command: 'varve history v2:brent-daily 2026-07-31 -n 1', about: 'the last change before v2' },
  ],
  options: (y) =>
    versionOptions(
      y
        .positional('series', { type: 'string', demandOption: true, complete: 'series' })
        .positional('key', { type: 'string', demandOption: true, array: true }),
      'keys',
    )
      .option('columns', {
        alias: 'c',
        array: true,
        value: 'names',
        coerce: parseColumns,
        describe: 'Only these value columns, separated by commas',
      })
      .option('max-count', {
        alias: 'n',
        type: 'number',
        digits: true,
        value: 'n',
        describe: 'At most so many commits',
      })
      .option('reverse', { type: 'boolean', describe: 'The oldest of them first' })
      .option('first-parent', { type: 'boolean', describe: 'Follow only the first parent' })
      .option('date', {
        value: 'style',
        coerce: parseDateStyle,
        describe: 'How dates are written: iso unless given',
      }),
  run: async function* (args, context): AsyncGenerator<Item> {
    checkCount('--max-count', args.maxCount)
    const repo = await context.repository()
    const now = context.now()
    const result = await history(repo, {
      now,
      name: args.series,
      key: typedKey(args.key),
      ...given({
        rev: args.rev,
        asOf: args.asOf === undefined ? undefined : parseWhen(args.asOf, now),
        zone: args.tz,
        columns: args.columns.length === 0 ? undefined : args.columns.flat(),
        maxCount: args.maxCount,
      }),
      reverse: args.reverse,
      firstParent: args.firstParent,
      signal: context.abort,
    })
    if (result.series.asOf) context.note(describeAsOf(result.series.asOf))
    if (context.json) {
      for await (const change of result.changes()) {
        for (const json of jsonLines(change, result.zone)) yield { json }
      }
      return
    }
    const digits = await abbreviationLength(repo)
    const text = { digits, date: args.date ?? 'iso', now: now.seconds }
    const { zone, isOneKey } = result
    for await (const change of result.changes()) {
      const path = change.path === result.series.path ? undefined : change.path
      yield { change, zone, path, isOneKey, text }
    }
  },
  toText: (item, style) => ('json' in item ? '' : changeLines(item, style).join('\n')),
  toJson: (item) => ('json' in item ? item.json : undefined),
  pager: true,
})

/** A line for the commit, then one for each row and each change of the columns. */
function changeLines(item: Exclude<Item, { json: unknown }>, style: Style): string[] {
  const { change, path, isOneKey, zone, text } = item
  const { commit, isCut } = change
  const id = `${isCut ? '^' : ''}${change.id.slice(0, text.digits)}`
  const date = formatCommitDate(commit.committer, text.date, text.now)
  const author = escapeControl(commit.author.name)
  const subject = escapeControl(subjectOf(commit))
  const used = `${id} ${date} ${author}  `.length
  const shown = style.terminal ? cutTo(subject, Math.max(style.columns - used, 0)) : subject
  const lines = [`${style.yellow(id)} ${date} ${style.bold(author)}  ${shown}`.trimEnd()]
  if (path !== undefined) lines.push(style.dim(`  as ${readablePath(path)}`))
  for (const one of change.schemaChanges) lines.push(`  ${style.magenta(schemaChangeText(one))}`)
  for (const row of change.rows) {
    const label = colourClass(row.class, row.class.padEnd(10), style)
    const key = isOneKey ? '' : `${keyOf(change, row, zone)}  `
    const cells = cellsText(changedCells(change.columns, row))
    lines.push(`  ${label}  ${key}${cells}`.trimEnd())
  }
  return lines
}

function schemaOf(change: PointChange, row: RowChange) {
  return (row.class === 'deleted' ? change.old : change.new)!
}

function keyOf(change: PointChange, row: RowChange, zone: Zone | undefined): string {
  return formatKey(schemaOf(change, row), row.key, zone)
}

function jsonLines(change: PointChange, zone: Zone | undefined): unknown[] {
  const { id, commit, path, isCut } = change
  const by = {
    series: path,
    commit: id,
    boundary: isCut,
    author: signatureJson(commit.author),
    committer: signatureJson(commit.committer),
    subject: subjectOf(commit),
  }
  const lines: unknown[] = change.schemaChanges.map((schemaChange) => ({
    ...by,
    change: 'schema',
    schemaChange,
  }))
  for (const row of change.rows) {
    const cells = changedCells(change.columns, row)
    lines.push({
      ...by,
      change: row.class,
      key: keyToJson(schemaOf(change, row), row.key, zone),
      ...(row.old && { old: cellsJson(cells, 'old') }),
      ...(row.new && { new: cellsJson(cells, 'new') }),
    })
  }
  return lines
}
