import { escapeControl } from '../../core/names.ts'
import { writeCsv } from '../../formats/csv/index.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { conflictFrames, conflictsCsvSchema, type ListedConflict } from '../merge-conflicts.ts'

/** What a table of conflicts is printed from: bytes of CSV, or lines. */
export type TableItem =
  | Uint8Array
  | { readonly listed: ListedConflict; readonly widths: readonly number[] }
  | { readonly heading: readonly number[] }

const HEADINGS = ['series', 'key', 'column', 'base', 'ours', 'theirs']
/** Conflicts that are looked at to put the lines in line. */
const LINED_UP = 500
/** Characters of a cell that others are put in line with. */
const WIDEST = 40

export async function* conflictTable(
  conflicts: AsyncIterable<ListedConflict>,
  csv: boolean,
  headed: boolean,
): AsyncGenerator<TableItem> {
  if (csv) {
    yield* writeCsv(conflictsCsvSchema, conflictFrames(conflicts))
    return
  }
  let first: ListedConflict[] = []
  let widths: readonly number[] | undefined
  for await (const conflict of conflicts) {
    if (widths !== undefined) yield { listed: conflict, widths }
    else first.push(conflict)
    if (first.length < LINED_UP) continue
    widths = widthsOf(first)
    yield* lines(first, widths, headed)
    first = []
  }
  if (first.length > 0) yield* lines(first, widthsOf(first), headed)
}

function* lines(
  conflicts: readonly ListedConflict[],
  widths: readonly number[],
  headed: boolean,
): Generator<TableItem> {
  if (headed) yield { heading: widths }
  for (const conflict of conflicts) yield { listed: conflict, widths }
}

function widthsOf(conflicts: readonly ListedConflict[]): number[] {
  const rows = [HEADINGS, ...conflicts.map(cellsOf)]
  return HEADINGS.map((_, i) =>
    Math.min(
      WIDEST,
      rows.reduce((most, row) => Math.max(most, row[i]!.length), 0),
    ),
  )
}

function inColumns(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => cell.padEnd(widths[i]!))
    .join('  ')
    .trimEnd()
}

function cellsOf({ series, key, column, kind, values, reason }: ListedConflict): string[] {
  const isWhole = kind === 'row' || kind === 'group' || kind === 'series'
  const shown = (text: string | null) =>
    text === null ? (isWhole ? '(none)' : 'null') : escapeControl(text)
  return [
    readablePath(series),
    escapeControl(key ?? ''),
    escapeControl(column ?? ''),
    shown(values.base),
    shown(values.ours),
    // Last, as it is longer than a column is wide.
    reason === undefined ? shown(values.theirs) : `${shown(values.theirs)}  (${reason})`,
  ]
}

/** The line of the names of columns. */
export function headingText(widths: readonly number[]): string {
  return inColumns(HEADINGS, widths)
}

export function conflictText(conflict: ListedConflict, widths: readonly number[]): string {
  return inColumns(cellsOf(conflict), widths)
}

export function conflictJson({ series, kind, keyValues, column, values, reason }: ListedConflict) {
  return {
    series,
    kind,
    key: keyValues ?? null,
    column: column ?? null,
    ...values,
    ...(reason !== undefined && { reason }),
  }
}
