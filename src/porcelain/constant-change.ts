import { isNumberType } from '../core/column.ts'
import { formatScalar } from '../core/scalar-text.ts'
import type { RowChange } from '../core/series-diff.ts'
import { type Cell, type CellValue, type ComparedColumn, changedCells } from './changed-cells.ts'

/** One change that all revisions of a column come to: a recalibration, another unit. */
export interface ConstantChange {
  readonly column: string
  /** `offset`: all have it added; `factor`: all are multiplied by it. */
  readonly kind: 'offset' | 'factor'
  /** The number, as text without a sign for a factor. */
  readonly by: string
  readonly rows: number
}

/** Fewer revisions than this are no pattern. */
const LEAST_ROWS = 5

/**
 * The columns whose revisions are all one offset or one factor, up to how the new values are rounded. Stops
 * reading when none can be.
 */
export async function constantChanges(
  batches: AsyncIterable<readonly RowChange[]>,
  columns: readonly ComparedColumn[],
): Promise<ConstantChange[]> {
  const patterns = new Map(
    columns
      .filter(({ old, new: fresh }) => isNumber(old) && isNumber(fresh))
      .map(({ name }) => [name, new Pattern()]),
  )
  for await (const batch of batches) {
    if (patterns.size === 0) break
    for (const change of batch) {
      if (change.class !== 'revised') continue
      for (const cell of changedCells(columns, change)) {
        if (patterns.get(cell.name)?.add(cell) === false) patterns.delete(cell.name)
      }
    }
  }
  return [...patterns].flatMap(([column, pattern]) => {
    const found = pattern.found()
    return found === undefined ? [] : [{ column, ...found }]
  })
}

function isNumber(place: ComparedColumn['old']): boolean {
  return place !== undefined && isNumberType(place.type)
}

interface Range {
  low: number
  high: number
}

/** What offsets and what factors all revisions of a column so far can have. */
class Pattern {
  #rows = 0
  #exact: bigint | undefined
  #isExact = true
  #offset: Range | undefined = { low: -Infinity, high: Infinity }
  #factor: Range | undefined = { low: -Infinity, high: Infinity }
  #values: Range = { low: Infinity, high: -Infinity }

  /** False once no pattern is left. */
  add({ old, new: fresh }: Cell): boolean {
    const [a, b] = [numberOf(old), numberOf(fresh)]
    if (a === undefined || b === undefined) return false
    this.#rows++
    this.#values.low = Math.min(this.#values.low, a)
    this.#values.high = Math.max(this.#values.high, a)
    const [x, y] = [old!.value, fresh!.value]
    if (typeof x === 'bigint' && typeof y === 'bigint') {
      this.#exact ??= y - x
      if (this.#exact !== y - x) this.#isExact = false
    } else this.#isExact = false
    const slack = Math.max(Math.abs(a), Math.abs(b)) * 2 ** -50
    this.#offset = within(this.#offset, b - a - slack, b - a + slack)
    const half = Math.max(slack, halfDigit(fresh!))
    const [p, q] = [(b - half) / a, (b + half) / a]
    this.#factor = a === 0 ? undefined : within(this.#factor, Math.min(p, q), Math.max(p, q))
    return this.#offset !== undefined || this.#factor !== undefined
  }

  found(): Omit<ConstantChange, 'column'> | undefined {
    // Values that were all the same say nothing of why they changed alike.
    if (this.#rows < LEAST_ROWS || this.#values.low === this.#values.high) return undefined
    const rows = this.#rows
    if (this.#isExact && this.#exact !== undefined) {
      return { kind: 'offset', by: signed(String(this.#exact)), rows }
    }
    if (this.#offset !== undefined) {
      return { kind: 'offset', by: signed(shortest(this.#offset)), rows }
    }
    const factor = this.#factor
    // What rounding allows must be little beside what changed.
    if (factor === undefined) return undefined
    const by = shortest(factor)
    if (factor.high - factor.low > Math.abs(Number(by) - 1) * 0.05) return undefined
    return { kind: 'factor', by, rows }
  }
}

function numberOf(cell: CellValue | undefined): number | undefined {
  const value = cell?.value
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Half of the last digit that a value is written with: what rounding it may have done. */
function halfDigit({ value, type }: CellValue): number {
  const text = formatScalar(value, type)
  if (text.includes('e')) return 0
  const point = text.indexOf('.')
  return 0.5 * 10 ** (point < 0 ? 0 : point + 1 - text.length)
}

function within(range: Range | undefined, low: number, high: number): Range | undefined {
  if (range === undefined) return undefined
  const next = { low: Math.max(range.low, low), high: Math.min(range.high, high) }
  return next.low <= next.high ? next : undefined
}

/** The number with the fewest digits in a range. */
function shortest({ low, high }: Range): string {
  const middle = (low + high) / 2
  for (let digits = 1; digits < 17; digits++) {
    const number = Number(middle.toPrecision(digits))
    if (number >= low && number <= high) return String(number)
  }
  return String(middle)
}

function signed(text: string): string {
  return text.startsWith('-') ? text : `+${text}`
}

/** `× 1.01 on 52,560 rows`. */
export function constantText({ kind, by, rows }: ConstantChange): string {
  const what =
    kind === 'factor' ? `× ${by}` : by.replace(/^([+-])/, (sign) => (sign === '-' ? '− ' : '+ '))
  return `${what} on ${rows.toLocaleString('en-US')} rows`
}
