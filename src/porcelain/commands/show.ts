import { defineCommand, given } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { formatCommitDate, parseDateStyle } from '../../core/date-format.ts'
import { schemaToJson } from '../../core/schema-codec.ts'
import { abbreviationLength } from '../../plumbing/abbreviate-id.ts'
import { signatureJson } from '../../plumbing/commands/commit-json.ts'
import { formatKey, keyToJson } from '../../plumbing/key-text.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { schemaLine } from '../change-summary.ts'
import { type ShownItem, type ShownSeries, show } from '../show.ts'
import type { CommitTextOptions } from './commit-format.ts'
import { type CommitLayout, changesText, namesText, parseLayout, person } from './commit-text.ts'
import { diffItemJson, diffItemText, TERMINAL_ROWS, TERMINAL_SERIES } from './diff-text.ts'
import { loggedJson } from './history-json.ts'

type Item =
  | {
      readonly item: ShownItem
      readonly before: ShownItem['kind'] | undefined
      readonly limited: boolean
      readonly text: Omit<CommitTextOptions, 'style'>
    }
  | { readonly json: unknown }

export const showCommand = defineCommand({
  name: 'show',
  summary: 'Show a commit, a tag, what is in a tree, or what a series is',
  description: [
    'A commit is shown with what it changed against its first parent, as `varve diff` shows it; a',
    'tag with what it stands for. REV:NAME is a series: its columns, rows, first and last key and',
    'settings (`varve read` prints its rows). Any object has an id, and each can be shown by it.',
  ].join('\n'),
  examples: [
    { command: 'varve show', about: 'the last commit' },
    { command: 'varve show --stat HEAD~3', about: 'how much it changed' },
    { command: 'varve show v1:brent-daily', about: 'a series as it was' },
  ],
  options: (y) =>
    y
      .positional('object', { array: true, complete: 'revision' })
      .option('stat', { type: 'boolean', describe: 'Of a commit, a line a series' })
      .option('name-only', {
        type: 'boolean',
        describe: 'Of a commit, the names of what it changed',
      })
      .option('no-patch', {
        alias: 's',
        type: 'boolean',
        describe: 'Of a commit, nothing of what it changed',
      })
      .option('all', { type: 'boolean', describe: 'Show all rows on a terminal too' })
      .option('oneline', { type: 'boolean', describe: 'Of a commit, its id and subject' })
      .option('format', {
        alias: 'pretty',
        describe: 'How commits are written',
        coerce: parseLayout,
      })
      .option('date', {
        value: 'style',
        coerce: parseDateStyle,
        describe: 'How dates are written: iso, short, unix, relative',
      })
      .option('decorate', {
        type: 'boolean',
        tristate: true,
        describe: 'Show the refs at each commit; on a terminal so it is, unless --no-decorate',
      })
      .conflicts('oneline', 'format')
      .conflicts('stat', 'name-only', 'no-patch')
      .conflicts('name-only', 'no-patch'),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    const now = context.now()
    const limited = context.stdoutIsTerminal && !args.all
    const items = show(repo, {
      names: args.object,
      stat: args.stat || args.nameOnly,
      patch: !args.noPatch,
      counted: !context.json,
      decorate:
        context.json || args.format?.decorates || (args.decorate ?? context.stdoutIsTerminal),
      now,
      ...(limited && { rowsOfSeries: TERMINAL_ROWS, seriesWithRows: TERMINAL_SERIES }),
    })
    if (context.json) {
      for await (const item of items) for (const json of itemJson(item)) yield { json }
      return
    }
    const abbreviation = await abbreviationLength(repo)
    const text = { abbreviation, dateStyle: args.date ?? 'default', now: now.seconds } as const
    let before: ShownItem['kind'] | undefined
    for await (const item of items) {
      yield { item, before, limited, text }
      before = item.kind
    }
  },
  toText: (item, style, { format, oneline, nameOnly }) => {
    if ('json' in item) return ''
    const options = { ...item.text, style }
    const layout = { format: parseLayout(oneline ? 'oneline' : 'medium'), ...given({ format }) }
    const text = itemText(item.item, style, item.limited, options, { ...layout, nameOnly, oneline })
    // An empty line between objects, and between what is said of one and what it changed.
    const { kind } = item.item
    const goesOn =
      (kind === item.before && kind !== 'commit' && kind !== 'series') ||
      (oneline && item.before === 'commit')
    const apart = item.before !== undefined && !goesOn && kind !== 'entry'
    return apart && text !== '' ? `\n${text}` : text
  },
  toJson: (item) => ('json' in item ? item.json : undefined),
  pager: true,
})

