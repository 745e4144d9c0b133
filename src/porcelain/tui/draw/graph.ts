import type { GraphRow } from '../graph-rows.ts'
import type { Span } from './line.ts'
import type { Look, Role } from './look.ts'

const lines: ReadonlyMap<string, string> = new Map([
  ['*', '●'],
  ['|', '│'],
  ['-', '─'],
  ['+', '┼'],
  ['\\', '╮'],
  ['/', '╯'],
])

/** A row of the graph as it is shown: each lane in a colour of its own. */
export function graphSpans(row: GraphRow, columns: number, { unicode }: Look): readonly Span[] {
  const commit = row.indexOf('*')
  const spans: Span[] = []
  const cells = row.slice(0, columns)
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!
    const isLeft = i < commit
    const text = unicode ? (isLeft && cell === '\\' ? '╭' : (lines.get(cell) ?? ' ')) : cell
    const role = cell === '*' ? 'title' : (`lane${(i >> 1) % 6}` as Role)
    spans.push({ text: !unicode && isLeft && cell === '\\' ? '/' : text, role })
  }
  spans.push({ text: '', width: columns - cells.length })
  return spans
}
