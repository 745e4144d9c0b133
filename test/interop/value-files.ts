import { closeSync, openSync, writeSync } from 'node:fs'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { ColumnBuilder } from '../../src/core/column-builder.ts'
import { makeFrame } from '../../src/core/frame.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import type { ObjectWriter } from '../../src/core/objects.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import { buildSeries } from '../../src/core/series-build.ts'
import { sortFrames } from '../../src/formats/sort-frames.ts'
import type { ValueTable } from './every-value.ts'

/** Rows at a time. */
const BATCH = 5_000

export const schemaOf = ({ columns, indexCount }: ValueTable): Schema => ({
  columns,
  indexCount,
  duplicates: false,
})

/** Some thousand rows at a time, column by column. */
export function* batchesOf(table: ValueTable): Generator<Scalar[][]> {
  const makers = table.makers()
  for (let from = 0; from < table.rows; from += BATCH) {
    const length = Math.min(BATCH, table.rows - from)
    yield makers.map((next) => Array.from({ length }, (_, at) => next(from + at)))
  }
}

function* framesOf(table: ValueTable): Generator<Frame> {
  const schema = schemaOf(table)
  for (const batch of batchesOf(table)) {
    const columns = batch.map((values, at) => {
      const builder = new ColumnBuilder(schema.columns[at]!.type, values.length)
      for (const value of values) builder.append(value)
      return builder.finish()
    })
    yield makeFrame(schema, columns)
  }
}

/** Takes objects and keeps only their ids. */
const onlyIds: ObjectWriter = {
  put: async (kind, canonical) => hashObject(kind, canonical),
  read: () => Promise.reject(new Error('objects are not kept')),
}

/** The id of a series of these values, found without any format. */
export async function seriesIdOf(table: ValueTable): Promise<Id> {
  const schema = schemaOf(table)
  return (await buildSeries(onlyIds, schema, sortFrames(framesOf(table), schema))).id
}

/** The arguments that say what columns a series has. */
export function schemaArguments(table: ValueTable): string[] {
  const schema = table.columns.map(({ name, type }) => `"${name}":${type}`)
  return ['--schema', schema.join(' '), ...indexArguments(table)]
}

/** The argument that says which columns are the index. */
export function indexArguments({ columns, indexCount }: ValueTable): string[] {
  const index = columns.slice(0, indexCount).map(({ name }) => name)
  return ['--index', index.join(',')]
}

/** Writes the values as CSV, by rules that share no code with varve's. */
export function writeCsvFile(table: ValueTable, path: string): void {
  const file = openSync(path, 'w')
  try {
    writeSync(file, `${table.columns.map(({ name }) => name).join(',')}\n`)
    for (const batch of batchesOf(table)) {
      const cells = batch.map((values, at) => {
        const { type } = table.columns[at]!
        return values.map((value) => cellOf(type, value))
      })
      const lines = cells[0]!.map((_, row) => cells.map((column) => column[row]).join(','))
      writeSync(file, `${lines.join('\n')}\n`)
    }
  } finally {
    closeSync(file)
  }
}

function cellOf(type: ColumnType, value: Scalar): string {
  if (value === null) return ''
  if (typeof value === 'string') return `"${value.replaceAll('"', '""')}"`
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  if (type === 'date') return dateText(BigInt(value as number))
  // Both ways that an instant can be written.
  if (DIGITS.has(type) && (value as bigint) % 2n !== 0n) return timestampText(type, value as bigint)
  if (Object.is(value, -0)) return '-0'
  return String(value)
}

/** The days after which the calendar repeats, and the years. */
const CYCLE = 146_097n
const CYCLE_YEARS = 400n

/** ISO 8601, with a sign and six digits or more where a year has not four of them. */
export function dateText(days: bigint): string {
  const inCycle = ((days % CYCLE) + CYCLE) % CYCLE
  const date = new Date(Number(inCycle) * 86_400_000)
  const year = BigInt(date.getUTCFullYear()) + ((days - inCycle) / CYCLE) * CYCLE_YEARS
  return `${yearText(year)}${date.toISOString().slice(4, 10)}`
}

function yearText(year: bigint): string {
  if (year >= 0n && year <= 9999n) return String(year).padStart(4, '0')
  const digits = String(year < 0n ? -year : year).padStart(6, '0')
  return `${year < 0n ? '-' : '+'}${digits}`
}

const DIGITS = new Map<ColumnType, number>([
  ['timestamp_s', 0],
  ['timestamp_ms', 3],
  ['timestamp_us', 6],
  ['timestamp_ns', 9],
])

/** ISO 8601 with all the digits of the unit. */
export function timestampText(type: ColumnType, value: bigint): string {
  const digits = DIGITS.get(type)!
  const day = 86_400n * 10n ** BigInt(digits)
  const inDay = ((value % day) + day) % day
  const seconds = Number(inDay / 10n ** BigInt(digits))
  const clock = new Date(seconds * 1000).toISOString().slice(11, 19)
  const fraction = digits === 0 ? '' : `.${String(inDay).slice(-digits).padStart(digits, '0')}`
  return `${dateText((value - inDay) / day)}T${clock}${fraction}Z`
}
