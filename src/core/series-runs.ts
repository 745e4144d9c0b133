import type { Column } from './column.ts'
import { allRows, type ColumnRows } from './column-join.ts'
import { concatColumns, nullColumn, sliceColumn, takeRows } from './column-ops.ts'
import { VarveError } from './errors.ts'
import type { Keys } from './key.ts'
import type { Schema } from './schema.ts'
import type { RowBlock } from './series-blocks.ts'
import type { LoadedSegment } from './series-load.ts'
import { rowsBefore, type SegmentRun } from './series-write.ts'
import { searchBit } from './split.ts'

/** No row on this side. */
export const NO_ROW = -1
/** On the new side: a row whose blanked columns become null. */
export const BLANK_ROW = -2

/** The row numbers from `from` to `to` (exclusive). */
export function rowNumbers(from: number, to: number): Int32Array {
  const rows = new Int32Array(to - from)
  for (let i = 0; i < rows.length; i++) rows[i] = from + i
  return rows
}

/** A segment of the old series that an edit reads, with the columns in which it then differs. */
export interface OldSegment {
  readonly loaded: LoadedSegment
  readonly keys: Keys
  readonly changed: Set<number>
}

/** Rows of an edited series as they go into the split. */
export type EditRun = WholeRun | RevisedRun | MergedRun

/** A segment of the old series that nothing touches: a unit that is read only when it is joined. */
export class WholeRun implements SegmentRun<EditRun> {
  readonly segment: LoadedSegment

  constructor(segment: LoadedSegment) {
    this.segment = segment
  }

  get rows(): number {
    return this.segment.rows
  }

  get first(): Uint8Array {
    return this.segment.entry.key
  }

  get last(): Uint8Array {
    return this.segment.entry.last
  }

  // Nothing else shares the bits that the keys of a segment share, so no cut falls inside.
  rowsBefore(): number {
    throw new VarveError('corrupt-object', 'a series is not cut into segments by the rule')
  }

  slice(from: number, to: number): EditRun {
    if (from === 0 && to === this.rows) return this
    return this.rowsBefore() as never
  }

  async column(position: number): Promise<ColumnRows> {
    return allRows(await this.segment.column(position))
  }

  /** The same rows with their keys, so that they can be cut. */
  async open(schema: Schema): Promise<MergedRun> {
    const old = {
      loaded: this.segment,
      keys: await this.segment.keys(),
      changed: new Set<number>(),
    }
    const rows = rowNumbers(0, this.rows)
    return new MergedRun({
      schema,
      old,
      oldRows: rows,
      newRows: new Int32Array(rows.length).fill(NO_ROW),
    })
  }
}

/** Rows of an old segment and, with the same keys one after another, of a block of the input. */
export interface RevisedRows {
  readonly schema: Schema
  readonly old: OldSegment
  readonly oldFrom: number
  readonly block: RowBlock
  readonly newFrom: number
  readonly rows: number
}

/** Rows that were all there and that the input brings, all of them and no others. */
export class RevisedRun implements SegmentRun<EditRun> {
  readonly source: RevisedRows

  constructor(source: RevisedRows) {
    this.source = source
  }

  get rows(): number {
    return this.source.rows
  }

  get old(): OldSegment {
    return this.source.old
  }

  get isAllOld(): boolean {
    return true
  }

  get first(): Uint8Array {
    return this.#keyAt(0)
  }

  get last(): Uint8Array {
    return this.#keyAt(this.rows - 1)
  }

  #keyAt(row: number): Uint8Array {
    return this.source.block.keys.at(this.source.newFrom + row)
  }

  rowsBefore(bit: number): number {
    const { block, newFrom, rows } = this.source
    return rowsBefore(block.keys, newFrom, rows, bit)
  }

  slice(from: number, to: number): RevisedRun {
    const { oldFrom, newFrom, ...source } = this.source
    return new RevisedRun({
      ...source,
      oldFrom: oldFrom + from,
      newFrom: newFrom + from,
      rows: to - from,
    })
  }

  /** The values that the input brings; the old ones where it does not have the column. */
  async column(position: number): Promise<ColumnRows> {
    const { old, oldFrom, block, newFrom, rows } = this.source
    const given = block.columns[position]
    if (given !== undefined) return { column: given, from: newFrom, to: newFrom + rows }
    return { column: await old.loaded.column(position), from: oldFrom, to: oldFrom + rows }
  }
}

