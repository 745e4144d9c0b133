import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { parseDateStyle } from '../../core/date-format.ts'
import { abbreviationLength } from '../../plumbing/abbreviate-id.ts'
import { walkOf, walkOptions } from '../../plumbing/commands/walk-options.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { type DiffItem, type DiffRowsOptions, diffRows } from '../diff.ts'
import { type LoggedCommit, type LogOptions, log } from '../log.ts'
import { isNarrowed, type Narrowing } from '../narrow-diff.ts'
import { commitComparison } from '../show.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import type { CommitTextOptions } from './commit-format.ts'
import { type CommitLayout, changesText, namesText, parseLayout } from './commit-text.ts'
import { diffItemText, TERMINAL_ROWS, TERMINAL_SERIES } from './diff-text.ts'
import { belowGraph, besideGraph, GraphLanes, type GraphLines } from './graph-lanes.ts'
import { loggedJson } from './history-json.ts'

type Beside = (text: string, style: Style) => string

type Item =
  | {
      readonly commit: LoggedCommit
      readonly first: boolean
      readonly text: Omit<CommitTextOptions, 'style'> & { readonly layout: CommitLayout }
      readonly beside: Beside
    }
  | { readonly item: DiffItem; readonly limited: boolean; readonly beside: Beside }

