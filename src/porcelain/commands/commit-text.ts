import { usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { type Signature, subjectOf } from '../../core/commit.ts'
import { formatCommitDate } from '../../core/date-format.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import type { LoggedCommit } from '../log.ts'
import type { SeriesStat } from '../series-stat.ts'
import { sumCounts } from '../tree-stat.ts'
import {
  type CommitFormatter,
  type CommitTextOptions,
  decorationsOf,
  parseCommitFormat,
} from './commit-format.ts'
import { statLine, statWidths, totalLine } from './stat-text.ts'

/** How commits are written, and whether an empty line keeps them apart. */
export interface CommitLayout {
  readonly text: CommitFormatter
  readonly apart: boolean
  /** Whether it shows refs whatever else was asked for. */
  readonly decorates: boolean
}

const layouts: ReadonlyMap<string, Omit<CommitLayout, 'decorates'>> = new Map([
  ['oneline', { text: onelineText, apart: false }],
  ['short', { text: headedText(['Author'], 'subject'), apart: true }],
  ['medium', { text: headedText(['Author', 'Date'], 'message'), apart: true }],
  ['full', { text: headedText(['Author', 'Commit'], 'message'), apart: true }],
  [
    'fuller',
    { text: headedText(['Author', 'AuthorDate', 'Commit', 'CommitDate'], 'message'), apart: true },
  ],
  ['reference', { text: parseCommitFormat('%h (%s, %as)'), apart: false }],
])

/** The layout that `--format` names or spells out; `usage` where it is none. */
export function parseLayout(text: string): CommitLayout {
  const named = layouts.get(text)
  if (named !== undefined) return { ...named, decorates: false }
  const format = /^t?format:(.*)$/s.exec(text)?.[1] ?? (text.includes('%') ? text : undefined)
  if (format === undefined) {
    throw usageError(
      `not a format: ${JSON.stringify(text)}`,
      `one of ${[...layouts.keys()].join(', ')}, or placeholders: --format='%h %s'`,
    )
  }
  return { text: parseCommitFormat(format), apart: false, decorates: /%[dD]/.test(format) }
}

function onelineText(commit: LoggedCommit, { style, abbreviation }: CommitTextOptions): string {
  const id = style.yellow(commit.id.slice(0, abbreviation))
  return `${id}${refs(commit, style)} ${subjectOf(commit.commit)}`
}

type Header = 'Author' | 'Date' | 'AuthorDate' | 'Commit' | 'CommitDate'

function headedText(headers: readonly Header[], shown: 'subject' | 'message'): CommitFormatter {
  const width = Math.max(...headers.map((header) => header.length)) + 2
  return (logged, options) => {
    const { id, commit } = logged
    const { style, abbreviation } = options
    const lines = [`${style.yellow(`commit ${id}`)}${refs(logged, style)}`]
    if (commit.parents.length > 1) {
      lines.push(
        `Merge: ${commit.parents.map((parent) => parent.slice(0, abbreviation)).join(' ')}`,
      )
    }
    // As in git, where the date of the default layout is in line with the author.
    const pad = headers.includes('Date') ? 8 : width
    for (const header of headers) {
      lines.push(`${`${header}:`.padEnd(pad)}${headerText(header, logged, options)}`)
    }
    const message = shown === 'subject' ? subjectOf(commit) : commit.message.replace(/\n+$/, '')
    lines.push(
      '',
      ...(message === '' ? [] : message.split('\n').map((line) => `    ${line}`.trimEnd())),
    )
    return lines.join('\n')
  }
}

function headerText(
  header: Header,
  { commit }: LoggedCommit,
  { dateStyle, now }: CommitTextOptions,
): string {
  const { author, committer } = commit
  switch (header) {
    case 'Author':
      return person(author)
    case 'Commit':
      return person(committer)
    case 'CommitDate':
      return formatCommitDate(committer, dateStyle, now)
    default:
      return formatCommitDate(author, dateStyle, now)
  }
}

export function person({ name, email }: Signature): string {
  return `${name} <${email}>`
}

function refs(commit: LoggedCommit, style: Style): string {
  const text = decorationsOf(commit, style)
  return text === '' ? '' : `${style.yellow(' (')}${text}${style.yellow(')')}`
}

/** What a commit changed: a line a series, then the total. */
export function changesText(changes: readonly SeriesStat[], style: Style): string {
  if (changes.length === 0) return ''
  const widths = statWidths(changes)
  const lines = changes.map((change) => statLine(change, widths, style))
  return [...lines, totalLine(changes.length, sumCounts(changes))].join('\n')
}

/** The names of what a commit changed, one a line; collections end in `/`. */
export function namesText(changes: readonly SeriesStat[]): string {
  const names = changes.map(({ path, kind }) => (kind === 'collection' ? `${path}/` : path))
  return names.map(readablePath).join('\n')
}
