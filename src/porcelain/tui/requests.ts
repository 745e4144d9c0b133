import type { Id } from '../../core/id.ts'
import type { PlotData } from '../plot-data.ts'
import type {
  Action,
  ChangedRows,
  CommitDetail,
  CommitFilter,
  CommitWeight,
  Life,
  LifeRequest,
  ListedCommit,
  ListedRef,
  PlainRows,
  PlainRowsRequest,
  PlotRequest,
  RowsRequest,
} from './view-data.ts'

/** What is asked of the data, with the number of the asking. */
export type Request =
  | { readonly kind: 'commits'; readonly filter: CommitFilter }
  | { readonly kind: 'weights'; readonly ids: readonly Id[] }
  | { readonly kind: 'detail'; readonly commit: Id; readonly against: Id | undefined }
  | { readonly kind: 'plot'; readonly request: PlotRequest }
  | { readonly kind: 'changed'; readonly request: RowsRequest }
  | { readonly kind: 'rows'; readonly request: PlainRowsRequest }
  | { readonly kind: 'life'; readonly request: LifeRequest }
  | { readonly kind: 'refs' }
  | {
      readonly kind: 'touching'
      readonly text: string
      readonly commits: readonly ListedCommit[]
    }
  | { readonly kind: 'act'; readonly action: Action }

export type RequestKind = Request['kind']

/** A request under way. There is never more than one of a kind. */
export interface Outstanding {
  readonly number: number
  /** What is asked for, as a text to compare. */
  readonly key: string
  readonly request: Request
  /** Told to end, and not ended yet. */
  readonly isCancelled: boolean
}

export type Answer =
  | { readonly kind: 'commits'; readonly batch: readonly ListedCommit[] }
  | { readonly kind: 'weights'; readonly weights: readonly CommitWeight[] }
  | { readonly kind: 'detail'; readonly value: CommitDetail }
  | { readonly kind: 'plot'; readonly value: PlotData }
  | { readonly kind: 'changed'; readonly value: ChangedRows }
  | { readonly kind: 'rows'; readonly value: PlainRows }
  | { readonly kind: 'life'; readonly value: Life }
  | { readonly kind: 'refs'; readonly value: readonly ListedRef[] }
  | { readonly kind: 'touching'; readonly ids: readonly Id[] }
  | { readonly kind: 'act'; readonly said: string }

/** What to tell the user of an error. */
export interface Failure {
  readonly message: string
  readonly hint?: string | undefined
}

/** What the reducer asks of the one who runs it. */
export type Effect =
  | { readonly kind: 'ask'; readonly number: number; readonly request: Request }
  | { readonly kind: 'cancel'; readonly number: number }
  | { readonly kind: 'copy'; readonly text: string }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'repaint' }

export type Event =
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'clock'; readonly now: number }
  /** Refs moved, whoever moved them. */
  | { readonly kind: 'moved' }
  /** A part of the answer, or all of it. */
  | { readonly kind: 'answer'; readonly number: number; readonly answer: Answer }
  /** Nothing more comes of a request. */
  | { readonly kind: 'ended'; readonly number: number; readonly failure?: Failure | undefined }
