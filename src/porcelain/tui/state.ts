import type { Id } from '../../core/id.ts'
import type { ChartMarks } from '../chart/draw-chart.ts'
import type { PlotData } from '../plot-data.ts'
import type { CommitList } from './commit-list.ts'
import type { Effect, Failure, Outstanding, RequestKind } from './requests.ts'
import type {
  Action,
  ChangedRows,
  CommitDetail,
  CommitFilter,
  Life,
  LifeRequest,
  ListedCommit,
  ListedRef,
  PlainRows,
} from './view-data.ts'

/** All that the viewer shows and what it waits for. Never changes: an event makes another one. */
export interface State {
  readonly size: Size
  /** What charts are drawn with. */
  readonly marks: ChartMarks
  /** Seconds since 1970: what ages are counted from. */
  readonly now: number
  readonly title: string
  readonly commits: CommitList
  readonly listing: Listing
  /** How many rows commits changed, those counted last. */
  readonly weights: ReadonlyMap<Id, number | undefined>
  /** The largest of them. */
  readonly heaviest: number
  /** What is shown, the last one on top. Never empty; the first is the list of commits. */
  readonly views: readonly View[]
  readonly prompt: Prompt | undefined
  /** Digits typed before a command. */
  readonly count: string
  readonly search: Search
  /** The commit that others are compared with. */
  readonly mark: ListedCommit | undefined
  readonly message: Message | undefined
  readonly answers: Answers
  readonly outstanding: ReadonlyMap<RequestKind, Outstanding>
  /** The number of the next request. */
  readonly next: number
  /** What changes the repository now. */
  readonly acting: Action | undefined
  readonly isLeft: boolean
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface ChosenFilter {
  readonly filter: CommitFilter
  /** As it was typed. */
  readonly filterText: string
}

/** How the list of commits comes about. */
export interface Listing extends ChosenFilter {
  /** What the commits that are shown were chosen by: again what counts where nothing can be chosen by the filter. */
  readonly before: ChosenFilter
  /** Counts what makes a list out of date: another filter, refs that moved. */
  readonly wanted: number
  /** Which of them the commits are of. */
  readonly shown: number
  /** Commits of the wanted one, as long as the place in the list is not among them. */
  readonly arriving: CommitList | undefined
  /** Whether the commit under the cursor stays there in the wanted one; else that begins at its top. */
  readonly keepsPlace: boolean
  readonly isComplete: boolean
  readonly failure: Failure | undefined
}

export interface Place {
  readonly cursor: number
  /** The first line that is shown. */
  readonly top: number
}

export type View =
  | CommitsView
  | SeriesView
  | TabsView
  | RefsView
  | LifeView
  | MessageView
  | HelpView

export interface CommitsView extends Place {
  readonly kind: 'commits'
}

/** What a commit changed. */
export interface SeriesView extends Place, Comparison {
  readonly kind: 'series'
}

export interface Comparison {
  readonly commit: ListedCommit
  /** What it is compared with, where that is not its first parent. */
  readonly against: ListedCommit | undefined
}

/** One series at a commit: a chart, a table of what changed, and its rows. */
export interface TabsView extends Comparison {
  readonly kind: 'data'
  readonly path: string
  readonly tab: 'chart' | 'changes' | 'rows'
  readonly chart: ChartPlace
  readonly changes: TablePlace
  readonly rows: TablePlace
  /** Whether the rows are where the commit changed the first of them, or were moved from there. */
  readonly isRowsPlaced: boolean
}

export interface ChartPlace {
  /** Which of the columns of numbers is drawn, and how many from there on, one above the other. */
  readonly column: number
  readonly columns: number
  /** Positions on the axis; undefined for the whole series. */
  readonly range: Range | 'change' | undefined
  /** The bucket under the cursor, from 0; until it is moved, where something changed. */
  readonly cursor: number | undefined
}

export interface Range {
  readonly from: number
  readonly to: number
}

export interface TablePlace extends Place {
  /** The first column beside the key that is shown. */
  readonly left: number
}

export interface RefsView extends Place {
  readonly kind: 'refs'
}

/** All values that a row ever had. */
export interface LifeView extends Place {
  readonly kind: 'life'
  readonly request: LifeRequest
}

/** The whole message of a commit. */
export interface MessageView extends Place, Comparison {
  readonly kind: 'message'
}

export interface HelpView extends Place {
  readonly kind: 'help'
  readonly about: ViewName
}

/** What keys may depend on: the tabs of a series count as views. */
export type ViewName = Exclude<View['kind'], 'data'> | TabsView['tab']

export type Prompt =
  | TextPrompt
  | {
      readonly kind: 'confirm'
      readonly question: string
      readonly action: Action
    }

export interface TextPrompt {
  readonly kind: 'search' | 'filter' | 'tag'
  readonly text: string
  /** Where the view was when the search began: what is found is found from there. */
  readonly from: number
  /** What is tagged. */
  readonly commit?: ListedCommit | undefined
}

export interface Search {
  readonly text: string
  /** Counts searches: what was found for an earlier one is not for this. */
  readonly number: number
  /** Commits that changed a series of a name with the text. */
  readonly touching: ReadonlySet<Id>
  /** Whether those are looked for, and whether they were all found. */
  readonly series: 'not' | 'wanted' | 'all'
  /** From where to go which way when one is found, where none is yet. */
  readonly pending: { readonly from: number; readonly step: 1 | -1 } | undefined
}

export interface Message {
  readonly text: string
  readonly isError: boolean
}

/** An answer, or why there is none. */
export type Loaded<T> =
  | { readonly value: T; readonly failure?: undefined }
  | { readonly failure: Failure; readonly value?: undefined }

/** Answers by what was asked, the latest last; older ones are forgotten. */
export interface Answers {
  readonly detail: ReadonlyMap<string, Loaded<CommitDetail>>
  readonly plot: ReadonlyMap<string, Loaded<PlotData>>
  readonly changed: ReadonlyMap<string, Loaded<ChangedRows>>
  readonly rows: ReadonlyMap<string, Loaded<PlainRows>>
  readonly life: ReadonlyMap<string, Loaded<Life>>
  readonly refs: ReadonlyMap<string, Loaded<readonly ListedRef[]>>
}

export interface Step {
  readonly state: State
  readonly effects: readonly Effect[]
}

export function topView(state: State): View {
  return state.views.at(-1)!
}

export function nameOf(view: View): ViewName {
  return view.kind === 'data' ? view.tab : view.kind
}

export function withTop(state: State, view: View): State {
  return { ...state, views: [...state.views.slice(0, -1), view] }
}

/** As many views are kept to go back to; the first always is. */
const DEEPEST = 50

export function pushed(state: State, view: View): State {
  const [first, ...others] = state.views
  return { ...state, views: [first!, ...others.slice(2 - DEEPEST), view] }
}
