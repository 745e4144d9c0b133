import type { PlotData } from '../plot-data.ts'
import { detailKey, lifeKey, pageKey, plotKey, ROWS_A_PAGE } from './asked.ts'
import type {
  Comparison,
  LifeView,
  Loaded,
  MessageView,
  SeriesView,
  State,
  TabsView,
} from './state.ts'
import type { ChangedRow, CommitDetail, Life, ListedRef } from './view-data.ts'
import { wrapLines } from './wrap.ts'

/** What a commit changed, as far as it is known. */
export function detailOf(state: State, view: Comparison): Loaded<CommitDetail> | undefined {
  return state.answers.detail.get(detailKey(view.commit.id, view.against?.id))
}

/** What a chart is drawn from; of another range of the series, until that which is asked for is read. */
export function plotOf(state: State, view: TabsView): Loaded<PlotData> | undefined {
  const { plot } = state.answers
  const exact = plot.get(plotKey(view, state))
  if (exact !== undefined) return exact
  const ofSeries = [...plot].filter(([key]) => key.startsWith(pageKey(view, undefined)))
  return ofSeries.findLast(([, { value }]) => value !== undefined)?.[1]
}

export function lifeOf(state: State, view: LifeView): Loaded<Life> | undefined {
  return state.answers.life.get(lifeKey(view))
}

/** Whether an answer is all that there is to say, and not a part of it. */
export function isWhole(life: Loaded<Life> | undefined): boolean {
  return life !== undefined && life.value?.looked === undefined
}

export function refsKey({ listing }: State): string {
  return `${listing.wanted}`
}

/** The refs; as they were before, until they are read again. */
export function refsOf(state: State): Loaded<readonly ListedRef[]> | undefined {
  const { refs } = state.answers
  return refs.get(refsKey(state)) ?? [...refs.values()].at(-1)
}

/** A row of the table of what changed; undefined where it is not read yet. */
export function changedRowAt(state: State, view: TabsView, index: number): ChangedRow | undefined {
  const page = Math.floor(index / ROWS_A_PAGE)
  return state.answers.changed.get(pageKey(view, page))?.value?.rows[index % ROWS_A_PAGE]
}

export function plainRowAt(
  state: State,
  view: TabsView,
  index: number,
): readonly string[] | undefined {
  const page = Math.floor(index / ROWS_A_PAGE)
  return state.answers.rows.get(pageKey(view, page))?.value?.rows[index % ROWS_A_PAGE]
}

/** What the commit did to a row. */
export function plainMarkAt(
  state: State,
  view: TabsView,
  index: number,
): ChangedRow['kind'] | undefined {
  const page = Math.floor(index / ROWS_A_PAGE)
  return state.answers.rows.get(pageKey(view, page))?.value?.marks[index % ROWS_A_PAGE]
}

export function selectedSeries(state: State, view: SeriesView) {
  return detailOf(state, view)?.value?.series[view.cursor]
}

/** A message of more is cut: nobody reads on. */
const LONGEST_MESSAGE = 20_000

const wrapped = new WeakMap<CommitDetail, { columns: number; lines: readonly string[] }>()

/** The message as it is shown in lines of the screen's width. */
export function messageLines(state: State, view: MessageView | Comparison): readonly string[] {
  const detail = detailOf(state, view)?.value
  if (detail === undefined) return []
  const { columns } = state.size
  const known = wrapped.get(detail)
  if (known?.columns === columns) return known.lines
  const lines = wrapLines(detail.message.slice(0, LONGEST_MESSAGE), columns)
  wrapped.set(detail, { columns, lines })
  return lines
}
