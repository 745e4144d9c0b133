import { bindingsIn } from '../bindings.ts'
import { bodyRows, FOOT_ROWS, HEAD_ROWS } from '../layout.ts'
import { detailOf, lifeOf, messageLines, refsOf, selectedSeries } from '../looked-up.ts'
import { placeOf } from '../scroll.ts'
import type { HelpView, LifeView, MessageView, RefsView, SeriesView, State } from '../state.ts'
import type { ChangedCell, LifeEntry } from '../view-data.ts'
import { hitSpans, roleOf } from './commits.ts'
import {
  failureSpans,
  headSpans,
  largestSpans,
  nameColumns,
  seriesHeading,
  seriesSpans,
  summarySpans,
} from './details.ts'
import { drawLine, type Span } from './line.ts'
import type { Look, Role } from './look.ts'
import { age } from './numbers.ts'

type Spans = readonly Span[]

/** What a view consists of: lines that stay, lines of a list, and lines below it. */
interface Parts {
  readonly head: readonly Spans[]
  /** The line of the list at a place; undefined after its end. */
  readonly line: (index: number) => Spans | undefined
  readonly foot?: readonly Spans[]
  /** What stands in the list where nothing does. */
  readonly empty?: readonly Spans[] | undefined
  readonly hasCursor: boolean
}

type ListView = SeriesView | RefsView | LifeView | MessageView | HelpView

/** The body of a view that is a list, or a text. */
export function viewLines(state: State, view: ListView, look: Look): readonly string[] {
  const width = state.size.columns
  const rows = bodyRows(state.size)
  const { head, line, foot = [], empty = [], hasCursor } = partsOf(state, view, look)
  const headRows = HEAD_ROWS[view.kind]
  const footRows = view.kind === 'series' ? FOOT_ROWS : 0
  const { cursor, top } = placeOf(view)
  const list = Math.max(1, rows - headRows - footRows)
  const draw = (spans: Spans | undefined, selected = false) =>
    drawLine(spans ?? [], { width, look, selected })
  const isEmpty = line(0) === undefined
  return [
    ...Array.from({ length: headRows }, (_, i) => draw(head[i])),
    ...Array.from({ length: list }, (_, i) => {
      const at = top + i
      const spans = isEmpty ? empty[i] : line(at)
      return draw(spans, hasCursor && !isEmpty && at === cursor)
    }),
    ...Array.from({ length: footRows }, (_, i) => draw(foot[i])),
  ].slice(0, rows)
}

function partsOf(state: State, view: ListView, look: Look): Parts {
  switch (view.kind) {
    case 'series':
      return seriesParts(state, view)
    case 'refs':
      return refsParts(state)
    case 'life':
      return lifeParts(state, view)
    case 'message':
      return messageParts(state, view)
    case 'help':
      return helpParts(view, look)
  }
}

const reading: readonly Spans[] = [[{ text: ' reading …' }]]

function seriesParts(state: State, view: SeriesView): Parts {
  const { columns } = state.size
  const detail = detailOf(state, view)
  const selected = selectedSeries(state, view)
  const { commit, against } = view
  const series = detail?.value?.series ?? []
  const names = nameColumns(series, columns)
  const isEnd = (index: number) => index === series.length - 1 && (detail?.value?.more ?? 0) > 0
  return {
    head: [
      headSpans(commit, detail?.value, columns),
      against === undefined
        ? [{ text: commit.subject }]
        : [
            { text: 'compared with ', role: 'title' },
            ...headSpans(against, undefined, columns),
            { text: against.subject },
          ],
      detail?.value === undefined ? [] : summarySpans(detail.value),
      seriesHeading(names),
    ],
    line: (index) => series[index] && seriesSpans(series[index], names),
    foot: [
      isEnd(view.cursor) ? [{ text: `and ${detail?.value?.more} more` }] : [],
      selected === undefined
        ? []
        : [{ text: selected.path, role: 'title' }, ...largestSpans(selected)],
    ],
    empty:
      detail === undefined
        ? reading
        : detail.failure !== undefined
          ? failureSpans(detail.failure)
          : [],
    hasCursor: true,
  }
}

