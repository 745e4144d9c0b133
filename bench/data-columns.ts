import type { ColumnType } from '../src/core/column.ts'
import { columnOf } from '../src/core/column-builder.ts'
import { encodeColumn } from '../src/core/column-codec.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { normal } from './data-random.ts'

/** A column of a benchmark: canonical bytes of each segment. */
export interface BenchColumn {
  readonly name: string
  readonly type: ColumnType
  readonly rows: number
  readonly segments: readonly Uint8Array[]
}

const SEGMENT = 32_768
const START_S = Date.UTC(2026, 0, 1) / 1000
const VENUES = ['XNYS', 'XNAS', 'ARCX', 'BATS', 'IEXG', 'EDGX']

type Random = () => number

type Generator = (random: Random) => (row: number) => number | bigint | string | boolean | null

function walk(random: Random, start: number, spread: number): () => number {
  let value = start
  return () => {
    value += spread * normal(random)
    return value
  }
}

const hundredth = (value: number): number => Math.round(value * 100) / 100

const generators: readonly [string, ColumnType, Generator][] = [
  ['regular 1 s', 'timestamp_ns', () => (row) => BigInt(START_S + row) * 1_000_000_000n],
  [
    'irregular ms',
    'timestamp_ms',
    (random) => {
      let time = START_S * 1000
      return () => {
        time += random() < 0.25 ? 0 : Math.floor(-120 * Math.log(1 - random()))
        return BigInt(time)
      }
    },
  ],
  [
    'jittered 15 s',
    'timestamp_ms',
    (random) => (row) => BigInt(START_S * 1000 + row * 15_000 + Math.floor(random() * 7) - 3),
  ],
  [
    'sensor value',
    'float64',
    (random) => {
      const next = walk(random, 20, 0.02)
      return () => hundredth(next())
    },
  ],
  [
    'price',
    'float64',
    (random) => {
      let ticks = 10_000
      return () => {
        if (random() < 0.3) ticks += Math.round(1.2 * normal(random))
        return ticks / 100
      }
    },
  ],
  [
    'noisy double',
    'float64',
    (random) => {
      const next = walk(random, 100, 0.5)
      return () => next() + 3 * normal(random)
    },
  ],
  [
    'counter',
    'float64',
    (random) => {
      let count = 0
      return () => {
        count = random() < 0.0002 ? 0 : count + Math.floor(300 + 60 * normal(random))
        return count
      }
    },
  ],
  ['volume', 'int64', (random) => () => BigInt(Math.ceil(Math.exp(4 + 1.1 * normal(random))))],
  ['lots of 100', 'int32', (random) => () => 100 * Math.ceil(Math.exp(0.8 + 0.9 * normal(random)))],
  [
    'sparse value',
    'float64',
    (random) => {
      const next = walk(random, 5, 0.1)
      return () => (random() < 0.3 ? null : hundredth(next()))
    },
  ],
  ['thirds', 'float64', (random) => () => Math.floor(12 * random() * random()) / 3],
  ['noisy float', 'float32', (random) => () => Math.fround(normal(random))],
  [
    'flag',
    'bool',
    (random) => {
      let on = false
      return () => {
        if (random() < 0.01) on = !on
        return on
      }
    },
  ],
  ['venue', 'string', (random) => () => VENUES[Math.floor(VENUES.length * random() ** 2)]!],
  [
    'order id',
    'string',
    (random) => (row) => `ORD-${String(row * 3 + Math.floor(3 * random())).padStart(9, '0')}`,
  ],
]

/** The columns of `findings.md`, and some more, from a seed; or one of them. */
export function benchColumns(rows: number, only?: string): BenchColumn[] {
  const wanted = generators.filter(([name]) => only === undefined || name === only)
  return wanted.map(([name, type, generator]) => {
    const next = generator(seededRandom(7))
    const segments: Uint8Array[] = []
    for (let from = 0; from < rows; from += SEGMENT) {
      const count = Math.min(SEGMENT, rows - from)
      const values = Array.from({ length: count }, (_, i) => next(from + i))
      segments.push(encodeColumn(columnOf(type, values)))
    }
    return { name, type, rows, segments }
  })
}
