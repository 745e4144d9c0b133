import type { Column, ColumnType } from './column.ts'

export interface ColumnSpec {
  readonly name: string
  readonly type: ColumnType
}

/** What a series' rows are made of. Order, names, types, index and duplicates are all identity. */
export interface Schema {
  /** Index columns first, in the order that sorts; then value columns. */
  readonly columns: readonly ColumnSpec[]
  /** How many of the first columns are the index: at least 1. */
  readonly indexCount: number
  /** Whether rows with equal keys are allowed: they keep their order. */
  readonly duplicates: boolean
}

/** Rows of a table: one column for each of the schema's, all of the same length. */
export interface Frame {
  readonly schema: Schema
  readonly columns: readonly Column[]
  readonly rows: number
}
