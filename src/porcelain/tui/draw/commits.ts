import type { CommitList } from '../commit-list.ts'
import type { State } from '../state.ts'
import type { ListedCommit } from '../view-data.ts'
import { graphSpans } from './graph.ts'
import { drawLine, type Span } from './line.ts'
import type { Look, Role } from './look.ts'
import { age, bar, shortCount } from './numbers.ts'

export interface CommitLines
  extends Pick<State, 'commits' | 'weights' | 'heaviest' | 'now' | 'mark'> {
  readonly top: number
  readonly cursor: number
  readonly rows: number
  readonly columns: number
  /** What is searched for. */
  readonly text: string
  /** Why there is none, where the list is empty. */
  readonly empty: string
  readonly look: Look
}

const BAR_COLUMNS = 6
const AUTHOR_COLUMNS = 14
/** From here on there is room for authors and bars. */
const ROOMY_COLUMNS = 78

/** The lines of the list that are on the screen. */
export function commitLines(from: CommitLines): readonly string[] {
  const { commits, top, cursor, rows, columns, look } = from
  const graph = graphColumns(from)
  return Array.from({ length: rows }, (_, i) => {
    const commit = commits.get(top + i)
    const options = { width: columns, look, selected: top + i === cursor && commit !== undefined }
    if (commit === undefined) {
      return drawLine([{ text: i === 0 && commits.length === 0 ? ` ${from.empty}` : '' }], options)
    }
    return drawLine(commitSpans(commit, commits, top + i, graph, from), options)
  })
}

/** As much as the widest row on the screen needs, but not more than a quarter of the line. */
function graphColumns({ commits, top, rows, columns }: CommitLines): number {
  let widest = 1
  for (let at = top; at < Math.min(top + rows, commits.length); at++) {
    widest = Math.max(widest, commits.graph(at)?.length ?? 0)
  }
  return Math.min(widest, Math.floor(columns / 4))
}

function commitSpans(
  commit: ListedCommit,
  commits: CommitList,
  at: number,
  graph: number,
  { weights, heaviest, now, mark, columns, text, look }: CommitLines,
): readonly Span[] {
  const isRoomy = columns >= ROOMY_COLUMNS
  const count = weights.get(commit.id)
  const isCounted = weights.has(commit.id)
  const counted: readonly Span[] = [
    {
      text: isCounted ? (count === undefined ? '' : shortCount(count)) : '·',
      width: 6,
      right: true,
    },
    ...(isRoomy
      ? [
          { text: ' ' },
          {
            text: bar(count ?? 0, heaviest, BAR_COLUMNS, look.unicode),
            width: BAR_COLUMNS,
            role: 'revised' as const,
          },
        ]
      : []),
  ]
  const before: readonly Span[] = [
    { text: mark?.id === commit.id ? '=' : ' ', role: 'title' },
    ...graphSpans(commits.graph(at) ?? '*', graph, look),
    { text: ' ' },
    {
      text: commit.short.slice(0, 12),
      width: Math.min(12, Math.max(8, commit.short.length)),
      role: 'id',
    },
    { text: age(commit.time.seconds, now), width: 5, right: true, role: 'age' },
    { text: ' ' },
    ...(isRoomy ? [{ text: commit.author, width: AUTHOR_COLUMNS }, { text: ' ' }] : []),
  ]
  const tail = 6 + (isRoomy ? 1 + BAR_COLUMNS : 0)
  const used = before.reduce((sum, { width, text: own }) => sum + (width ?? own?.length ?? 0), 0)
  const room = Math.max(0, columns - used - tail)
  const names = decorationSpans(commit, Math.floor(room / 2))
  return [
    ...before,
    { spans: [...names, ...hitSpans(commit.subject, text)], width: room },
    ...counted,
  ]
}

function decorationSpans({ decorations }: ListedCommit, columns: number): readonly Span[] {
  const spans: Span[] = []
  let left = columns
  for (const { kind, name, branch } of decorations) {
    const text = decorated(kind, branch ?? name)
    if (text.length + 1 > left) {
      spans.push({ text: '+ ' })
      break
    }
    spans.push({ text, role: roleOf(kind) }, { text: ' ' })
    left -= text.length + 1
  }
  return spans
}

export function decorated(kind: string, name: string): string {
  if (kind === 'tag') return `<${name}>`
  return kind === 'remote' ? `{${name}}` : `[${name}]`
}

export function roleOf(kind: string): Role {
  return kind === 'tag' ? 'tag' : kind === 'remote' ? 'remote' : 'branch'
}

/** Text with what is searched for in it marked. */
export function hitSpans(text: string, wanted: string): readonly Span[] {
  if (wanted === '') return [{ text }]
  const at = text.toLowerCase().indexOf(wanted.toLowerCase())
  if (at < 0) return [{ text }]
  const end = at + wanted.length
  return [
    { text: text.slice(0, at) },
    { text: text.slice(at, end), role: 'hit' },
    { text: text.slice(end) },
  ]
}