interface CommitStyle {
  readonly format: CommitLayout
  readonly nameOnly: boolean
  readonly oneline: boolean
}

function itemText(
  item: ShownItem,
  style: Style,
  limited: boolean,
  options: CommitTextOptions,
  { format, nameOnly, oneline }: CommitStyle,
): string {
  switch (item.kind) {
    case 'commit': {
      const changed = item.commit.changes ?? []
      const changes = nameOnly ? namesText(changed) : changesText(changed, style)
      const gap = oneline ? '\n' : '\n\n'
      return `${format.text(item.commit, options)}${changes === '' ? '' : `${gap}${changes}`}`
    }
    case 'diff':
      return diffItemText(item.item, style, limited)
    case 'tag': {
      const { name, tagger, message } = item.tag
      const date = formatCommitDate(tagger, options.dateStyle, options.now)
      const head = [style.yellow(`tag ${name}`), `Tagger: ${person(tagger)}`, `Date:   ${date}`]
      return [...head, '', message.replace(/\n+$/, '')].join('\n')
    }
    case 'tree':
      return `${style.yellow(`tree ${item.name}`)}\n\n`
    case 'entry':
      return readablePath(item.entry.kind === 'tree' ? `${item.entry.path}/` : item.entry.path)
    case 'series':
      return seriesText(item, style)
    case 'object':
      return typeof item.piece === 'string' ? item.piece : Buffer.from(item.piece).toString('utf8')
  }
}

function seriesText(shown: ShownSeries, style: Style) {
  const { name, id, schema, rows, first, last, zone, settings } = shown
  const lines = [
    style.yellow(`series ${name}`),
    `Id:      ${id}`,
    `Columns: ${schemaLine(schemaToJson(schema))}`,
    `Rows:    ${rows.toLocaleString('en-US')}`,
  ]
  if (first !== undefined && last !== undefined) {
    lines.push(
      `First:   ${formatKey(schema, first, zone)}`,
      `Last:    ${formatKey(schema, last, zone)}`,
    )
  }
  for (const [key, value] of settings) lines.push(`Setting: ${key} ${JSON.stringify(value)}`)
  return lines.join('\n')
}

function itemJson(item: ShownItem): unknown[] {
  switch (item.kind) {
    case 'commit':
      return [{ kind: 'commit', ...loggedJson(item.commit) }]
    case 'diff':
      return diffItemJson(item.item)
    case 'tag': {
      const { tagger, kind: of, ...tag } = item.tag
      return [{ kind: 'tag', id: item.id, ...tag, of, tagger: signatureJson(tagger) }]
    }
    case 'tree':
      return [{ kind: 'tree', id: item.id }]
    case 'entry': {
      const { path, kind, id, settings } = item.entry
      return [{ path, kind, id, settings: settings ?? null }]
    }
    case 'series': {
      const { id, name, schema, rows, first, last, zone, settings } = item
      const key = (values: typeof first) =>
        values === undefined ? null : keyToJson(schema, values, zone)
      const ends = { first: key(first), last: key(last) }
      return [{ kind: 'series', id, name, schema: schemaToJson(schema), rows, ...ends, settings }]
    }
    case 'object': {
      const { id, of, piece } = item
      return [typeof piece === 'string' ? { kind: of, id, text: piece } : { kind: of, id, piece }]
    }
  }
}
