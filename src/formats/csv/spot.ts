import type { VarveError } from '../../core/errors.ts'
import { badInput, type Place, quoteText } from '../bad-input.ts'
import type { CellBatch } from './cell-batch.ts'
import { QUOTED } from './tokenizer.ts'

/** Where a cell is, and what it says. */
export interface Spot {
  readonly file: string
  readonly place: Place
  readonly text: string
}

export function spotOf(batch: CellBatch, row: number, cell: number): Spot {
  const token = batch.starts[cell]!
  const offset = (token >> 2) - ((token & QUOTED) === 0 ? 0 : 1)
  return { file: batch.file, place: batch.placeIn(row, offset), text: batch.text(cell) }
}

/** How to have a column read as text. */
export function asText(column: string): string {
  const said = `${column}:string`
  return `--type ${/^[\w.-]+$/.test(column) ? said : `'${said}'`} takes the column as text`
}

/** The error for a cell because of which a column gets no type. */
export function refusal(
  column: string,
  { file, place, text }: Spot,
  facts: {
    readonly expected: string
    readonly reason?: string | undefined
    /** How to have it read as text, unless given. */
    readonly hint?: string | undefined
  },
): VarveError {
  const data = { field: column, value: text }
  return badInput({ file, place, found: quoteText(text), hint: asText(column), data, ...facts })
}
