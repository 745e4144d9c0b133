import type { Frame } from '../core/schema.ts'

/** Where a frame's rows were read from, for messages about them. */
export interface RowSource {
  readonly file: string
  /** The line that each row begins on, from 1. */
  readonly lines: Uint32Array
}

/** A frame that may know the lines its rows come from. */
export interface SourceFrame extends Frame {
  readonly source?: RowSource
}
