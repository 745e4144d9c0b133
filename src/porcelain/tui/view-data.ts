import type { CommitDate } from '../../core/commit-date.ts'
import type { Id } from '../../core/id.ts'
import type { Place } from '../../core/plot-buckets.ts'
import type { Decoration } from '../decorations.ts'
import type { PlotData } from '../plot-data.ts'

/**
 * What the viewer asks of a repository. Each call ends with `interrupted` soon after its signal is aborted.
 * Texts are as they are in the repository: only the components that draw them make them safe to show.
 */
export interface ViewData {
  /** The name to show for the repository, and the revision that is looked at. */
  readonly title: string
  /** Commits, children before parents, in batches as they are found; the first batch is small. */
  commits(filter: CommitFilter, signal: AbortSignal): AsyncIterable<readonly ListedCommit[]>
  /** How many rows each of these commits changed, as they are counted, in the order given. */
  weights(ids: readonly Id[], signal: AbortSignal): AsyncIterable<readonly CommitWeight[]>
  /** What a commit changed against `against`; against its first parent unless given. */
  detail(id: Id, against: Id | undefined, signal: AbortSignal): Promise<CommitDetail>
  plot(request: PlotRequest, signal: AbortSignal): Promise<PlotData>
  /** Rows that differ between two versions, from the given place in key order on. */
  changedRows(request: RowsRequest, signal: AbortSignal): Promise<ChangedRows>
  /** Rows as they are at the commit, from the given place on. */
  rows(request: PlainRowsRequest, signal: AbortSignal): Promise<PlainRows>
  /** All values that a row ever had. */
  life(request: LifeRequest, signal: AbortSignal, onPart?: (part: Life) => void): Promise<Life>
  refs(signal: AbortSignal): Promise<readonly ListedRef[]>
  /**
   * Those of the commits that changed a series whose name contains the text, as they are found. For searches:
   * messages, authors and ids are searched in the list itself.
   */
  touching(
    text: string,
    commits: readonly ListedCommit[],
    signal: AbortSignal,
  ): AsyncIterable<readonly Id[]>
  /** Changes the repository, as the command of that name does, and says in a line what was done. */
  act(action: Action): Promise<string>
  /** Yields after refs moved, whoever moved them. They are looked at about once a second; nothing else is read. */
  moved(signal: AbortSignal): AsyncIterable<void>
}

export interface ListedCommit {
  readonly id: Id
  /** Its unambiguous beginning. */
  readonly short: string
  readonly parents: readonly Id[]
  readonly author: string
  readonly time: CommitDate
  /** The first line of the message. */
  readonly subject: string
  readonly decorations: readonly Decoration[]
}

/** Which commits are listed; all fields together. */
export interface CommitFilter {
  /** Those that these lead to; the revisions of the command line unless given. */
  readonly revisions?: readonly string[] | undefined
  readonly series?: readonly string[] | undefined
  /** Text that the author's name or address contains, capitals or not. */
  readonly author?: string | undefined
  /** Bounds of commit time, as `varve log` takes them. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** Bounds of data time: only commits that changed rows between them. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export interface CommitWeight {
  readonly id: Id
  /** Undefined for a merge, which is not compared. */
  readonly rows: number | undefined
}

export interface CommitDetail {
  readonly id: Id
  readonly against: Id | undefined
  readonly message: string
  readonly author: string
  readonly committer: string
  readonly authored: CommitDate
  readonly committed: CommitDate
  /** In the order of their names. */
  readonly series: readonly TouchedSeries[]
  /** Series beyond those listed: very many are not counted one by one. */
  readonly more: number
}

export interface TouchedSeries {
  readonly path: string
  readonly state: 'new' | 'changed' | 'deleted' | 'renamed'
  readonly from?: string | undefined
  readonly appended: number
  readonly backfilled: number
  readonly revised: number
  readonly deleted: number
  readonly schemaChanges: number
  /** The first and last key that differ, as text. */
  readonly firstKey?: string | undefined
  readonly lastKey?: string | undefined
  readonly largest?: LargestChange | undefined
}