function refsParts(state: State): Parts {
  const refs = refsOf(state)
  const list = refs?.value ?? []
  const longest = Math.max(8, ...list.slice(0, 1000).map(({ name }) => name.length))
  const width = Math.min(longest, Math.floor(state.size.columns / 2))
  return {
    head: [
      [
        { text: '  kind    ', role: 'heading' },
        { text: 'name', width: width + 1, role: 'heading' },
        { text: 'age', width: 5, right: true, role: 'heading' },
        { text: ' ' },
        { text: 'message', role: 'heading' },
      ],
    ],
    line(index) {
      const ref = list[index]
      if (ref === undefined) return undefined
      return [
        { text: ref.isHead ? '* ' : '  ', role: 'title' },
        { text: ref.kind, width: 8 },
        { text: ref.name, width, role: roleOf(ref.kind) },
        { text: ' ' },
        { text: age(ref.time.seconds, state.now), width: 5, right: true, role: 'age' },
        { text: ' ' },
        ...hitSpans(ref.subject, state.search.text),
      ]
    },
    empty:
      refs === undefined
        ? reading
        : refs.failure !== undefined
          ? failureSpans(refs.failure)
          : [[{ text: ' there are no branches and no tags' }]],
    hasCursor: true,
  }
}

const lifeRoles: Readonly<Record<LifeEntry['kind'], Role>> = {
  added: 'appended',
  revised: 'revised',
  deleted: 'deleted',
}

function lifeParts(state: State, view: LifeView): Parts {
  const life = lifeOf(state, view)
  const entries = life?.value?.entries ?? []
  const { path, row } = view.request
  const looked = life?.value?.looked
  const sofar =
    looked === undefined ? '' : `  so far, in ${looked.toLocaleString('en-US')} commits…`
  const key = life?.value?.key ?? ('from' in row ? 'the point' : row.join(','))
  return {
    head: [
      [
        { text: 'life of ' },
        { text: key, role: 'title' },
        { text: ' in ' },
        { text: path, role: 'title' },
        { text: `  ${entries.length === 0 ? '' : versions(entries.length)}${sofar}` },
      ],
      [
        { text: 'commit', width: 13, role: 'heading' },
        { text: 'age', width: 5, right: true, role: 'heading' },
        { text: ' ' },
        { text: 'what', width: 8, role: 'heading' },
        { text: ' ' },
        { text: 'values', role: 'heading' },
      ],
    ],
    line(index) {
      const entry = entries[index]
      if (entry === undefined) return undefined
      const { commit, kind, cells } = entry
      return [
        { text: commit.short, width: 12, role: 'id' },
        { text: ' ' },
        { text: age(commit.time.seconds, state.now), width: 5, right: true, role: 'age' },
        { text: ' ' },
        { text: kind, width: 8, role: lifeRoles[kind] },
        { text: ' ' },
        ...cells.flatMap((cell) => [
          { text: `${cell.column} ` },
          ...cellSpans(cell),
          { text: '  ' },
        ]),
        ...(entry.path === path ? [] : [{ text: `in ${entry.path}  ` }]),
        { text: commit.subject },
      ]
    },
    empty:
      life === undefined || looked !== undefined
        ? reading
        : life.failure !== undefined
          ? failureSpans(life.failure)
          : [[{ text: ' there is no row here: move the cursor to where one is' }]],
    hasCursor: true,
  }
}

function versions(count: number): string {
  return count === 1 ? 'one version' : `${count} versions`
}

/** `1.2 → 1.3 +0.1 (+8 %)`. */
export function cellSpans({ old, new: fresh, change }: ChangedCell): Spans {
  return [
    ...(old === undefined ? [] : [{ text: old, role: 'before' as const }]),
    ...(old !== undefined && fresh !== undefined ? [{ text: ' → ' }] : []),
    ...(fresh === undefined ? [] : [{ text: fresh, role: 'after' as const }]),
    ...(change === undefined ? [] : [{ text: ` ${change}`, role: 'title' as const }]),
  ]
}

function messageParts(state: State, view: MessageView): Parts {
  const lines = messageLines(state, view)
  const detail = detailOf(state, view)
  return {
    head: [headSpans(view.commit, detail?.value, state.size.columns), []],
    line: (index) => (lines[index] === undefined ? undefined : [{ text: lines[index] }]),
    empty:
      detail?.failure !== undefined
        ? failureSpans(detail.failure)
        : detail === undefined
          ? reading
          : [],
    hasCursor: false,
  }
}

const titles: Readonly<Record<HelpView['about'], string>> = {
  commits: 'the list of commits',
  series: 'what a commit changed',
  chart: 'a chart: the series before and after the commit',
  changes: 'rows that the commit changed',
  rows: 'rows as they are at the commit',
  refs: 'branches and tags',
  life: 'the life of a row',
  message: 'a message',
  help: 'help',
}

function helpParts({ about }: HelpView, _look: Look): Parts {
  const bindings = bindingsIn(about)
  return {
    head: [
      [{ text: `Keys in ${titles[about]}`, role: 'title' }],
      [{ text: 'A number before a key repeats it (5j), or is a line: 12G.' }],
    ],
    line(index) {
      const binding = bindings[index]
      if (binding === undefined) return undefined
      return [{ text: ` ${binding.shown}`, width: 12, role: 'id' }, { text: binding.help }]
    },
    hasCursor: false,
  }
}
