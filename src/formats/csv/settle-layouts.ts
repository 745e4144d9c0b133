import { type ColumnType, isTimestampType } from '../../core/column.ts'
import type { Reading } from '../table.ts'
import type { DateLayout } from './date-layout.ts'
import { ColumnGuess } from './guess.ts'
import type { CsvDialect, CsvStream } from './stream.ts'

/** A column whose type is known. */
export interface TypedCell {
  readonly name: string
  readonly type: ColumnType
  /** Its cell in a record. */
  readonly cell: number
  readonly index: boolean
}

export interface SettledLayouts {
  /** By name, the layouts of the columns whose dates are not ISO 8601. */
  readonly layouts: ReadonlyMap<string, DateLayout>
  /** Whether no records were taken that are yet to be read: otherwise the table is to be reopened. */
  readonly isAtStart: boolean
}

/** Bytes of a table that are looked through for the first date of a column. */
const LOOKED_THROUGH = 64 * 1024 * 1024

const NO_DATES = '--date-format says nothing here: the series has no column of dates or times'

export function isTemporal(type: ColumnType): boolean {
  return type === 'date' || isTimestampType(type)
}

/**
 * Finds how the dates of a table are written, from its first records; from those within 64 MiB where
 * a column has no date in the first, and from all where the day or the month may come first, and
 * none so far tells. `bad-input` where none at all tells, or none is written as the dialect says.
 */
export async function settleLayouts(
  stream: CsvStream,
  columns: readonly TypedCell[],
  { dateFormat, onNotice }: Pick<CsvDialect, 'dateFormat'> & Pick<Reading, 'onNotice'>,
): Promise<SettledLayouts> {
  const dates = columns.filter(({ type }) => isTemporal(type))
  const nothing = { layouts: new Map<string, DateLayout>(), isAtStart: true }
  if (dates.length === 0) {
    if (dateFormat !== undefined) onNotice?.(NO_DATES)
    return nothing
  }
  const rows = await stream.next()
  if (rows === 0) return nothing
  const guesses = dates.map(({ name, cell, index }) => ({
    cell,
    name,
    guess: new ColumnGuess(name, index, { layout: dateFormat, temporal: true }),
  }))
  let isAtStart = true
  let looked = 0
  for (let count = rows; count > 0; count = await stream.next()) {
    const batch = stream.tokenizer
    for (const { cell, guess } of guesses) guess.observe(batch, cell, count)
    looked += batch.ends[count * batch.width - 1]! - (batch.starts[0]! >> 2)
    const isMissing = looked < LOOKED_THROUGH && guesses.some(({ guess }) => guess.hasNoDates)
    if (!isMissing && !guesses.some(({ guess }) => guess.isAmbiguous)) break
    isAtStart = false
  }
  if (isAtStart) stream.untake(rows)
  if (dateFormat !== undefined) checkGiven(guesses, dateFormat)
  const layouts = new Map<string, DateLayout>()
  for (const { name, guess } of guesses) {
    const fault = guess.ambiguity()
    if (fault !== undefined) throw fault
    const layout = guess.hasNoDates ? dateFormat : guess.firstLayout()
    if (layout !== undefined) layouts.set(name, layout)
  }
  return { layouts, isAtStart }
}

/** `bad-input` where no column has dates of the layout that is said. */
export function checkGiven(
  guesses: readonly { readonly guess: ColumnGuess }[],
  layout: DateLayout,
): void {
  if (guesses.some(({ guess }) => guess.isAsGiven)) return
  for (const { guess } of guesses) {
    const fault = guess.notAsGiven(layout)
    if (fault !== undefined) throw fault
  }
}
