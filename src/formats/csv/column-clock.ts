import { isTimestampType, type TimestampType } from '../../core/column.ts'
import { MAX_INT64, MIN_INT64 } from '../../core/scalar.ts'
import type { Schema } from '../../core/schema.ts'
import { parseIso, unitsPerSecond } from '../../core/time.ts'
import { openZoneUnlessUtc, type Zone } from '../../core/zone.ts'
import { type LocalTimePlace, LocalTimes } from '../local-time.ts'
import type { Reading } from '../table.ts'
import type { CellBatch } from './cell-batch.ts'
import { QUOTED } from './tokenizer.ts'

/** What is said about the times of a table that have no offset. */
export type LocalReading = Pick<Reading, 'zone' | 'dst' | 'mixed' | 'onNotice'>

/** The clock that the times of one column without an offset are of. */
export class ColumnClock {
  /** Whether there was a time, not a date alone, without an offset. */
  met = false
  /** Absent where such times are UTC. */
  readonly times: LocalTimes | undefined
  readonly #cell: number
  readonly #name: string

  constructor(cell: number, name: string, times: LocalTimes | undefined) {
    this.#cell = cell
    this.#name = name
    this.times = times
  }

  /** Says where a row's cell is. */
  placesIn(batch: CellBatch): (row: number) => LocalTimePlace {
    return (row) => {
      const token = batch.starts[row * batch.width + this.#cell]!
      const offset = (token >> 2) - ((token & QUOTED) === 0 ? 0 : 1)
      return { file: batch.file, place: batch.placeIn(row, offset), data: { field: this.#name } }
    }
  }

  /** The instant of a time in a rarer spelling, given as what it is in UTC; undefined past int64. */
  inUtc(
    value: bigint,
    text: string,
    type: TimestampType,
    row: number,
    place: (row: number) => LocalTimePlace,
  ): bigint | undefined {
    const parts = parseIso(text)
    if (parts === undefined || parts.offset !== undefined) return value
    if (parts.hour !== undefined) this.met = true
    if (this.times === undefined) return value
    const units = unitsPerSecond[type]
    const fraction = ((value % units) + units) % units
    const seconds = Number((value - fraction) / units)
    const nanoseconds = Number((fraction * 1_000_000_000n) / units)
    const utc = value - BigInt(this.times.offsetOf(seconds, nanoseconds, row, place)) * units
    return utc < MIN_INT64 || utc > MAX_INT64 ? undefined : utc
  }
}

/** The clocks of a table's columns of times, by column of the schema. */
export class TableClocks {
  readonly columns: readonly (ColumnClock | undefined)[]
  readonly #onNotice: ((text: string) => void) | undefined

  private constructor(
    { columns, indexCount, duplicates }: Schema,
    cells: readonly number[],
    zone: Zone | undefined,
    { dst, zone: name, mixed, onNotice }: LocalReading,
  ) {
    const isOne = indexCount === 1 && mixed !== true
    this.columns = columns.map((column, at) => {
      if (!isTimestampType(column.type)) return undefined
      const ordered = isOne && at === 0
      const times = zone && new LocalTimes(zone, dst, { unique: !duplicates, ordered })
      return new ColumnClock(cells[at]!, column.name, times)
    })
    this.#onNotice = name === undefined ? onNotice : undefined
  }

  /** `usage` where there is no such zone. `cells` says which cell of a record a column is in. */
  static async open(
    schema: Schema,
    cells: readonly number[],
    reading: LocalReading,
  ): Promise<TableClocks> {
    return new TableClocks(schema, cells, await openZoneUnlessUtc(reading.zone), reading)
  }

  /** To be called after the last row. */
  finish(): void {
    for (const column of this.columns) column?.times?.finish()
    if (this.#onNotice !== undefined && this.columns.some((column) => column?.met)) {
      this.#onNotice(READ_AS_UTC)
    }
  }
}

/** What is said, once a table, of times that have no offset where no zone is known. */
export const READ_AS_UTC = 'no offset: read as UTC; --tz names the zone'
