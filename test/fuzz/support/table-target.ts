import { expect, it } from 'vitest'
import { frameFromRows } from '../../../src/core/frame.ts'
import type { Frame, Schema } from '../../../src/core/schema.ts'
import type { Reading, TableFormatName } from '../../../src/formats/table.ts'
import { openFormat } from '../../../src/formats/table-formats.ts'
import { table } from '../../support/tables.ts'
import { type FuzzTarget, fuzz } from './fuzz.ts'
import { textBytes } from './mutate.ts'

/** Rows after which a table is left: what repeats a value takes few bytes for many. */
const ENOUGH_ROWS = 50_000

const schema: Schema = {
  columns: [
    { name: 'time', type: 'timestamp_ms' },
    { name: 'n', type: 'int64' },
    { name: 'v', type: 'float64' },
    { name: 's', type: 'string' },
    { name: 'j', type: 'json' },
    { name: 'b', type: 'bool' },
    { name: 'd', type: 'date' },
    { name: 'x', type: 'binary' },
  ],
  indexCount: 1,
  duplicates: false,
}

function rowsOf(count: number): Frame {
  return frameFromRows(
    schema,
    Array.from({ length: count }, (_, row) => [
      1_700_000_000_000n + BigInt(row) * 250n,
      BigInt(row) * 3_000_000_019n,
      row % 7 === 0 ? Number.NaN : row / 8,
      row % 9 === 0 ? null : `s"${row % 5},`,
      row % 4 === 0 ? null : `{"row":[${row},"x"]}`,
      row % 2 === 0,
      20_000 + row,
      Uint8Array.of(row, 0, 255),
    ]),
  )
}

async function written(format: TableFormatName, rows: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const { write } = await openFormat(format)
  for await (const part of write(schema, [rowsOf(rows)])) parts.push(part)
  return Buffer.concat(parts)
}

export interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
  readonly reading?: Reading
}

/** A table as varve writes it. */
export const ownTable = async (format: TableFormatName): Promise<Sample> => ({
  name: `own.${format}`,
  bytes: await written(format, 40),
  reading: { format },
})

export interface Family {
  readonly name: string
  readonly samples: readonly Sample[]
  readonly words?: readonly string[]
}

/** Tables of a family, read with their types known or not. */
function tableTarget({ name, samples, words = [] }: Family): FuzzTarget {
  return {
    name,
    samples: samples.map(({ bytes }) => bytes),
    words: textBytes(...words),
    whole: false,
    decode: (bytes, random, sample) => readAll(samples[sample]!, bytes, random() < 0.3),
  }
}

/** Tests that tables of each family are rows or refused, and that the search finds both. */
export function itIsRowsOrRefused(families: readonly Family[]): void {
  it.each(families.map((family) => [family.name, family] as const))(
    '%s: is rows, or is refused',
    async (_, family) => {
      const { read, refused } = await fuzz(tableTarget(family))
      expect(read).toBeGreaterThan(0)
      expect(refused.get('bad-input')).toBeGreaterThan(0)
    },
    1e8,
  )
}

async function readAll(sample: Sample, bytes: Uint8Array, known: boolean): Promise<void> {
  const { name, reading } = sample
  const input = { ...table(bytes, name), ...(reading && { reading }) }
  const format = await openFormat(reading?.format ?? formatOfEnding(name))
  const found = known ? undefined : await format.infer(input, {})
  await drain(found?.frames() ?? format.read(input, { schema }))
}

export async function drain(frames: AsyncIterable<Frame>): Promise<void> {
  let rows = 0
  for await (const frame of frames) {
    rows += frame.rows
    if (rows > ENOUGH_ROWS) break
  }
}

function formatOfEnding(name: string): TableFormatName {
  if (name.includes('json')) return 'ndjson'
  return name.endsWith('.parquet') ? 'parquet' : 'csv'
}
