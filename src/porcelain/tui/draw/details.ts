import { formatCommitDate } from '../../../core/date-format.ts'
import type { Failure } from '../requests.ts'
import { safeText, textWidth } from '../safe-text.ts'
import type { Loaded } from '../state.ts'
import type { CommitDetail, ListedCommit, TouchedSeries } from '../view-data.ts'
import { wrapLines } from '../wrap.ts'
import { decorated, roleOf } from './commits.ts'
import { drawLine, type Span } from './line.ts'
import type { Look, Role } from './look.ts'
import { shortCount } from './numbers.ts'

export interface DetailLines {
  readonly commit: ListedCommit | undefined
  readonly detail: Loaded<CommitDetail> | undefined
  readonly rows: number
  readonly columns: number
  readonly look: Look
}

/** Of a long message no more is looked at than a screen could show. */
const LONGEST_SHOWN = 4000

/** What a commit changed, in as many lines as there are. */
export function detailLines({
  commit,
  detail,
  rows,
  columns,
  look,
}: DetailLines): readonly string[] {
  const lines = commit === undefined ? [] : spansOf(commit, detail, rows, columns)
  return Array.from({ length: rows }, (_, i) => drawLine(lines[i] ?? [], { width: columns, look }))
}

function spansOf(
  commit: ListedCommit,
  detail: Loaded<CommitDetail> | undefined,
  rows: number,
  columns: number,
): readonly (readonly Span[])[] {
  const head = headSpans(commit, detail?.value, columns)
  if (detail === undefined) return [head, [], [{ text: 'reading …' }]]
  if (detail.failure !== undefined) return [head, ...failureSpans(detail.failure)]
  const { message, series, more, committer, author } = detail.value
  const texts = wrapLines(message.slice(0, LONGEST_SHOWN), columns)
  const room = rows < 10 ? 1 : Math.max(1, Math.floor(rows / 3))
  const told = texts.slice(0, room).map((text): readonly Span[] => [{ text }])
  if (texts.length > room) told[room - 1] = [...told[room - 1]!, { text: ' … (m: all)' }]
  const isRoomy = rows >= 10
  const committed: readonly (readonly Span[])[] =
    isRoomy && committer !== author ? [[{ text: `committed by ${committer}` }]] : []
  const left = rows - 1 - committed.length - told.length - (isRoomy ? 2 : 0) - 1
  const shownSeries = series.slice(0, series.length + more > left ? left - 1 : left)
  const hidden = series.length - shownSeries.length + more
  return [
    head,
    ...committed,
    ...(isRoomy ? [[]] : []),
    ...told,
    ...(isRoomy ? [[]] : []),
    summarySpans(detail.value),
    ...shownSeries.map((touched) => seriesSpans(touched, nameColumns(shownSeries, columns))),
    ...(hidden > 0 ? [[{ text: `… and ${hidden} more: Enter shows all` }]] : []),
  ]
}

export function failureSpans({ message, hint }: Failure): readonly (readonly Span[])[] {
  const told: readonly Span[] = [{ text: message, role: 'error' }]
  return hint === undefined ? [told] : [told, [{ text: `hint: ${hint}` }]]
}

/** Id, author, date and names of a commit. */
export function headSpans(
  commit: ListedCommit,
  detail: CommitDetail | undefined,
  columns: number,
): readonly Span[] {
  const date = formatCommitDate(detail?.authored ?? commit.time, 'iso')
  const isRoomy = columns >= 120
  return [
    { text: isRoomy ? commit.id : commit.short, role: 'id' },
    { text: '  ' },
    { text: detail !== undefined && isRoomy ? detail.author : commit.author, role: 'title' },
    { text: '  ' },
    { text: date, role: 'age' },
    { text: '  ' },
    ...commit.decorations.flatMap(({ kind, name, branch }): readonly Span[] => [
      { text: decorated(kind, branch ?? name), role: roleOf(kind) },
      { text: ' ' },
    ]),
  ]
}

