import { pageKey, ROWS_A_PAGE } from '../asked.ts'
import { bodyRows, HEAD_ROWS, listLength } from '../layout.ts'
import { changedRowAt, plainMarkAt, plainRowAt } from '../looked-up.ts'
import { textWidth } from '../safe-text.ts'
import type { State, TabsView } from '../state.ts'
import type { ChangedRow, ChangedRows, PlainRows } from '../view-data.ts'
import { failureSpans } from './details.ts'
import { drawLine, type Span, shown } from './line.ts'
import type { Look, Role } from './look.ts'
import { cellSpans } from './views.ts'

type Spans = readonly Span[]

/** Columns of a value are no wider, so that one long text does not hide all others. */
const WIDEST_CELL = 40

/** The body of a table of changed rows, or of rows. */
export function tableLines(state: State, view: TabsView, look: Look): readonly string[] {
  const width = state.size.columns
  const rows = Math.max(1, bodyRows(state.size) - HEAD_ROWS.changes)
  const { cursor, top } = view.tab === 'rows' ? view.rows : view.changes
  const page = Math.floor(top / ROWS_A_PAGE)
  const isPlain = view.tab === 'rows'
  const answers = isPlain ? state.answers.rows : state.answers.changed
  const known = answers.get(pageKey(view, page))
  const draw = (spans: Spans, selected = false) => drawLine(spans, { width, look, selected })
  const blank = (from: number) => Array.from({ length: Math.max(0, rows - from) }, () => draw([]))
  const head = [dataHead(state, view)]
  if (known?.value === undefined) {
    const told = known === undefined ? [[{ text: ' reading …' }]] : failureSpans(known.failure)
    return [...head, [], ...told].map((spans) => draw(spans)).concat(blank(told.length))
  }
  const length = listLength(state, view)
  const indexes = Array.from(
    { length: Math.min(rows, Math.max(0, length - top)) },
    (_, i) => top + i,
  )
  const table = isPlain
    ? plainTable(state, view, known.value as PlainRows, indexes, look)
    : changedTable(state, view, known.value as ChangedRows, indexes, look)
  if (length === 0) {
    const text = isPlain ? ' there are no rows' : ' no row differs'
    return [...head, table.heading, [{ text }]].map((spans) => draw(spans)).concat(blank(1))
  }
  return [
    ...[...head, table.heading].map((spans) => draw(spans)),
    ...table.lines.map((spans, i) => draw(spans, indexes[i] === cursor)),
    ...blank(indexes.length),
  ]
}

const tabs = [
  ['chart', 'chart'],
  ['changes', 'changed rows'],
  ['rows', 'rows'],
] as const

/** The series, its tabs, and where in the table the cursor is. */
export function dataHead(state: State, view: TabsView): Spans {
  const total = view.tab === 'chart' ? 0 : listLength(state, view)
  const place = view.tab === 'chart' ? undefined : view[view.tab]
  return [
    { text: view.path, role: 'title' },
    { text: '  ' },
    ...tabs.flatMap(
      ([tab, text]): Spans => [
        tab === view.tab ? { text: `[${text}]`, role: 'title' } : { text: ` ${text} ` },
        { text: ' ' },
      ],
    ),
    { text: place === undefined || total === 0 ? '' : ` ${place.cursor + 1} of ${total}` },
  ]
}

interface Table {
  readonly heading: Spans
  readonly lines: readonly Spans[]
}

function plainTable(
  state: State,
  view: TabsView,
  { columns, indexCount, isNumber }: PlainRows,
  indexes: readonly number[],
  look: Look,
): Table {
  const all = indexes.map((index) => plainRowAt(state, view, index))
  const left = Math.min(view.rows.left, Math.max(0, columns.length - indexCount - 1))
  const order = columns.map((_, i) => i).filter((i) => i < indexCount || i >= indexCount + left)
  const widths = order.map((i) => {
    const cells = all.map((row) => shownWidth(row?.[i] ?? '', look))
    return Math.min(WIDEST_CELL, Math.max(shownWidth(columns[i]!, look), ...cells))
  })
  return {
    heading: [
      { text: '  ' },
      ...order.flatMap(
        (i, at): Spans => [
          { text: columns[i], width: widths[at], right: isNumber[i], role: 'heading' },
          { text: '  ' },
        ],
      ),
    ],
    lines: all.map((row, line): Spans => {
      if (row === undefined) return [{ text: '…' }]
      const mark = plainMarkAt(state, view, indexes[line]!)
      const [sign, role] = mark === undefined ? [' ', undefined] : signs[mark]
      return [
        { text: `${sign} `, role },
        ...order.flatMap(
          (i, at): Spans => [
            { text: row[i], width: widths[at], right: isNumber[i] },
            { text: '  ' },
          ],
        ),
      ]
    }),
  }
}

const signs: Readonly<Record<ChangedRow['kind'], readonly [string, Role]>> = {
  appended: ['+', 'appended'],
  backfilled: ['<', 'appended'],
  revised: ['~', 'revised'],
  deleted: ['-', 'deleted'],
}

function changedTable(
  state: State,
  view: TabsView,
  { columns }: ChangedRows,
  indexes: readonly number[],
  look: Look,
): Table {
  const all = indexes.map((index) => changedRowAt(state, view, index))
  const keys = Math.min(
    WIDEST_CELL,
    Math.max(3, ...all.map((row) => shownWidth(row?.key ?? '', look))),
  )
  const left = Math.min(view.changes.left, Math.max(0, columns.length - 1))
  const order = columns.map((_, i) => i).slice(left)
  const widths = order.map((i) => {
    const cells = all.map((row) => cellWidth(row, i, look))
    return Math.min(WIDEST_CELL + 24, Math.max(shownWidth(columns[i]!, look), ...cells))
  })
  return {
    heading: [
      { text: '  key', width: keys + 4, role: 'heading' },
      ...order.flatMap(
        (i, at): Spans => [
          { text: columns[i], width: widths[at], role: 'heading' },
          { text: '  ' },
        ],
      ),
    ],
    lines: all.map((row): Spans => {
      if (row === undefined) return [{ text: '…' }]
      const [sign, role] = signs[row.kind]
      return [
        { text: `${sign} `, role },
        { text: row.key, width: keys },
        { text: '  ' },
        ...order.flatMap((i, at): Spans => {
          const cell = row.cells[i]
          return [
            { spans: cell === undefined ? [] : cellSpans(cell), width: widths[at] },
            { text: '  ' },
          ]
        }),
      ]
    }),
  }
}

function cellWidth(row: ChangedRow | undefined, column: number, look: Look): number {
  const cell = row?.cells[column]
  if (cell === undefined) return 0
  return cellSpans(cell).reduce((sum, { text }) => sum + shownWidth(text ?? '', look), 0)
}

function shownWidth(text: string, look: Look): number {
  return textWidth(shown(text, WIDEST_CELL, look))
}
