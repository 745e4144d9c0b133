import { formatScalar } from '../../core/scalar-text.ts'
import type { Zone } from '../../core/zone.ts'
import type { Cell, CellValue } from '../changed-cells.ts'
import { formatRatio, numberChange } from '../number-change.ts'
import type { ChangedCell } from './view-data.ts'

/** Characters of a value. */
const LONGEST = 200

/** A value as a cell has it: null is a word. */
export function shownValue({ value, type }: CellValue, zone?: Zone): string {
  return value === null ? 'null' : cut(formatScalar(value, type, zone))
}

/** What a row had and has in a column. */
export function shownCell({ old, new: fresh }: Cell, zone?: Zone): ChangedCell {
  const change = old && fresh && changeText(old, fresh)
  return {
    old: old && shownValue(old, zone),
    new: fresh && shownValue(fresh, zone),
    ...(change !== undefined && { change }),
  }
}

/** `+1.2 (+3 %)`; undefined where a side is no number. */
export function changeText(old: CellValue, fresh: CellValue): string | undefined {
  const by = numberChange(old, fresh)
  if (by === undefined) return undefined
  return by.ratio === undefined ? by.delta : `${by.delta} (${formatRatio(by.ratio)})`
}

/** As much of a text as anybody can see. */
export function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}
