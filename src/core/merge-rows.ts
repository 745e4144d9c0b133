import { compareBytes, equalBytes } from './bytes.ts'
import type { ColumnType, Scalar } from './column.ts'
import type { Keys } from './key.ts'
import {
  type ColumnRule,
  type ColumnRules,
  extreme,
  isWithin,
  sameRow,
  sameValue,
  widenScalar,
} from './merge-cells.ts'
import type { ColumnsMerge, MergedColumn, Versions } from './merge-columns.ts'
import type { ObjectReader } from './objects.ts'
import { groupOf, keyValues, type Series } from './series.ts'
import { type DiffPiece, diffPieces } from './series-diff-rows.ts'
import { GroupReader } from './series-groups.ts'

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

/**
 * Merges two versions of a series with index columns of the same types, in key order: what has to
 * change in the start side, and what is in conflict, where ours stays. Reads what differs.
 */
export async function* mergeRows(
  reader: ObjectReader,
  versions: { readonly base: Series | undefined; readonly ours: Series; readonly theirs: Series },
  columns: ColumnsMerge,
  options: MergeRowsOptions,
): AsyncGenerator<MergeItem> {
  const { ours, theirs } = versions
  const { start } = columns
  const other = start === 'ours' ? 'theirs' : 'ours'
  const rows = new VersionedRows(reader, versions, columns)
  const merger = new RowMerger(columns, options)
  if (versions.base === undefined) {
    const pieces = diffPieces(
      reader,
      ours,
      theirs,
      pairing(ours, theirs, columns, 'ours', 'theirs'),
    )
    const changed = new ChangedGroups(pieces, ours)
    for (let group = await changed.head(); group; group = await changed.next()) {
      const all = await rows.of(group)
      yield* merger.merge(keyOf(ours, group), all, all[start], other)
    }
    return
  }
  const { base } = versions
  const changedIn = (side: 'ours' | 'theirs') =>
    new ChangedGroups(
      diffPieces(
        reader,
        base,
        versions[side],
        pairing(base, versions[side], columns, 'base', side),
      ),
      base,
    )
  const mine = changedIn(start)
  const others = changedIn(other)
  const keepsColumns = columns.columns.every((column) => column[other] !== undefined)
  for (let group = await others.head(); group; group = await others.next()) {
    const key = keyOf(base, group)
    const met = await mine.skipTo(group)
    if (met !== undefined && equalBytes(met, group)) {
      const all = await rows.of(group)
      yield* merger.merge(key, all, all[start], other)
      continue
    }
    // The start side has what the base had, but for columns that it alone has.
    const fresh = await rows.read(other, group)
    const kept = keepsColumns ? [] : await rows.read(start, group)
    yield { merged: { key, rows: merger.withKept(fresh, kept, other) } }
  }
}

function keyOf({ schema }: Series, group: Uint8Array): readonly Scalar[] {
  return keyValues({ ...schema, duplicates: false }, group)
}

/** How two versions are compared: in the columns that both sides have. */
function pairing(
  { schema: old }: Series,
  { schema: fresh }: Series,
  { columns, schema }: ColumnsMerge,
  from: Take,
  to: 'ours' | 'theirs',
) {
  const indexTypes: ColumnType[] = old.columns.slice(0, old.indexCount).map(({ type }) => type)
  // Subtrees that are equal can be skipped where every column has its place.
  const aligned =
    old.columns.length === fresh.columns.length &&
    old.columns.every(({ type }, i) => type === fresh.columns[i]!.type) &&
    columns.every((column) => column[from] === column[to])
  const pairs = aligned
    ? old.columns.map((_, i) => ({ old: i, new: i })).slice(old.indexCount)
    : columns
        .slice(schema.indexCount)
        .filter(({ ours, theirs }) => ours !== undefined && theirs !== undefined)
        .map((column) => ({ old: column[from], new: column[to] }))
  return { pairs, changes: [], indexTypes, aligned }
}

/** The groups of which two series have other rows, ascending. */
class ChangedGroups {
  readonly #pieces: AsyncIterator<DiffPiece>
  readonly #series: Series
  #piece: LoadedPiece | undefined
  #at = 0
  #group: Uint8Array | undefined
  #begun = false