/** Where each of some consecutive rows comes from: the old segment, the input, or both. */
export interface MergedRows {
  readonly schema: Schema
  readonly old?: OldSegment | undefined
  readonly block?: RowBlock | undefined
  /** Row of the old segment, or NO_ROW. */
  readonly oldRows: Int32Array
  /** Row of the block, NO_ROW, or BLANK_ROW. */
  readonly newRows: Int32Array
  /** Columns that are null where the new row is BLANK_ROW. */
  readonly blank?: ReadonlySet<number> | undefined
}

/** Rows of one old segment and one block of the input, merged. */
export class MergedRun implements SegmentRun<EditRun> {
  readonly source: MergedRows
  readonly #from: number
  readonly rows: number

  constructor(source: MergedRows, from = 0, to = source.oldRows.length) {
    this.source = source
    this.#from = from
    this.rows = to - from
  }

  get first(): Uint8Array {
    return this.#keyAt(0)
  }

  get last(): Uint8Array {
    return this.#keyAt(this.rows - 1)
  }

  #keyAt(row: number): Uint8Array {
    const { old, block, oldRows, newRows } = this.source
    const at = this.#from + row
    return oldRows[at]! >= 0 ? old!.keys.at(oldRows[at]!) : block!.keys.at(newRows[at]!)
  }

  rowsBefore(bit: number): number {
    return searchBit(this.rows, (row) => this.#keyAt(row), bit)
  }

  slice(from: number, to: number): MergedRun {
    return new MergedRun(this.source, this.#from + from, this.#from + to)
  }

  get old(): OldSegment | undefined {
    return this.source.old
  }

  /** Whether every row was there before. */
  get isAllOld(): boolean {
    const { oldRows } = this.source
    for (let i = this.#from; i < this.#from + this.rows; i++) if (oldRows[i]! < 0) return false
    return true
  }

  async column(position: number): Promise<ColumnRows> {
    const { schema, old, block, blank } = this.source
    const { type } = schema.columns[position]!
    const given = block?.columns[position]
    const parts: Column[] = []
    if (old !== undefined) parts.push(await old.loaded.column(position))
    const [low, high] = this.#newRange()
    const newStart = (old?.loaded.rows ?? 0) - low
    if (given !== undefined && high > low) parts.push(sliceColumn(given, low, high))
    const nullRow = parts.reduce((sum, part) => sum + part.length, 0)
    const rows = new Uint32Array(this.rows)
    const { oldRows, newRows } = this.source
    const blanked = blank?.has(position) === true
    let nulls = false
    for (let i = 0, at = this.#from; i < rows.length; i++, at++) {
      const fresh = newRows[at]!
      if (fresh >= 0 && given !== undefined) rows[i] = newStart + fresh
      else if (oldRows[at]! >= 0 && !(blanked && fresh === BLANK_ROW)) rows[i] = oldRows[at]!
      else {
        rows[i] = nullRow
        nulls = true
      }
    }
    if (nulls) parts.push(nullColumn(type, 1))
    return allRows(takeFrom(parts, rows))
  }

  /** The rows of the block from the first to the last that is used. */
  #newRange(): [number, number] {
    const { newRows } = this.source
    let low = 0
    let high = 0
    for (let at = this.#from; at < this.#from + this.rows; at++) {
      const row = newRows[at]!
      if (row < 0) continue
      if (high === 0) low = row
      high = row + 1
    }
    return [low, high]
  }
}

/** Rows of several columns, numbered through; a stretch of one of them is not copied. */
function takeFrom(parts: readonly Column[], rows: Uint32Array): Column {
  const first = rows[0]!
  let contiguous = true
  for (let i = 1; contiguous && i < rows.length; i++) contiguous = rows[i] === first + i
  if (contiguous) {
    let start = 0
    for (const part of parts) {
      const from = first - start
      if (from >= 0 && from + rows.length <= part.length) {
        return sliceColumn(part, from, from + rows.length)
      }
      start += part.length
    }
  }
  return takeRows(concatColumns(parts), rows)
}
