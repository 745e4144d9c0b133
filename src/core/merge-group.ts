import type { Scalar } from './column.ts'
import {
  type ColumnRule,
  type ColumnRules,
  extreme,
  isWithin,
  sameRow,
  sameValue,
} from './merge-cells.ts'
import type { ColumnsMerge, MergedColumn, Versions } from './merge-columns.ts'

/** A version to take. */
export type Take = 'base' | 'ours' | 'theirs'

/** Rows of one key in the merged columns: none where there is no such row, several of duplicates. */
export type MergedGroup = readonly (readonly Scalar[])[]

/** What both sides made of one key, so that it cannot be said which is right. */
export interface RowConflict {
  /**
   * `cell`: one value. `row`: deleted on one side, revised on the other. `group`: rows with equal
   * keys, which are taken or left as a whole.
   */
  readonly kind: 'cell' | 'row' | 'group'
  /** Index values. */
  readonly key: readonly Scalar[]
  /** Position in the merged columns, of a cell. */
  readonly column?: number
  /** Whole rows of the merged columns; of a cell, the rows that it is in. */
  readonly rows: Versions<MergedGroup>
}

/** A key that the start side has otherwise than the merged series. */
export interface MergedKey {
  readonly key: readonly Scalar[]
  readonly rows: MergedGroup
}

export type MergeItem = { readonly merged: MergedKey } | { readonly conflict: RowConflict }

export interface MergeRowsOptions {
  readonly rules: ColumnRules
  /** Settles what rules do not; undefined leaves it a conflict. Asked only where it matters. */
  readonly settle: () => Promise<Take | undefined>
  /** Which side a rule `newest` takes. */
  readonly newest: () => Promise<'ours' | 'theirs'>
}

/** Merges the rows of one key. */
export class RowMerger {
  readonly #columns: readonly MergedColumn[]
  readonly #rules: readonly (ColumnRule | undefined)[]
  readonly #indexCount: number
  readonly #duplicates: boolean
  readonly #options: MergeRowsOptions

  constructor({ columns, schema }: ColumnsMerge, options: MergeRowsOptions) {
    this.#columns = columns
    this.#indexCount = schema.indexCount
    this.#duplicates = schema.duplicates
    this.#rules = columns.map(({ name }) => options.rules.get(name))
    this.#options = options
  }

  /**
   * Rows of one side, with what only the other has in its columns. Of a group with another number of
   * rows nobody knows which is which: nothing is taken from that.
   */
  withKept(fresh: MergedGroup, kept: MergedGroup, side: 'ours' | 'theirs'): MergedGroup {
    if (kept.length !== fresh.length) return fresh
    return fresh.map((row, rank) =>
      row.map((value, i) => (this.#columns[i]![side] === undefined ? kept[rank]![i]! : value)),
    )
  }

  async *merge(
    key: readonly Scalar[],
    rows: Versions<MergedGroup>,
    start: MergedGroup,
    other: 'ours' | 'theirs',
  ): AsyncGenerator<MergeItem> {
    const { base, ours, theirs } = rows
    if (this.#sameIn(ours, theirs)) {
      // What only the other side has in its own columns.
      const merged = this.withKept(rows[other], start, other)
      if (!sameGroup(merged, start)) yield { merged: { key, rows: merged } }
      return
    }
    const isCells = !this.#duplicates && ours.length === 1 && theirs.length === 1
    if (isCells) {
      yield* this.#mergeCells(key, rows, start[0]!)
      return
    }
    let side: Take | undefined
    const isThere = ours.length > 0 && theirs.length > 0
    if (this.#isUnchanged(ours, base, isThere)) side = 'theirs'
    else if (this.#isUnchanged(theirs, base, isThere)) side = 'ours'
    else side = await this.#options.settle()
    if (side === undefined) {
      const shown = {
        base,
        ours: this.withKept(ours, theirs, 'ours'),
        theirs: this.withKept(theirs, ours, 'theirs'),
      }
      yield { conflict: { kind: this.#duplicates ? 'group' : 'row', key, rows: shown } }
      side = 'ours'
    }
    const merged = side === other ? this.withKept(rows[side], start, side) : rows[side]
    if (!sameGroup(merged, start)) yield { merged: { key, rows: merged } }
  }

  async *#mergeCells(
    key: readonly Scalar[],
    rows: Versions<MergedGroup>,
    start: readonly Scalar[],
  ): AsyncGenerator<MergeItem> {
    const base = rows.base[0]
    const ours = rows.ours[0]!
    const theirs = rows.theirs[0]!
    const merged: Scalar[] = []
    for (const [i, column] of this.#columns.entries()) {
      const was = base?.[i] ?? null
      const x = ours[i]!
      const y = theirs[i]!
      if (i < this.#indexCount || column.theirs === undefined || sameValue(x, y)) merged.push(x)
      else if (column.ours === undefined) merged.push(y)
      else if (sameValue(x, was)) merged.push(y)
      else if (sameValue(y, was)) merged.push(x)
      else {
        const value = await this.#decide(i, { base: was, ours: x, theirs: y })
        if (value === undefined) yield { conflict: { kind: 'cell', key, column: i, rows } }
        merged.push(value === undefined ? x : value.value)
      }
    }
    if (!sameRow(merged, start)) yield { merged: { key, rows: [merged] } }
  }

  async #decide(at: number, cell: Versions<Scalar>): Promise<{ value: Scalar } | undefined> {
    const { policy, tolerance } = this.#rules[at] ?? {}
    const { ours, theirs } = cell
    if (isWithin(this.#columns[at]!.type, ours, theirs, tolerance)) return { value: ours }
    if (policy === 'min' || policy === 'max') return { value: extreme(policy, ours, theirs) }
    const take =
      policy === 'newest'
        ? await this.#options.newest()
        : (policy ?? (await this.#options.settle()))
    return take === undefined ? undefined : { value: cell[take] }
  }

  /** Whether rows are the same in the columns that both sides have. */
  #sameIn(a: MergedGroup, b: MergedGroup): boolean {
    return sameWhere(
      a,
      b,
      (i) => this.#columns[i]!.ours !== undefined && this.#columns[i]!.theirs !== undefined,
    )
  }

  /**
   * Whether a side's rows are those of the base: new columns do not count, unless both sides have them
   * and the row.
   */
  #isUnchanged(side: MergedGroup, base: MergedGroup, isThere: boolean): boolean {
    return sameWhere(side, base, (i) => {
      const column = this.#columns[i]!
      const isShared = column.ours !== undefined && column.theirs !== undefined
      return column.base !== undefined || (isThere && isShared)
    })
  }
}

function sameWhere(a: MergedGroup, b: MergedGroup, counts: (column: number) => boolean): boolean {
  return (
    a.length === b.length &&
    a.every((row, rank) => row.every((value, i) => !counts(i) || sameValue(value, b[rank]![i]!)))
  )
}

function sameGroup(a: MergedGroup, b: MergedGroup): boolean {
  return a.length === b.length && a.every((row, rank) => sameRow(row, b[rank]!))
}
