import { formatScalar, scalarToJson } from '../core/scalar-text.ts'
import type { Cell, CellValue } from './changed-cells.ts'
import { formatRatio, numberChange } from './number-change.ts'

const PLAIN = /^[^\s",()→]+$/u

/** How much text there may be in one line: all of it unless given. */
export interface TextLimits {
  /** Characters of one value. */
  readonly value?: number
  /** Cells of one row. */
  readonly cells?: number
}

/** A value in a line of text, in quotes where it would not be told from what is around it. */
function valueText({ value, type }: CellValue, limit = Infinity): string {
  if (value === null) return 'null'
  const text = formatScalar(value, type)
  const shown = text.length > limit ? `${text.slice(0, limit - 1)}…` : text
  const isText = type === 'string' || type === 'json' || type === 'binary'
  return isText && (!PLAIN.test(shown) || shown === 'null') ? JSON.stringify(shown) : shown
}

/** `Price 65.98 → 66.02 (+0.04, +0.06 %)`; of a value that is only there on one side, that one. */
export function cellText(name: string, { old, new: fresh }: Cell, limit?: number): string {
  const label = PLAIN.test(name) ? name : JSON.stringify(name)
  if (old === undefined) return `${label} ${valueText(fresh!, limit)}`
  if (fresh === undefined) return `${label} ${valueText(old, limit)}`
  const by = numberChange(old, fresh)
  const parts = by && [by.delta, ...(by.ratio === undefined ? [] : [formatRatio(by.ratio)])]
  const change = parts === undefined ? '' : ` (${parts.join(', ')})`
  return `${label} ${valueText(old, limit)} → ${valueText(fresh, limit)}${change}`
}

/** The cells of a row in one line. */
export function cellsText(cells: readonly Cell[], limits: TextLimits = {}): string {
  const { value, cells: most = Infinity } = limits
  const shown = cells.slice(0, most).map((cell) => cellText(cell.name, cell, value))
  const rest = cells.length - shown.length
  if (rest > 0) shown.push(`… ${rest.toLocaleString('en-US')} more columns`)
  return shown.join(', ')
}

/** Values by the names of their columns; `__proto__` is a name like any other. */
export function cellsJson(cells: readonly Cell[], side: 'old' | 'new'): Record<string, unknown> {
  return Object.fromEntries(
    cells.flatMap((cell) => {
      const found = cell[side]
      return found === undefined ? [] : [[cell.name, scalarToJson(found.value, found.type)]]
    }),
  )
}
