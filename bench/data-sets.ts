import type { Column, ColumnType, ValueArray } from '../src/core/column.ts'
import { rawColumn } from '../src/core/column-layout.ts'
import type { Frame, Schema } from '../src/core/schema.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { normal } from './data-random.ts'

// The tables that varve is measured with, from a seed, as frames in memory.

const START_S = Date.UTC(2026, 0, 1) / 1000
const FRAME_ROWS = 1 << 16
const SYMBOLS = ['AAPL', 'MSFT', 'GOOG', 'AMZN', 'META', 'NVDA', 'TSLA', 'ORCL', 'IBM', 'INTC']
const VENUES = ['XNYS', 'XNAS', 'ARCX', 'BATS', 'IEXG', 'EDGX']

/** Writes rows `from` to `to` (exclusive); called for one stretch after another. */
type Fill = (from: number, to: number) => readonly Column[]

interface DataSet {
  readonly schema: Schema
  /** Begins anew, from the seed. */
  readonly begin: () => Fill
}

function schemaOf(duplicates: boolean, ...columns: [name: string, type: ColumnType][]): Schema {
  return { columns: columns.map(([name, type]) => ({ name, type })), indexCount: 1, duplicates }
}

function numbers<V extends ValueArray>(type: ColumnType, values: V, at: (i: number) => V[number]) {
  for (let i = 0; i < values.length; i++) values[i] = at(i)
  return rawColumn(type, values.length, values, undefined)
}

/** Times that are not negative, and exact as doubles in units of `unit`. */
function times(type: ColumnType, rows: number, unit: bigint, at: (i: number) => number): Column {
  return numbers(type, new BigInt64Array(rows), (i) => BigInt(at(i)) * unit)
}

function texts(rows: number, entries: readonly string[], pick: () => number): Column {
  const encoded = entries.map((entry) => new TextEncoder().encode(entry))
  const bytes = new Uint8Array(rows * Math.max(...encoded.map(({ length }) => length)))
  const offsets = new Uint32Array(rows + 1)
  for (let row = 0, at = 0; row < rows; row++) {
    const entry = encoded[pick()]!
    for (let i = 0; i < entry.length; i++) bytes[at++] = entry[i]!
    offsets[row + 1] = at
  }
  return rawColumn('string', rows, bytes.slice(0, offsets[rows]), undefined, offsets)
}

const everySecond = (from: number, to: number): Column =>
  times('timestamp_ns', to - from, 1_000_000_000n, (i) => START_S + from + i)

/** The data sets, by name. */
export const dataSets = {
  /** A time each second, and a walk of two decimals. */
  sensors: {
    schema: schemaOf(false, ['time', 'timestamp_ns'], ['value', 'float64']),
    begin: () => {
      const random = seededRandom(1)
      let value = 20
      const next = (): number => {
        value += 0.02 * normal(random)
        return Math.round(value * 100) / 100
      }
      return (from, to) => [
        everySecond(from, to),
        numbers('float64', new Float64Array(to - from), next),
      ]
    },
  },
  /** Trades at irregular times, several at the same, with a price in ticks and how much was traded. */
  prices: {
    schema: schemaOf(
      true,
      ['time', 'timestamp_ms'],
      ['price', 'float64'],
      ['volume', 'int64'],
      ['symbol', 'string'],
      ['venue', 'string'],
    ),
    begin: () => {
      const random = seededRandom(2)
      let time = START_S * 1000
      let ticks = 10_000
      const nextTime = (): number => {
        if (random() >= 0.25) time += Math.floor(-120 * Math.log(1 - random()))
        return time
      }
      const price = (): number => {
        if (random() < 0.3) ticks += Math.round(1.2 * normal(random))
        return ticks / 100
      }
      const volume = (): bigint => BigInt(Math.ceil(Math.exp(4 + 1.1 * normal(random))))
      return (from, to) => [
        times('timestamp_ms', to - from, 1n, nextTime),
        numbers('float64', new Float64Array(to - from), price),
        numbers('int64', new BigInt64Array(to - from), volume),
        texts(to - from, SYMBOLS, () => Math.floor(SYMBOLS.length * random() ** 3)),
        texts(to - from, VENUES, () => Math.floor(VENUES.length * random() ** 2)),
      ]
    },
  },
  /** A time each second, and doubles of full precision. */
  noisy: {
    schema: schemaOf(false, ['time', 'timestamp_ns'], ['value', 'float64']),
    begin: () => {
      const random = seededRandom(3)
      let value = 100
      const next = (): number => {
        value += 0.5 * normal(random)
        return value + 3 * normal(random)
      }
      return (from, to) => [
        everySecond(from, to),
        numbers('float64', new Float64Array(to - from), next),
      ]
    },
  },
  /** Every 15 seconds or so a count that begins again now and then. */
  counters: {
    schema: schemaOf(false, ['time', 'timestamp_ms'], ['count', 'float64']),
    begin: () => {
      const random = seededRandom(4)
      let count = 0
      const next = (): number => {
        count = random() < 0.0002 ? 0 : count + Math.floor(300 + 60 * normal(random))
        return count
      }
      return (from, to) => [
        times('timestamp_ms', to - from, 1n, (i) => {
          return START_S * 1000 + (from + i) * 15_000 + Math.floor(random() * 7) - 3
        }),
        numbers('float64', new Float64Array(to - from), next),
      ]
    },
  },
} satisfies Record<string, DataSet>

export type DataSetName = keyof typeof dataSets
export const dataSetNames = Object.keys(dataSets) as DataSetName[]

/** The rows of a data set, in frames: the same at every call. */
export function* dataSetFrames(name: DataSetName, rows: number): Generator<Frame> {
  const { schema, begin } = dataSets[name]
  const fill = begin()
  for (let from = 0; from < rows; from += FRAME_ROWS) {
    const to = Math.min(rows, from + FRAME_ROWS)
    yield { schema, columns: fill(from, to), rows: to - from }
  }
}
