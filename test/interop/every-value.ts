import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { seededRandom } from '../support/seeded-random.ts'

type Random = () => number
type Typed = Exclude<ColumnType, 'null'>

/** What a table of random values is made of. */
export interface ValueTable {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly indexCount: number
  readonly rows: number
  /** A value of a column, the same whenever it is asked for in the order of rows. */
  readonly makers: () => readonly ((row: number) => Scalar)[]
}

export interface ValueLimits {
  /** Values that are left out of a column, because a program cannot tell them from others. */
  readonly without?: (type: ColumnType, value: Scalar) => boolean
  /** Types without nulls. */
  readonly filled?: ReadonlySet<ColumnType>
}

const TYPES: readonly Typed[] = [
  'bool',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float32',
  'float64',
  'date',
  'timestamp_s',
  'timestamp_ms',
  'timestamp_us',
  'timestamp_ns',
  'string',
  'binary',
  'json',
]

/** A column of each type behind a row number, one value in ten of them null. */
export function everyValue(rows: number, seed: number, limits: ValueLimits = {}): ValueTable {
  const columns = TYPES.map((type) => ({ name: type, type }))
  const { filled = new Set(), without = () => false } = limits
  return {
    columns: [{ name: 'row', type: 'int64' }, ...columns],
    indexCount: 1,
    rows,
    makers: () => [
      (row) => BigInt(row),
      ...TYPES.map((type, at) => {
        const random = seededRandom(seed * 100 + at)
        const next = makerOf(type, random)
        return () => {
          const value = filled.has(type) || random() >= 0.1 ? next() : null
          return value !== null && without(type, value) ? replacement(type) : value
        }
      }),
    ],
  }
}

/** A table whose key has a column of each type that a key may have. */
export function everyKey(rows: number, seed: number, limits: ValueLimits = {}): ValueTable {
  const { without = () => false } = limits
  const types = TYPES.filter((type) => type !== 'json')
  return {
    columns: [
      ...types.map((type) => ({ name: `key ${type}`, type })),
      { name: 'value', type: 'int32' },
    ],
    indexCount: types.length,
    rows,
    makers: () => [
      ...types.map((type, at) => {
        const random = seededRandom(seed * 100 + at)
        const next = makerOf(type, random, 20)
        return () => {
          const value = next()
          if (Number.isNaN(value) || without(type, value)) return replacement(type)
          return Object.is(value, -0) ? 0 : value
        }
      }),
      (row) => row,
    ],
  }
}

function replacement(type: ColumnType): Scalar {
  if (type === 'string' || type === 'json') return '"x"'
  if (type === 'binary') return Uint8Array.of(120)
  if (type === 'bool') return true
  return type === 'int64' || type === 'uint64' || type.startsWith('timestamp_') ? 1n : 1
}

const whole = (random: Random, below: number): number => Math.floor(random() * below)
const pick = <T>(random: Random, values: readonly T[]): T => values[whole(random, values.length)]!

function bits64(random: Random): bigint {
  return (BigInt(whole(random, 2 ** 32)) << 32n) | BigInt(whole(random, 2 ** 32))
}

/** Makes values of a type: a tenth from its edges, the others from all its range and from its middle. */
function makerOf(type: Typed, random: Random, longest = Number.POSITIVE_INFINITY): () => Scalar {
  const edges = edgesOf(type).filter((value) => {
    const isLong = typeof value === 'string' || value instanceof Uint8Array
    return !isLong || Buffer.byteLength(value) <= longest
  })
  const [wide, usual] = rangesOf(type, random)
  return () => {
    const kind = random()
    if (kind < 0.1) return pick(random, edges)
    return kind < 0.55 ? wide() : usual()
  }
}

function edgesOf(type: Typed): readonly Scalar[] {
  const integer = /^(u?)int(\d+)$/.exec(type)
  if (integer !== null) {
    const [, unsigned, size] = integer
    const bits = BigInt(size!)
    const [low, high] =
      unsigned === 'u' ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
    const safe = 2n ** 53n
    const all = [low, low + 1n, -1n, 0n, 1n, high - 1n, high, safe, safe + 1n, -safe - 1n]
    const held = all.filter((value) => value >= low && value <= high)
    return bits === 64n ? held : held.map(Number)
  }
  if (type.startsWith('timestamp_')) return [...timestampEdges(unitsOf(type))]
  switch (type) {
    case 'bool':
      return [true, false]
    case 'float32':
      return FLOATS.map(Math.fround)
    case 'float64':
      return FLOATS
    case 'date':
      return [-(2 ** 31), 2 ** 31 - 1, -1, 0, 1, -719_528, -719_529, 2_932_896, 2_932_897, 11_016]
    case 'string':
      return STRINGS
    case 'binary':
      return [...STRINGS.map((text) => Buffer.from(text)), Uint8Array.of(0xff, 0xc0, 0x80, 0)]
    default:
      return JSONS
  }
}

const unitsOf = (type: ColumnType): bigint =>
  ({ timestamp_s: 1n, timestamp_ms: 1_000n, timestamp_us: 1_000_000n })[type as string] ??
  1_000_000_000n