  constructor(pieces: AsyncIterable<DiffPiece>, series: Series) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#series = series
  }

  /** The group at hand; undefined past the last. */
  async head(): Promise<Uint8Array | undefined> {
    return this.#begun ? this.#group : this.next()
  }

  /** The next other group. */
  async next(): Promise<Uint8Array | undefined> {
    this.#begun = true
    const before = this.#group
    for (;;) {
      const piece = await this.#open(undefined)
      if (piece === undefined) {
        this.#group = undefined
        return undefined
      }
      const group = groupOf(this.#series.schema, piece.keyAt(this.#at++))
      if (before !== undefined && equalBytes(group, before)) continue
      this.#group = group.slice()
      return this.#group
    }
  }

  /** The first group, from the one at hand on, that is not before another. */
  async skipTo(group: Uint8Array): Promise<Uint8Array | undefined> {
    let head = this.#begun ? this.#group : undefined
    if (this.#begun && head === undefined) return undefined
    while (head === undefined || compareBytes(head, group) < 0) {
      this.#begun = true
      const piece = await this.#open(group)
      if (piece === undefined) {
        this.#group = undefined
        return undefined
      }
      this.#at = piece.firstFrom(group, this.#at)
      if (this.#at === piece.length) continue
      this.#group = groupOf(this.#series.schema, piece.keyAt(this.#at++)).slice()
      head = this.#group
    }
    return head
  }

  /** The piece with the next row; pieces that end before a group are not looked into. */
  async #open(group: Uint8Array | undefined): Promise<LoadedPiece | undefined> {
    while (this.#piece === undefined || this.#at >= this.#piece.length) {
      const { value, done } = await this.#pieces.next()
      if (done) return undefined
      const segment = (value.new ?? value.old)!
      if (
        group !== undefined &&
        value.rows === 'all' &&
        compareBytes(segment.entry.last, group) < 0
      ) {
        continue
      }
      this.#piece = await LoadedPiece.load(value)
      this.#at = 0
    }
    return this.#piece
  }
}

/** Rows of a piece with their keys. */
class LoadedPiece {
  readonly #piece: DiffPiece
  readonly #old: Keys | undefined
  readonly #new: Keys | undefined
  readonly length: number

  private constructor(piece: DiffPiece, old: Keys | undefined, fresh: Keys | undefined) {
    this.#piece = piece
    this.#old = old
    this.#new = fresh
    this.length = piece.rows === 'all' ? (piece.new ?? piece.old)!.rows : piece.rows.old.length
  }

  static async load(piece: DiffPiece): Promise<LoadedPiece> {
    return new LoadedPiece(piece, await piece.old?.keys(), await piece.new?.keys())
  }

  keyAt(at: number): Uint8Array {
    const { rows } = this.#piece
    if (rows === 'all') return (this.#new ?? this.#old)!.at(at)
    const row = rows.new[at]!
    return row >= 0 ? this.#new!.at(row) : this.#old!.at(rows.old[at]!)
  }

  /** The first row from `at` on whose key is not before `group`. */
  firstFrom(group: Uint8Array, at: number): number {
    let low = at
    let high = this.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareBytes(this.keyAt(middle), group) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Rows of all versions in the merged columns. */
class VersionedRows {
  readonly #readers: Versions<GroupReader | undefined>
  readonly #series: Versions<Series | undefined>
  readonly #columns: readonly MergedColumn[]

  constructor(
    reader: ObjectReader,
    versions: { readonly base: Series | undefined; readonly ours: Series; readonly theirs: Series },
    { columns }: ColumnsMerge,
  ) {
    this.#series = versions
    this.#columns = columns
    this.#readers = {
      base: versions.base && new GroupReader(reader, versions.base),
      ours: new GroupReader(reader, versions.ours),
      theirs: new GroupReader(reader, versions.theirs),
    }
  }

  async of(group: Uint8Array): Promise<Versions<MergedGroup>> {
    return {
      base: await this.read('base', group),
      ours: await this.read('ours', group),
      theirs: await this.read('theirs', group),
    }
  }

  /** A column that the version lacks is null. */
  async read(which: Take, group: Uint8Array): Promise<MergedGroup> {
    const reader = this.#readers[which]
    if (reader === undefined) return []
    const specs = this.#series[which]!.schema.columns
    return (await reader.rows(group)).map((row) =>
      this.#columns.map((column) => {
        const at = column[which]
        return at === undefined ? null : widenScalar(row[at]!, specs[at]!.type, column.type)
      }),
    )
  }
}

/** Merges the rows of one key. */
class RowMerger {
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
