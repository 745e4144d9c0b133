import type { ColumnType, Scalar } from '../../src/core/column.ts'
import type { Id } from '../../src/core/id.ts'
import { readSeries } from '../../src/core/series.ts'
import { readRows } from '../../src/core/series-read.ts'
import { openRepository } from '../../src/library/open-repository.ts'
import { rowsOf } from '../../src/library/rows.ts'
import type { ValueTable } from './every-value.ts'
import { batchesOf } from './value-files.ts'

/** A value to the bit, as text: equal texts are equal values. */
export function exactly(type: ColumnType, value: Scalar): string {
  if (value === null) return 'null'
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'string') return JSON.stringify(value)
  if (type !== 'float32' && type !== 'float64') return String(value)
  const bits = Buffer.alloc(8)
  bits.writeDoubleBE(value as number)
  return Number.isNaN(value) ? 'NaN' : bits.toString('hex')
}

/**
 * Where values and what was got for them differ, the first few cells of them; `got` gives columns
 * of some rows at a time, as many as there are batches.
 */
export class Comparison {
  readonly differences: string[] = []
  #rows = 0
  readonly #table: ValueTable
  readonly #batches: Iterator<Scalar[][]>
  #batch: Scalar[][] | undefined
  #at = 0

  constructor(table: ValueTable) {
    this.#table = table
    this.#batches = batchesOf(table)
  }

  /** Compares the next row. */
  row(got: readonly Scalar[]): void {
    if (this.#batch === undefined || this.#at === this.#batch[0]!.length) {
      this.#batch = this.#batches.next().value as Scalar[][] | undefined
      this.#at = 0
    }
    const row = this.#rows++
    if (this.#batch === undefined) return
    for (const [at, { name, type }] of this.#table.columns.entries()) {
      const expected = exactly(type, this.#batch[at]![this.#at]!)
      const found = exactly(type, got[at]!)
      if (expected === found || this.differences.length === 20) continue
      this.differences.push(`row ${row}, ${name}: ${found} for ${expected}`)
    }
    this.#at++
  }

  /** All that differs, after the last row. */
  finish(): string[] {
    if (this.#rows !== this.#table.rows) {
      this.differences.push(`${this.#rows} rows for ${this.#table.rows}`)
    }
    return this.differences
  }
}

/** Where a stored series differs from the values, whose rows are in the order of its keys. */
export async function differencesOf(
  repository: string,
  id: string,
  table: ValueTable,
): Promise<string[]> {
  const comparison = new Comparison(table)
  await using repo = await openRepository(repository)
  const series = await readSeries(repo.objects, id as Id)
  for await (const frame of readRows(repo.objects, series)) {
    for (const row of rowsOf(frame)) comparison.row(row)
  }
  return comparison.finish()
}