function timestampEdges(units: bigint): bigint[] {
  const low = -(2n ** 63n)
  const high = 2n ** 63n - 1n
  const seconds = [0n, -1n, 1n, 951_782_400n, -62_135_596_800n, 253_402_300_799n, 4_102_444_800n]
  const inside = seconds.map((s) => s * units).filter((value) => value >= low && value <= high)
  return [low, low + 1n, high - 1n, high, -1n, 0n, 1n, units - 1n, -units - 1n, ...inside]
}

/** Values from all the range of a type, and such as measurements have. */
function rangesOf(type: Typed, random: Random): [() => Scalar, () => Scalar] {
  const integer = /^(u?)int(\d+)$/.exec(type)
  if (integer !== null) {
    const size = Number(integer[2])
    const cut = (value: bigint): Scalar => {
      const held = integer[1] === 'u' ? BigInt.asUintN(size, value) : BigInt.asIntN(size, value)
      return size === 64 ? held : Number(held)
    }
    return [() => cut(bits64(random)), () => cut(BigInt(whole(random, 100)))]
  }
  if (type.startsWith('timestamp_')) {
    const units = unitsOf(type)
    return [
      () => BigInt.asIntN(64, bits64(random)),
      () =>
        BigInt(whole(random, 4e9)) * units + (bits64(random) % units) * BigInt(whole(random, 2)),
    ]
  }
  const bits = new DataView(new ArrayBuffer(8))
  switch (type) {
    case 'bool':
      return [() => random() < 0.5, () => random() < 0.01]
    case 'float32':
      return [
        () => {
          bits.setUint32(0, whole(random, 2 ** 32))
          return bits.getFloat32(0)
        },
        () => Math.fround(whole(random, 10_000) / 100),
      ]
    case 'float64':
      return [
        () => {
          bits.setBigUint64(0, bits64(random))
          return bits.getFloat64(0)
        },
        () => whole(random, 100_000) / 1_000,
      ]
    case 'date':
      return [() => whole(random, 2 ** 32) - 2 ** 31, () => whole(random, 40_000) - 10_000]
    case 'string':
      return [() => randomText(random), () => pick(random, ['Uccle', 'Ostend', 'Arlon', 'Liège'])]
    case 'binary':
      return [() => randomBytes(random), () => Uint8Array.of(whole(random, 256))]
    default:
      return [
        () => JSON.stringify(randomText(random)),
        () => `{"n":${whole(random, 1e6)}, "v" : ${random() - 0.5}, "of":[null,true,"é"]}`,
      ]
  }
}

function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: whole(random, 17) }, () => whole(random, 256))
}

const PLANES = [0x80, 0x80, 0x800, 0x3000, 0x10000, 0x110000]

function randomText(random: Random): string {
  let text = ''
  for (let left = whole(random, 9); left > 0; left--) {
    const code = whole(random, pick(random, PLANES))
    text += String.fromCodePoint(code >= 0xd800 && code < 0xe000 ? 0xfffd : code)
  }
  return text
}

const FLOATS = [
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2.2250738585072014e-308,
  2.225073858507201e-308,
  3.4028234663852886e38,
  1.401298464324817e-45,
  1.1754943508222875e-38,
  0.1,
  1 / 3,
  2 ** 53,
  -(2 ** 53) - 2,
  2 ** 63,
  1e21,
  1e22,
  1e23,
  123456789012345680000,
  5e-7,
  1e-6,
]

const STRINGS = [
  '',
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  ',',
  ';',
  '|',
  '"',
  '""',
  "'",
  '\\',
  '\\N',
  '\\n',
  'NA',
  'N/A',
  'null',
  'NULL',
  'None',
  'nan',
  'inf',
  'true',
  '1',
  '007',
  '+1',
  '-0',
  '1e5',
  '1.0',
  '2026-08-17',
  '2026-08-17T10:00:00Z',
  '03/04/2025',
  '-',
  '.',
  '#',
  '=1+1',
  ' leading',
  'trailing ',
  'a,b',
  'a"b',
  '"quoted"',
  'a\nb',
  'a\r\nb',
  '\u0000',
  'a\u0000b',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u200b',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufeffmark',
  '\ufffd',
  '\uffff',
  '\u{10ffff}',
  'é',
  'e\u0301',
  '日本語',
  '🎉',
  '👨‍👩‍👧',
  '__proto__',
  'constructor',
  '{"a":1}',
  'x'.repeat(3_000),
]

const JSONS = [
  'null',
  'true',
  '0',
  '-0',
  '0.10',
  '1e400',
  '12345678901234567890123',
  '""',
  '"null"',
  '"\\u0000"',
  '"\\ud83c\\udf89"',
  '"\\ud800"',
  '"é\u2028"',
  '[]',
  '{}',
  ' { "b" : [ 1 , 2 ] } ',
  '{\n  "a": [1,\r\n  2]\n}',
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1},"10":1,"9":2}',
  `${'['.repeat(200)}${']'.repeat(200)}`,
]
