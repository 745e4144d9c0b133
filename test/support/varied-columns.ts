import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { seededRandom } from './seeded-random.ts'

export interface VariedColumn {
  readonly name: string
  readonly type: ColumnType
  readonly canonical: Uint8Array
}

type Random = () => number
type Generator = (random: Random, rows: number) => (row: number) => Scalar

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

const walk = (random: Random, spread: number, digits: number): (() => number) => {
  let value = 20
  return () => {
    value += spread * normal(random)
    return Math.round(value * 10 ** digits) / 10 ** digits
  }
}

const NOW = 1_780_000_000n

const generators: Readonly<Record<string, readonly [ColumnType, Generator]>> = {
  'regular time': ['timestamp_ns', () => (row) => (NOW + BigInt(row)) * 10n ** 9n],
  'hourly time with gaps': [
    'timestamp_ns',
    (random) => {
      let hour = 0n
      return () => {
        hour += random() < 0.01 ? BigInt(Math.ceil(90 * random())) : 1n
        return NOW * 10n ** 9n + hour * 3_600_000_000_000n
      }
    },
  ],
  'irregular time with ties': [
    'timestamp_ms',
    (random) => {
      let time = NOW * 1000n
      return () => {
        time += random() < 0.3 ? 0n : BigInt(Math.floor(-200 * Math.log(1 - random())))
        return time
      }
    },
  ],
  'jittered time': [
    'timestamp_us',
    (random) => (row) => NOW * 10n ** 6n + BigInt(row * 15_000_000 + Math.floor(6000 * random())),
  ],
  'drifting time': [
    'timestamp_us',
    (random) => {
      let time = Number(NOW) * 1e6
      return () => {
        time += 1_000_003 + Math.floor(40 * normal(random))
        return BigInt(time)
      }
    },
  ],
  'counter that begins again': [
    'int64',
    (random) => {
      let count = 0
      return () => {
        count = random() < 0.002 ? 0 : count + 300 + Math.round(60 * normal(random))
        return BigInt(count)
      }
    },
  ],
  'rare others': ['int16', (random) => () => (random() < 0.01 ? Math.ceil(9 * random()) : 4)],
  'random walk': ['float64', (random) => walk(random, 0.02, 2)],
  'rough walk': ['float64', (random) => walk(random, 3, 3)],
  'smooth curve': ['float64', () => (row) => Math.round(1e6 * Math.sin(row / 2000)) / 1e4],
  'independent decimals': ['float64', (random) => () => Math.round(1000 * random()) / 10],
  'decimals with NaN': [
    'float64',
    (random) => {
      const next = walk(random, 0.1, 2)
      return () => (random() < 0.05 ? Number.NaN : next())
    },
  ],
  'decimals with long ones': [
    'float64',
    (random) => {
      const next = walk(random, 0.1, 2)
      return () => (random() < 0.02 ? next() / 7 : next())
    },
  ],
  'mixed digits': [
    'float64',
    (random) => (row) => Math.round(1e4 * random()) / 10 ** (1 + (row % 4)),
  ],
  'half noise': [
    'float64',
    (random) => {
      const next = walk(random, 0.1, 2)
      return (row) => (row % 6000 < 3000 ? next() : random())
    },
  ],
  noise: ['float64', (random) => () => 100 + normal(random)],
  'a repeated day of noise': [
    'float64',
    (random) => {
      const day = Array.from({ length: 288 }, () => random())
      return (row) => day[row % 288]!
    },
  ],
  thirds: ['float64', (random) => () => Math.floor(12 * random() * random()) / 3],
  'float noise': ['float32', (random) => () => Math.fround(normal(random))],
  'float decimals': [
    'float32',
    (random) => {
      const next = walk(random, 0.5, 1)
      return () => Math.fround(next())
    },
  ],
  volume: ['int64', (random) => () => BigInt(Math.ceil(Math.exp(4 + 1.1 * normal(random))))],
  lots: ['int32', (random) => () => 100 * Math.ceil(Math.exp(0.8 + 0.9 * normal(random)))],
  counter: [
    'uint64',
    (random) => {
      let count = 0n
      return () => {
        count = random() < 0.0005 ? 0n : count + BigInt(Math.floor(300 + 60 * normal(random)))
        return count
      }
    },
  ],
  'two far apart': ['int64', (random) => () => (random() < 0.5 ? -(2n ** 63n) : 2n ** 63n - 1n)],
  'random bits': [
    'uint64',
    (random) => () =>
      (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32)),
  ],
  'steps in a level': [
    'int32',
    (random) => {
      let level = 7
      return () => {
        if (random() < 0.005) level = Math.floor(1e6 * random())
        return level
      }
    },
  ],
  sentinels: [
    'int32',
    (random) => () => (random() < 0.03 ? -(2 ** 31) : Math.floor(50 * random())),
  ],
  'small codes': ['uint8', (random) => () => Math.floor(5 * random() ** 3)],
  dates: ['date', (random) => (row) => 20_000 + row + (random() < 0.01 ? 3 : 0)],
  'walk with nulls': [
    'float64',
    (random) => {
      const next = walk(random, 0.02, 2)
      return () => (random() < 0.3 ? null : next())
    },
  ],
  'an outage': [
    'float64',
    (random, rows) => {
      const next = walk(random, 0.02, 2)
      return (row) => (row > rows / 3 && row < rows / 2 ? null : next())
    },
  ],
  'slow flag': [
    'bool',
    (random) => {
      let on = false
      return () => {
        if (random() < 0.01) on = !on
        return on
      }
    },
  ],
  'fast flag': ['bool', (random) => () => random() < 0.4],
  'rare flag with nulls': ['bool', (random) => () => (random() < 0.2 ? null : random() < 0.02)],
  venue: [
    'string',
    (random) => () => ['XNYS', 'XNAS', 'ARCX', 'BATS', 'IEXG', 'é'][Math.floor(6 * random() ** 2)]!,
  ],
  'station in runs': [
    'string',
    (random) => (row) => `station-${row >> 9}-${Math.floor(1.002 * random())}`,
  ],
  'order id': [
    'string',
    (random) => (row) => `ORD-${String(row * 3 + Math.floor(3 * random())).padStart(9, '0')}`,
  ],
  remarks: [
    'string',
    (random) => () =>
      random() < 0.9
        ? null
        : `reading ${Math.floor(1e6 * random())} was ${random() < 0.5 ? 'late' : 'estimated'}`,
  ],
  payload: [
    'json',
    (random) => (row) => `{"n":${row},"ok":${random() < 0.9},"v":${random().toFixed(3)}}`,
  ],
  digest: ['binary', (random) => () => Uint8Array.from({ length: 8 }, () => 256 * random())],
}

/** Columns of many kinds, from a seed: numbers, times, flags, texts; smooth, noisy, with nulls. */
export function variedColumns(rows: number, seed = 11): VariedColumn[] {
  return Object.entries(generators).map(([name, [type, generator]]) => {
    const next = generator(seededRandom(seed), rows)
    const values = Array.from({ length: rows }, (_, row) => next(row))
    return { name, type, canonical: encodeColumn(columnOf(type, values)) }
  })
}