/** `3 series: +120 ~4 -1`. */
export function summarySpans({ series, more }: CommitDetail): readonly Span[] {
  const sum = (of: (touched: TouchedSeries) => number) =>
    series.reduce((total, touched) => total + of(touched), 0)
  const count = series.length + more
  if (count === 0) return [{ text: 'no series changed' }]
  return [
    { text: `${count} series`, role: 'title' },
    { text: more > 0 ? `, of the first ${series.length}: ` : ': ' },
    { text: `+${sum(({ appended }) => appended)} appended`, role: 'appended' },
    { text: '  ' },
    { text: `+${sum(({ backfilled }) => backfilled)} backfilled`, role: 'appended' },
    { text: '  ' },
    { text: `~${sum(({ revised }) => revised)} revised`, role: 'revised' },
    { text: '  ' },
    { text: `-${sum(({ deleted }) => deleted)} deleted`, role: 'deleted' },
  ]
}

const letters: Readonly<Record<TouchedSeries['state'], readonly [string, Role]>> = {
  new: ['A', 'appended'],
  changed: ['M', 'revised'],
  deleted: ['D', 'deleted'],
  renamed: ['R', 'tag'],
}

const COUNT_COLUMNS = 7

/** Columns for the names of series, of lines that have so many: as the names need, and not more than leaves room. */
export function nameColumns(series: readonly TouchedSeries[], columns: number): number {
  const room = columns - 2 - 4 * COUNT_COLUMNS
  const most = Math.min(40, Math.floor(room * (columns < 100 ? 0.6 : 0.4)))
  const needed = series.map((touched) => textWidth(safeText(nameOf(touched).slice(0, most))))
  return Math.max(12, Math.min(most, Math.max(0, ...needed)))
}

function nameOf({ path, from }: TouchedSeries): string {
  return from === undefined ? path : `${path} (was ${from})`
}

/** A line about a series: what happened to it, how many rows of each class, and its largest revision. */
export function seriesSpans(touched: TouchedSeries, nameWidth: number): readonly Span[] {
  const { state, appended, backfilled, revised, deleted, schemaChanges } = touched
  const [letter, role] = letters[state]
  const counts = [
    count('+', appended, 'appended'),
    count('<', backfilled, 'appended'),
    count('~', revised, 'revised'),
    count('-', deleted, 'deleted'),
  ]
  return [
    { text: `${letter} `, role },
    { text: nameOf(touched), width: nameWidth },
    ...counts,
    { text: '  ' },
    ...(schemaChanges > 0 ? [{ text: 'schema  ', role: 'tag' as const }] : []),
    { text: rangeText(touched) },
    ...largestSpans(touched),
  ]
}

export function seriesHeading(nameWidth: number): readonly Span[] {
  const titles = ['append', 'backf', 'revise', 'delete']
  return [
    { text: '  series', width: nameWidth + 2, role: 'heading' },
    ...titles.map((text): Span => ({ text, width: COUNT_COLUMNS, right: true, role: 'heading' })),
    { text: '  ' },
    { text: 'from … to, largest revision', role: 'heading' },
  ]
}

function count(sign: string, rows: number, role: Role): Span {
  const text = rows === 0 ? '' : `${sign}${shortCount(rows)}`
  return { text, width: COUNT_COLUMNS, right: true, role }
}

function rangeText({ firstKey, lastKey }: TouchedSeries): string {
  if (firstKey === undefined) return ''
  return firstKey === lastKey ? firstKey : `${firstKey} … ${lastKey ?? ''}`
}

export function largestSpans({ largest }: TouchedSeries): readonly Span[] {
  if (largest === undefined) return []
  const { key, column, old, new: fresh, change } = largest
  return [
    { text: '  ' },
    { text: `${key} ${column} ` },
    { text: old, role: 'before' },
    { text: ' → ' },
    { text: fresh, role: 'after' },
    { text: `  ${change}`, role: 'title' },
  ]
}
