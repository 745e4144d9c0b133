import type { Column, ColumnType } from '../../core/column.ts'
import { ColumnBuilder } from '../../core/column-builder.ts'
import { makeFrame } from '../../core/frame.ts'
import type { Schema } from '../../core/schema.ts'
import type { SourceFrame } from '../source-frame.ts'
import type { CellBatch } from './cell-batch.ts'

const FRAME_ROWS = 16_384
const FRAME_BYTES = 8 * 1024 * 1024

/** Columns that rows are collected in, batch after batch, and the line of each row. */
export class CollectedRows {
  readonly builders: readonly ColumnBuilder[]
  #lines = new Uint32Array(0)

  constructor(types: readonly ColumnType[]) {
    this.builders = types.map((type) => new ColumnBuilder(type))
  }

  /** Rows collected and not yet handed out. */
  get rows(): number {
    return this.builders[0]!.length
  }

  /** Whether there are enough of them for a frame: so many rows, or many bytes. */
  isEnough(rows = FRAME_ROWS): boolean {
    if (this.rows >= rows) return true
    let bytes = 0
    for (const builder of this.builders) bytes += builder.byteLength
    return bytes >= FRAME_BYTES
  }

  /** Takes the lines of a batch whose cells the builders have. */
  addLines(batch: CellBatch, rows: number): void {
    if (this.rows > this.#lines.length) {
      const lines = new Uint32Array(Math.max(this.rows, 2 * this.#lines.length))
      lines.set(this.#lines)
      this.#lines = lines
    }
    this.#lines.set(batch.lines.subarray(0, rows), this.rows - rows)
  }

  /** Hands out what was collected: its columns, and the line of each row. */
  take(): { columns: Column[]; lines: Uint32Array } {
    const lines = this.#lines.slice(0, this.rows)
    return { columns: this.builders.map((builder) => builder.finish()), lines }
  }

  /** As {@link take}, as a frame of rows of a file. */
  frame(schema: Schema, file: string): SourceFrame {
    const { columns, lines } = this.take()
    return { ...makeFrame(schema, columns), source: { file, lines } }
  }
}
