import type { Column } from './column.ts'
import { columnOf } from './column-builder.ts'
import { concatColumns, nullColumn, takeRows, widenColumn } from './column-ops.ts'
import { encodeKeys } from './key.ts'
import type { Schema } from './schema.ts'
import { rankOf } from './series.ts'
import type { DiffSegment } from './series-diff-segments.ts'

/** The version that ends a row which no later version changed. */
export const STILL = 0xffff_ffff

/** Rows as they were in some versions: by key, those of one key by version. */
export interface VintageBatch {
  /** The plan's. */
  readonly columns: readonly Column[]
  readonly rows: number
  /** The version that first had the row so. */
  readonly from: Uint32Array
  /** The version that first had it otherwise, or not at all; {@link STILL}. */
  readonly to: Uint32Array
  /** 1 where a row is the first with its key; all rows of a key are in one batch. */
  readonly starts: Uint8Array
}

/** Collects what versions made of the rows of a range of keys, the oldest version first. */
export class VintageRows {
  readonly #schema: Schema
  readonly #parts: Column[][]
  readonly #ranks: number[] = []
  readonly #events: { readonly version: number; readonly rows: number; readonly gone: boolean }[] =
    []
  #count = 0

  constructor(schema: Schema) {
    this.#schema = schema
    this.#parts = schema.columns.map(() => [])
  }

  /**
   * Adds rows of a segment: what a version has from now on, or what it has no more.
   * @param positions where the segment has the schema's value columns
   */
  async add(
    version: number,
    segment: DiffSegment,
    positions: readonly (number | undefined)[],
    rows: Uint32Array | 'all',
    gone: boolean,
  ): Promise<void> {
    const count = rows === 'all' ? segment.rows : rows.length
    if (count === 0) return
    const { columns, indexCount, duplicates } = this.#schema
    for (const [i, { type }] of columns.entries()) {
      const position = i < indexCount ? i : positions[i - indexCount]
      if (position === undefined || (gone && i >= indexCount)) {
        this.#parts[i]!.push(nullColumn(type, count))
        continue
      }
      const column = await segment.column(position)
      this.#parts[i]!.push(widenColumn(rows === 'all' ? column : takeRows(column, rows), type))
    }
    if (duplicates) {
      const keys = await segment.keys()
      for (let i = 0; i < count; i++)
        this.#ranks.push(rankOf(keys.at(rows === 'all' ? i : rows[i]!)))
    }
    this.#events.push({ version, rows: count, gone })
    this.#count += count
  }

  finish(): VintageBatch {
    const { indexCount, duplicates } = this.#schema
    const columns = this.#parts.map((parts, i) =>
      parts.length === 0 ? columnOf(this.#schema.columns[i]!.type, []) : concatColumns(parts),
    )
    const versions = new Uint32Array(this.#count)
    const gone = new Uint8Array(this.#count)
    let at = 0
    for (const event of this.#events) {
      versions.fill(event.version, at, at + event.rows)
      if (event.gone) gone.fill(1, at, at + event.rows)
      at += event.rows
    }
    const index = columns.slice(0, indexCount)
    const keys = encodeKeys(index, ...(duplicates ? [Uint32Array.from(this.#ranks)] : []))
    // Rows with equal keys keep their order, which is that of the versions.
    const order = keys.order()
    const kept = new Uint32Array(this.#count)
    const to = new Uint32Array(this.#count)
    const starts = new Uint8Array(this.#count)
    let rows = 0
    let isNew = true
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!
      const next = order[i + 1]
      const goesOn = next !== undefined && keys.compare(row, keys, next) === 0
      if (gone[row] === 0) {
        kept[rows] = row
        to[rows] = goesOn ? versions[next]! : STILL
        starts[rows] = isNew ? 1 : 0
        rows++
        isNew = false
      }
      if (!goesOn) isNew = true
    }
    const taken = kept.subarray(0, rows)
    return {
      columns: columns.map((column) => takeRows(column, taken)),
      rows,
      from: taken.map((row) => versions[row]!),
      to: to.slice(0, rows),
      starts: starts.slice(0, rows),
    }
  }
}