export const logCommand = defineCommand({
  name: 'log',
  usage: 'log [<options>] [<rev> | <rev>..<rev>]... [--] [<series>...]',
  summary: 'Show commits, the latest first',
  description: [
    'Revisions are as git takes them: A, A..B, A...B, ^A. A word that is no revision is a series, or',
    'a collection (sensors/): then only commits that changed it are shown, which is found out from',
    'trees alone.',
    '',
    '--since and --until are about commit time; a partial date is a period. --from and --to are about',
    'data time: only commits that changed rows in that range. --author and --grep take regular',
    'expressions. --follow goes on with a series under the name that it had before varve mv.',
    '',
    'On a terminal --stat has a bar for each series: + for new rows, ~ for revised and - for deleted',
    'ones, and one mark more for each ten times as many.',
    '',
    '--format takes oneline, short, medium, full, fuller, reference, or placeholders: %H %h (id),',
    '%T %t (tree), %P %p (parents), %an %ae %ad %ar %at %ai %aI %as (author; %c… for the committer),',
    '%s %b %B (message), %d %D (refs), %n, %%, %xHH, %Cred, %C(yellow), %Creset.',
  ].join('\n'),
  examples: [
    { command: 'varve log --oneline --stat -n 5', about: 'what the last five commits changed' },
    { command: 'varve log brent-daily --since 2026-08', about: 'one series, from August on' },
    {
      command: 'varve log brent-daily --from 2022-10 -p',
      about: 'who changed these rows, and how',
    },
    { command: 'varve log --graph --oneline --all', about: 'branches and merges, drawn' },
    { command: "varve log --format='%h %as %s' v1..", about: 'since a tag' },
  ],
  options: (y) =>
    walkOptions(
      boundsOptions(
        y
          .positional('revision', { array: true, complete: 'revision' })
          .afterDashes('series', { complete: 'series' }),
      ),
    )
      .option('oneline', { type: 'boolean', describe: 'A line a commit' })
      .option('stat', { type: 'boolean', describe: 'Also what each changed, a line a series' })
      .option('name-only', { type: 'boolean', describe: 'Also the names of what each changed' })
      .option('patch', {
        alias: 'p',
        type: 'boolean',
        describe: 'Also the rows that each changed, as varve diff shows them',
      })
      .option('graph', { type: 'boolean', describe: 'Draw the lines of history beside commits' })
      .option('interactive', {
        type: 'boolean',
        describe: 'Browse on the whole terminal, as varve tui; where there is none, as without it',
      })
      .option('follow', {
        type: 'boolean',
        describe: 'Follow a series under the names that it had before',
      })
      .option('author', { array: true, value: 'pattern', describe: 'Only by authors that fit' })
      .option('committer', {
        array: true,
        value: 'pattern',
        describe: 'Only by committers that fit',
      })
      .option('grep', { array: true, value: 'pattern', describe: 'Only with messages that fit' })
      .option('regexp-ignore-case', {
        alias: 'i',
        type: 'boolean',
        describe: 'Patterns fit capitals and small letters',
      })
      .option('format', {
        alias: 'pretty',
        describe: 'How commits are written',
        coerce: parseLayout,
      })
      .option('abbrev-commit', { type: 'boolean', describe: 'Shorten the ids of commits' })
      .option('decorate', {
        type: 'boolean',
        tristate: true,
        describe: 'Show the refs at each commit; on a terminal so it is, unless --no-decorate',
      })
      .option('date', {
        value: 'style',
        coerce: parseDateStyle,
        describe: 'How dates are written: iso, short, unix, relative',
      })
      .conflicts('oneline', 'format')
      .conflicts('stat', 'patch', 'name-only')
      .conflicts('patch', 'name-only')
      .conflicts('graph', 'reverse')
      .conflicts('interactive', 'stat', 'name-only', 'patch', 'reverse', 'format', 'oneline')
      .conflicts('interactive', 'committer', 'grep', 'regexp-ignore-case', 'follow', 'at', 'closed')
      .conflicts('interactive', 'all', 'branches', 'tags', 'remotes', 'first-parent', 'merges')
      .conflicts('interactive', 'max-count', 'skip'),
  run: async function* (args, context): AsyncGenerator<Item> {
    if (args.interactive && context.hasFullScreen && !context.json) {
      const { openViewer } = await import('./open-viewer.ts')
      const { author, since, until, from, to } = args
      if (author.length > 1) throw usageError('--interactive takes one --author')
      return await openViewer(context, args, { author: author[0], since, until, from, to })
    }
    const repo = await context.repository()
    const now = context.now()
    const layout = args.format ?? parseLayout(args.oneline ? 'oneline' : 'medium')
    const decorate = layout.decorates || context.json || (args.decorate ?? context.stdoutIsTerminal)
    const patterns = (texts: readonly string[]) =>
      texts.map((text) => parsePattern(text, args.regexpIgnoreCase))
    const narrowing = boundsOf(args)
    if (context.json && args.patch) throw usageError('--json has no rows: varve show --json has')
    const options: LogOptions = {
      ...walkOf(args, now),
      stat: args.stat || args.nameOnly,
      words: args.revision,
      series: args.series,
      authors: patterns(args.author),
      committers: patterns(args.committer),
      messages: patterns(args.grep),
      decorate,
      graph: args.graph,
      follow: args.follow,
      ...(isNarrowed(narrowing) && { bounds: narrowing }),
    }
    const abbreviation = context.json ? 7 : await abbreviationLength(repo)
    const dateStyle = args.date ?? 'default'
    const text = { layout, abbreviation, dateStyle, now: now.seconds }
    const lanes = args.graph ? new GraphLanes() : undefined
    const patch = args.patch ? patchLimits(context) : undefined
    let first = true
    for await (const commit of log(repo, options)) {
      const graph = (style: Style) => lanes?.next(commit.id, commit.shownParents ?? [], style)
      let drawn: GraphLines | undefined
      yield {
        commit,
        first,
        text,
        beside: (shown, style) => {
          drawn = graph(style)
          return drawn === undefined ? shown : besideGraph(shown, drawn)
        },
      }
      first = false
      if (patch === undefined) continue
      for await (const item of patchOf(repo, commit, narrowing, patch, args.firstParent)) {
        const beside = (shown: string) => (drawn === undefined ? shown : belowGraph(shown, drawn))
        yield { item, limited: patch.limited, beside }
      }
    }
  },
  toText: (item, style, { abbrevCommit, graph: isGraph, nameOnly }) => {
    if ('item' in item) return item.beside(`${diffItemText(item.item, style, item.limited)}`, style)
    const { commit, first, text, beside } = item
    const { layout, ...options } = text
    const shown = layout.text(
      abbrevCommit && layout.apart ? shortened(commit, options.abbreviation) : commit,
      { ...options, style },
    )
    const changed = commit.changes ?? []
    const changes = nameOnly ? namesText(changed) : changesText(changed, style)
    const gap = layout.apart ? '\n\n' : '\n'
    const all = `${shown}${changes === '' ? '' : `${gap}${changes}`}`
    const apart = layout.apart ? '\n' : ''
    // The empty line between commits has the graph beside it.
    return isGraph ? beside(`${all}${apart}`, style) : `${first ? '' : apart}${all}`
  },
  toJson: (item) => ('commit' in item ? loggedJson(item.commit) : undefined),
  // A format may ask for any byte: %x00.
  raw: ({ format }) => format !== undefined,
  pager: ({ interactive }) => !interactive,
})

interface PatchLimits extends Pick<DiffRowsOptions, 'rowsOfSeries' | 'seriesWithRows'> {
  readonly limited: boolean
}

function patchLimits(context: Context): PatchLimits {
  const limited = context.stdoutIsTerminal
  const limits = limited ? { rowsOfSeries: TERMINAL_ROWS, seriesWithRows: TERMINAL_SERIES } : {}
  return { limited, ...limits }
}

/** The rows that a commit changed; a merge has none but with `firstParent`. */
async function* patchOf(
  repo: Repository,
  { commit, paths }: LoggedCommit,
  narrowing: Narrowing,
  limits: PatchLimits,
  firstParent: boolean,
): AsyncGenerator<DiffItem> {
  if (commit.parents.length > 1 && !firstParent) return
  const comparison = await commitComparison(repo, commit.parents[0], commit, paths)
  yield* diffRows(comparison, { ...narrowing, ...limits, counted: true })
}

function shortened(commit: LoggedCommit, digits: number): LoggedCommit {
  return { ...commit, id: commit.id.slice(0, digits) as LoggedCommit['id'] }
}

function parsePattern(text: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(text, ignoreCase ? 'iu' : 'u')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw usageError(`not a regular expression: ${JSON.stringify(text)}`)
  }
}