/** The revision that is the largest part of the old value. */
export interface LargestChange {
  readonly key: string
  readonly column: string
  readonly old: string
  readonly new: string
  /** As `varve diff` writes it: `+1.2 (+3 %)`. */
  readonly change: string
}

export interface PlotRequest {
  readonly path: string
  readonly commit: Id
  /** The version to lay beside it; none unless given. */
  readonly against: Id | undefined
  /** All columns of numbers unless given. */
  readonly columns: readonly string[] | undefined
  /** In units of the axis; the whole series where undefined, the range around the change for `change`. */
  readonly range: { readonly from: number; readonly to: number } | 'change' | undefined
  readonly buckets: number
}

export interface RowsRequest {
  readonly path: string
  readonly commit: Id
  /** As for {@link PlotRequest.against}. */
  readonly against: Id | undefined
  /** The first row wanted, from 0. */
  readonly from: number
  readonly count: number
}

export interface PlainRowsRequest extends Omit<RowsRequest, 'from'> {
  /** `change` for no rows, but where the first is that the commit changed. */
  readonly from: number | 'change'
}

export interface ChangedRows {
  readonly columns: readonly string[]
  readonly rows: readonly ChangedRow[]
  readonly total: number
}

export interface ChangedRow {
  readonly kind: 'appended' | 'backfilled' | 'revised' | 'deleted'
  readonly key: string
  /** What names the row to `life`: the texts of its index columns. */
  readonly keyTexts: readonly string[]
  /** A cell a column; undefined where it did not change. */
  readonly cells: readonly (ChangedCell | undefined)[]
}

export interface ChangedCell {
  /** Undefined where the row or the column was not there. */
  readonly old: string | undefined
  readonly new: string | undefined
  /** Of numbers: `+1.2 (+3 %)`. */
  readonly change?: string | undefined
}

export interface PlainRows {
  readonly columns: readonly string[]
  /** How many of the columns, from the first on, are the key. */
  readonly indexCount: number
  /** Which columns are numbers, which stand to the right. */
  readonly isNumber: readonly boolean[]
  readonly rows: readonly (readonly string[])[]
  /** What the commit did to each of the rows; undefined where it did nothing. */
  readonly marks: readonly (ChangedRow['kind'] | undefined)[]
  /** Only where that was asked for: the first row that it changed, from 0; 0 where it changed none. */
  readonly firstChanged?: number | undefined
  readonly total: number
}

export interface LifeRequest {
  readonly path: string
  readonly commit: Id
  /**
   * The texts of the row's index columns; or exact places of a chart, ends included, as `firstAt` of its lines has
   * them: then it is the first row between them that the commit changed against `against`, the first row between them
   * where it changed none.
   */
  readonly row:
    | readonly string[]
    | { readonly from: Place; readonly to: Place; readonly against: Id | undefined }
}

export interface Life {
  /** The row's key, as text; undefined where no row was found: there are no entries then. */
  readonly key: string | undefined
  /** The latest commit first. */
  readonly entries: readonly LifeEntry[]
  /** Of a part: how many commits that changed the series have been looked at. Absent where all have. */
  readonly looked?: number
}

export interface LifeEntry {
  readonly commit: ListedCommit
  readonly path: string
  readonly kind: 'added' | 'revised' | 'deleted'
  /** The columns that changed, with old and new. */
  readonly cells: readonly (ChangedCell & { readonly column: string })[]
}

export interface ListedRef {
  readonly kind: 'branch' | 'tag' | 'remote'
  readonly name: string
  readonly id: Id
  readonly isHead: boolean
  readonly time: CommitDate
  readonly subject: string
}

export type Action =
  | { readonly kind: 'checkout'; readonly target: string }
  | { readonly kind: 'revert'; readonly commit: Id }
  | { readonly kind: 'tag'; readonly commit: Id; readonly name: string }
