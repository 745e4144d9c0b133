import type { Id } from '../../core/id.ts'
import { chartBuckets } from '../chart/draw-chart.ts'
import type { Request } from './requests.ts'
import type { LifeView, SeriesView, State, TabsView } from './state.ts'
import type { PlainRowsRequest, PlotRequest, RowsRequest } from './view-data.ts'

/** Rows of a table are asked for so many at a time. */
export const ROWS_A_PAGE = 256

/** What is asked for by a view: the request, and the text by which its answer is found. */
export interface Asked<R extends Request = Request> {
  readonly key: string
  readonly request: R
}

export function detailKey(commit: Id, against: Id | undefined): string {
  return `${commit} ${against ?? ''}`
}

export function comparedWith(view: Pick<SeriesView, 'commit' | 'against'>): Id | undefined {
  return view.against?.id ?? view.commit.parents[0]
}

/** Without a page: what the keys of all its pages begin with; `change` for where the first row is that changed. */
export function pageKey(view: TabsView, page: number | 'change' | undefined): string {
  return `${view.commit.id} ${comparedWith(view) ?? ''} ${JSON.stringify(view.path)} ${page ?? ''}`
}

export function pageRequest(view: TabsView, page: number): RowsRequest {
  return {
    path: view.path,
    commit: view.commit.id,
    against: comparedWith(view),
    from: page * ROWS_A_PAGE,
    count: ROWS_A_PAGE,
  }
}

export function firstChangedRequest(view: TabsView): PlainRowsRequest {
  return { ...pageRequest(view, 0), from: 'change', count: 0 }
}

type Screen = Pick<State, 'size' | 'marks'>

function chartDots({ size, marks }: Screen): number {
  return chartBuckets(size.columns, marks)
}

export function plotRequest(view: TabsView, screen: Screen): PlotRequest {
  return {
    path: view.path,
    commit: view.commit.id,
    against: comparedWith(view),
    columns: undefined,
    range: view.chart.range,
    buckets: chartDots(screen),
  }
}

export function plotKey(view: TabsView, screen: Screen): string {
  const { range } = view.chart
  const shown = typeof range === 'object' ? `${range.from}…${range.to}` : (range ?? 'all')
  return `${pageKey(view, undefined)}${shown} ${chartDots(screen)}`
}

export function lifeKey({ request }: LifeView): string {
  const { path, commit, row } = request
  return JSON.stringify([path, commit, row], (_, value) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
}
