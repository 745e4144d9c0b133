import { defineCommand, usageError } from '../../cli/define-command.ts'
import { parseDateStyle } from '../../core/date-format.ts'
import { abbreviationLength } from '../../plumbing/abbreviate-id.ts'
import { walkOf, walkOptions } from '../../plumbing/commands/walk-options.ts'
import { type LoggedCommit, type LogOptions, log } from '../log.ts'
import { changesText, parseLayout } from './commit-text.ts'
import { loggedJson } from './history-json.ts'

export const logCommand = defineCommand({
  name: 'log',
  usage: 'log [<options>] [<rev> | <rev>..<rev>]... [--] [<series>...]',
  summary: 'Show commits, the latest first',
  description: [
    'Revisions are as git takes them: A, A..B, A...B, ^A. A word that is no revision is a series, or',
    'a collection (sensors/): then only commits that changed it are shown, which is found out from',
    'trees alone.',
    '',
    '--since and --until are about commit time; a partial date is a period. --author and --grep take',
    'regular expressions.',
    '',
    '--format takes oneline, short, medium, full, fuller, reference, or placeholders: %H %h (id),',
    '%T %t (tree), %P %p (parents), %an %ae %ad %ar %at %ai %aI %as (author; %c… for the committer),',
    '%s %b %B (message), %d %D (refs), %n, %%, %xHH, %Cred, %C(yellow), %Creset.',
  ].join('\n'),
  examples: [
    { command: 'varve log --oneline --stat -n 5', about: 'what the last five commits changed' },
    { command: 'varve log brent-daily --since 2026-08', about: 'one series, from August on' },
    { command: "varve log --format='%h %as %s' v1..", about: 'since a tag' },
  ],
  options: (y) =>
    walkOptions(
      y
        .positional('revision', { array: true, complete: 'revision' })
        .afterDashes('series', { complete: 'series' }),
    )
      .option('oneline', { type: 'boolean', describe: 'A line a commit' })
      .option('stat', { type: 'boolean', describe: 'Also what each changed, a line a series' })
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
      .conflicts('oneline', 'format'),
  run: async function* (args, context) {
    const repo = await context.repository()
    const now = context.now()
    const layout = args.format ?? parseLayout(args.oneline ? 'oneline' : 'medium')
    const decorate = layout.decorates || context.json || (args.decorate ?? context.stdoutIsTerminal)
    const patterns = (texts: readonly string[]) =>
      texts.map((text) => parsePattern(text, args.regexpIgnoreCase))
    const options: LogOptions = {
      ...walkOf(args, now),
      stat: args.stat,
      words: args.revision,
      series: args.series,
      authors: patterns(args.author),
      committers: patterns(args.committer),
      messages: patterns(args.grep),
      decorate,
    }
    const abbreviation = context.json ? 7 : await abbreviationLength(repo)
    const dateStyle = args.date ?? 'default'
    const text = { layout, abbreviation, dateStyle, now: now.seconds }
    let first = true
    for await (const commit of log(repo, options)) {
      yield { commit, first, text }
      first = false
    }
  },
  toText: ({ commit, first, text }, style, { abbrevCommit }) => {
    const { layout, ...options } = text
    const shown = layout.text(
      abbrevCommit && layout.apart ? shortened(commit, options.abbreviation) : commit,
      { ...options, style },
    )
    const changes = changesText(commit.changes ?? [], style)
    const gap = layout.apart ? '\n\n' : '\n'
    return `${first || !layout.apart ? '' : '\n'}${shown}${changes === '' ? '' : `${gap}${changes}`}`
  },
  toJson: ({ commit }) => loggedJson(commit),
  // A format may ask for any byte: %x00.
  raw: ({ format }) => format !== undefined,
  pager: true,
})

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
