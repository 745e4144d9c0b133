import { Buffer } from 'node:buffer'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { compress } from 'zstd-napi'
import { VarveError } from '../../src/core/errors.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import type { Reading, TableFormatName } from '../../src/formats/table.ts'
import { openFormat } from '../../src/formats/table-formats.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { table } from '../support/tables.ts'

/** Tables made of each sample: as many in each run, however fast the machine is. */
const ROUNDS = 120
const SEED = 20_250
/** Rows after which a table is left: what repeats a value takes few bytes for many. */
const ENOUGH_ROWS = 200_000
const MEMORY = 1024 * 1024 * 1024

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

const CSV_TEXTS: readonly (readonly [string, Reading?])[] = [
  ['time;a;b\r\n01.02.2025 10:00;1,5;x\r\n02.02.2025 10:00;-2,25;"y;""z"""\r\n', { decimal: ',' }],
  ['Date,Open,Note\n2025-01-01T10:00:00Z,1e5,NA\n2025-01-02T10:00:00+02:00,,\n,,\n'],
  ['sep=|\nd|v\n4 Mar 2025|12 %\n5 Mar 2025|13 %\n\n'],
  ['\ufeffd\tv\r2025Q1\t007\r2025Q2\t008\r', { header: true }],
  ['1735689600,1\n1735689601,2\n', { header: false, dateFormat: 'epoch_s' }],
  ['d,v\n03/04/2025 24:00,9223372036854775808\n13/04/2025 1:00 PM,1\n'],
]

interface Sample {
  readonly name: string
  readonly format: TableFormatName
  readonly bytes: Buffer
  readonly reading?: Reading | undefined
}

const samples: Sample[] = []

beforeAll(async () => {
  for (const [at, [text, reading]] of CSV_TEXTS.entries()) {
    samples.push({ name: `${at}.csv`, format: 'csv', bytes: Buffer.from(text), reading })
  }
  const json = '[{"t":"2025-01-01","v":1.5},\n{"v":null,"t":"2025-01-02","w":[{}]}]'
  samples.push({ name: 'array.json', format: 'ndjson', bytes: Buffer.from(json) })
  for (const format of ['csv', 'ndjson', 'arrow', 'arrow-file', 'parquet'] as const) {
    const parts: Uint8Array[] = []
    const { write } = await openFormat(format)
    for await (const part of write(schema, [rowsOf(40)])) parts.push(part)
    const bytes = Buffer.concat(parts)
    samples.push({ name: `own.${format}`, format, bytes })
    samples.push({ name: `own.${format}.gz`, format, bytes: gzipSync(bytes) })
    samples.push({ name: `own.${format}.zst`, format, bytes: Buffer.from(compress(bytes)) })
  }
})

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x0a, 0x0d, 0x2c, 0x3b, 0x5b, 0x7b, 0x5c, 0x2d]
const WORDS = [-1, 0, 1, 0x7fff_ffff, -0x8000_0000, 0x1000_0000, 0xffff].map((word) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(word)
  return bytes
})
const TEXTS = [
  '"',
  '""',
  '\r\n',
  ',',
  ';',
  '1e999',
  '-0',
  '[',
  '{"',
  '\\u0000',
  '�',
  '\u0000',
  '9'.repeat(40),
].map((text) => Buffer.from(text))

/** The same bytes, changed in a few places: overwritten, cut, doubled, moved, put in. */
function mutated(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit)
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!
  let changed = Buffer.from(bytes)
  for (let edits = 1 + below(4); edits > 0 && changed.length > 0; edits--) {
    const at = below(changed.length)
    const to = Math.min(changed.length, at + 1 + below(32))
    const [before, piece, after] = [
      changed.subarray(0, at),
      changed.subarray(at, to),
      changed.subarray(to),
    ]
    switch (below(8)) {
      case 0:
        changed[at] = below(256)
        break
      case 1:
        changed[at] = oneOf(INTERESTING)
        break
      case 2:
        changed[at]! ^= 1 << below(8)
        break
      case 3:
        changed = Buffer.concat([
          before,
          oneOf(WORDS),
          changed.subarray(Math.min(changed.length, at + 4)),
        ])
        break
      case 4:
        changed = Buffer.concat([before, oneOf(TEXTS), changed.subarray(at)])
        break
      case 5:
        changed = Buffer.concat([before, after])
        break
      case 6:
        changed = Buffer.concat([before, piece, piece, after])
        break
      default:
        changed = below(4) === 0 ? Buffer.from(before) : Buffer.concat([before, after, piece])
    }
  }
  return changed
}

async function readAll(sample: Sample, bytes: Buffer, known: boolean): Promise<void> {
  const format = await openFormat(sample.format)
  const reading = sample.reading
  const input = { ...table(bytes, sample.name), ...(reading && { reading }) }
  const found = known ? undefined : await format.infer(input, {})
  const frames = found?.frames() ?? format.read(input, { schema })
  let rows = 0
  for await (const frame of frames) {
    rows += frame.rows
    if (rows > ENOUGH_ROWS) break
  }
}

describe('a table that was changed at random', () => {
  it('is rows, or an error that says what is wrong; never another error', async () => {
    const random = seededRandom(SEED)
    const outcomes = { read: 0, refused: 0 }
    const before = process.memoryUsage.rss()
    for (const sample of samples) {
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = mutated(sample.bytes, random)
        try {
          await readAll(sample, bytes, round % 2 === 1)
          outcomes.read++
        } catch (error) {
          if (!(error instanceof VarveError)) {
            const hex = bytes.toString('base64')
            throw new Error(`${sample.name}, round ${round}: ${hex}`, { cause: error })
          }
          outcomes.refused++
        }
      }
    }
    expect(outcomes.read).toBeGreaterThan(samples.length)
    expect(outcomes.refused).toBeGreaterThan(samples.length)
    expect(process.memoryUsage.rss() - before).toBeLessThan(MEMORY)
  }, 120_000)
})
