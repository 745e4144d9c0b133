import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ColumnType, columnTypes, type Scalar } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { scalarAt } from '../../src/core/column-ops.ts'
import { hasCode, type VarveError } from '../../src/core/errors.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import { encodeKeys } from '../../src/core/key.ts'
import { formatScalar, parseScalar } from '../../src/core/scalar-text.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import { contains, keyRange } from '../../src/core/series-range.ts'
import { bindWhere, columnsOfWhere, parseWhere } from '../../src/core/where.ts'
import { openZone } from '../../src/core/zone.ts'
import { anyValue, anyValues } from '../support/columns.ts'
import { rowsOf, schemaOf } from '../support/series.ts'

const weather: Schema = schemaOf('time:timestamp_s temp:float64 rain:int64 note:string ok:bool')
const rows: readonly (readonly Scalar[])[] = [
  [0n, 31.5, 0n, 'dry', true],
  [3600n, 29, 0n, "it's", false],
  [7200n, null, 4n, '', null],
  [10_800n, Number.NaN, null, null, true],
  [14_400n, -0, -2n, 'a"b', false],
]

/** Which rows of the weather fulfil a condition. */
function which(where: string): number[] {
  const frame = bindWhere(parseWhere(where), weather).filter(frameFromRows(weather, rows))
  return rowsOf(frame).map(([time]) => Number(time as bigint) / 3600)
}

const OWN = ['usage', 'column-not-found', 'invalid-date', 'invalid-value'] as const
const isOwn = (error: unknown): error is VarveError => OWN.some((code) => hasCode(error, code))

function fault(where: string, schema = weather) {
  try {
    bindWhere(parseWhere(where), schema)
  } catch (error) {
    if (isOwn(error)) return error
    throw error
  }
  throw new Error(`${where} was taken`)
}

describe('a condition on rows', () => {
  it.each([
    ['temp > 30 and rain = 0', [0]],
    ['temp > 30 or rain > 0', [0, 2]],
    ['TEMP', undefined],
    ['(temp > 30 or temp < 0 or temp = 0) and not ok = true', [4]],
    ['not (temp > 30)', [1, 3, 4]],
    ['30 < temp', [0]],
    ['temp is null', [2]],
    ['temp IS NOT NULL', [0, 1, 3, 4]],
    ['temp is nan', [3]],
    ['temp is not nan', [0, 1, 4]],
    ['temp = 0', [4]],
    ['temp <> 0', [0, 1, 3]],
    ['temp <= inf', [0, 1, 4]],
    ['temp >= -infinity', [0, 1, 4]],
    ['rain < 3.5 and rain >= -.5e1', [0, 1, 4]],
    ['rain != 0', [2, 4]],
    ["note = 'it''s'", [1]],
    ["note = ''", [2]],
    [`"note" > 'b'`, [0, 1]],
    ['ok != false', [0, 3]],
    ['ok = TRUE or ok = false', [0, 1, 3, 4]],
    ['time >= 1970-01-01T02:00 and time < 1970-01-01T04:00Z', [2, 3]],
    ["time = '1970-01-01 01:00'", [1]],
    ['time > 1970-01-01', [1, 2, 3, 4]],
    ['time > @10800', [4]],
    ['rain > 99999999999999999999', []],
    ['rain < 1e999', [0, 1, 2, 4]],
    ['rain = 0 and temp > 30 or ok = true', [0, 3]],
  ])('%s', (where, expected) => {
    if (expected === undefined) expect(fault(where).message).toContain('expected')
    else expect(which(where)).toEqual(expected)
  })

  it('is false and true of no row whose value is null', () => {
    expect(which('rain = 0')).not.toContain(3)
    expect(which('not rain = 0')).not.toContain(3)
    expect(which('rain = 0 or ok = true')).toContain(3)
    expect(which('not (rain = 0 and ok = false)')).toContain(3)
  })

  it('names the columns that it is about', () => {
    const where = parseWhere('a = 1 and (b is null or not "c d" < 2) and a > 3')
    expect([...columnsOfWhere(where)]).toEqual(['a', 'b', 'c d'])
  })

  it('takes names that are words of its own in double quotes', () => {
    const schema = schemaOf('t:int64 and:int64 __proto__:int64')
    const frame = frameFromRows(schema, [
      [1n, 2n, 3n],
      [2n, 0n, 3n],
    ])
    const filter = bindWhere(parseWhere('"and" = 2 and __proto__ = 3'), schema)
    expect(rowsOf(filter.filter(frame))).toEqual([[1n, 2n, 3n]])
  })
})

describe('a condition that cannot be understood', () => {
  it.each([
    ['temp >', 7, 'the end', 'a value'],
    ['temp', 5, 'the end', 'a comparison or "is"'],
    ['temp > 30 & rain = 0', 11, '&', '"and", "or" or the end'],
    ['temp in (1, 2)', 6, 'in', 'a comparison or "is"'],
    ['temp == 30', 6, '==', '= != <> < <= > >='],
    ['temp > 30 rain', 11, 'rain', '"and", "or" or the end'],
    ['(temp > 30', 11, 'the end', '"and", "or" or )'],
    ['temp > rain', 8, 'rain', 'a value'],
    ['and', 1, 'and', 'a column'],
    ['temp is 3', 9, '3', 'null, nan or "not"'],
    ['temp is not 3', 13, '3', 'null or nan'],
    ["note = 'dry", 8, "'dry", "another ' where it ends"],
    ['3 = 4', 5, '4', 'a column'],
    ["'😀' = note and 1", 17, 'the end', 'a comparison'],
  ])('%s', (where, column, found, expected) => {
    expect(fault(where).data).toEqual({ where, column, found, expected })
  })

  it.each([
    ['', '--where is empty', 'temp > 30'],
    ['tmp > 30', 'no column "tmp"', 'did you mean temp?'],
    ['note = 5', 'note is string, and 5 is no text', "'5'"],
    ['note = dry', 'found dry', "'dry'"],
    ['temp = null', 'found null', 'is null'],
    ['temp = nan', 'nothing equals NaN', 'is nan'],
    ['rain is nan', 'rain is int64', ''],
    ['rain = x1', 'found x1', "'x1'"],
    ["rain = 'x1'", 'a whole number', ''],
    ['ok > false', 'no order', ''],
    ['temp > 1e999', 'character 8: temp: not a number that fits float64', ''],
    ['time > 2026-13-01', 'character 8', ''],
  ])('%s is explained', (where, message, hint) => {
    const error = fault(where)
    expect(error.message).toContain(message)
    expect(error.hint ?? '').toContain(hint)
  })

  it('is refused where it is nested without end, and may go on without end', () => {
    const deep = `${'('.repeat(100_000)}temp = 1${')'.repeat(100_000)}`
    expect(fault(deep).message).toContain('nested more than 100 deep')
    expect(fault(`${'not '.repeat(100_000)}temp = 1`).message).toContain('nested')
    expect(which(Array(20_000).fill('temp > 31').join(' or '))).toEqual([0])
  })

  it('is always an error of its own, whatever the text', () => {
    const word = fc.constantFrom(
      ...['temp', 'and', 'or', 'not', '(', ')', '>', '=', '1', "'", '"', 'is', 'null', '-', '.'],
    )
    const texts = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(' ')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          which(text)
        } catch (error) {
          if (!isOwn(error)) throw error
        }
      }),
      { numRuns: 1000 },
    )
  })
})

// A second way to decide the same: row by row, over values, with numbers as fractions.

type Truth = boolean | null
type Node =
  | { readonly kind: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'not'; readonly part: Node }
  | { readonly kind: 'null' | 'nan'; readonly column: number; readonly negated: boolean }
  | {
      readonly kind: 'compare'
      readonly column: number
      readonly op: string
      readonly text: string
    }

const integers: readonly ColumnType[] = columnTypes.filter((type) => /^u?int/.test(type))
const unordered: readonly ColumnType[] = ['bool', 'json']
const quoted: readonly ColumnType[] = ['string', 'binary', 'json']

function orderOf(value: Exclude<Scalar, null>, text: string, type: ColumnType): number {
  if (integers.includes(type)) {
    const [whole = '', fraction = ''] = text.split('.')
    const scale = 10n ** BigInt(fraction.length)
    const wanted = BigInt(whole + fraction)
    const found = BigInt(value as number | bigint) * scale
    return found < wanted ? -1 : found > wanted ? 1 : 0
  }
  const wanted = parseScalar(text, type)!
  if (typeof value === 'string' || value instanceof Uint8Array) {
    return Math.sign(Buffer.compare(Buffer.from(value), Buffer.from(wanted as string | Uint8Array)))
  }
  return value < wanted ? -1 : value > wanted ? 1 : value === wanted ? 0 : Number.NaN
}

function decide(node: Node, row: readonly Scalar[], schema: Schema): Truth {
  switch (node.kind) {
    case 'not': {
      const truth = decide(node.part, row, schema)
      return truth === null ? null : !truth
    }
    case 'and':
    case 'or': {
      const truths = [decide(node.left, row, schema), decide(node.right, row, schema)]
      const decisive = node.kind === 'or'
      if (truths.includes(decisive)) return decisive
      return truths.includes(null) ? null : !decisive
    }
    case 'null':
      return (row[node.column] === null) !== node.negated
    case 'nan': {
      const value = row[node.column]
      return value === null ? null : Number.isNaN(value) !== node.negated
    }
    case 'compare': {
      const value = row[node.column]!
      if (value === null) return null
      const order = orderOf(value, node.text, schema.columns[node.column]!.type)
      switch (node.op) {
        case '=':
          return order === 0
        case '<':
          return order < 0
        case '<=':
          return order <= 0
        case '>':
          return order > 0
        case '>=':
          return order >= 0
        default:
          return order !== 0
      }
    }
  }
}

function write(node: Node, schema: Schema): string {
  const name = (column: number) => `"${schema.columns[column]!.name.replaceAll('"', '""')}"`
  switch (node.kind) {
    case 'not':
      return `not (${write(node.part, schema)})`
    case 'and':
    case 'or':
      return `(${write(node.left, schema)}) ${node.kind} (${write(node.right, schema)})`
    case 'null':
    case 'nan':
      return `${name(node.column)} is ${node.negated ? 'not ' : ''}${node.kind}`
    case 'compare': {
      const { type } = schema.columns[node.column]!
      const text = quoted.includes(type) ? `'${node.text.replaceAll("'", "''")}'` : node.text
      return `${name(node.column)} ${node.op} ${text}`
    }
  }
}

const types: readonly ColumnType[] = columnTypes.filter((type) => type !== 'null')

function anyTest(schema: Schema, all: readonly (readonly Scalar[])[]): fc.Arbitrary<Node> {
  const columns = schema.columns.map(({ type }, column) => ({ column, type }))
  return fc.constantFrom(...columns).chain(({ column, type }): fc.Arbitrary<Node> => {
    const present = all.map((row) => row[column]).filter((value) => value !== null) as never[]
    const literal = fc
      .oneof(anyValue(type), ...(present.length > 0 ? [fc.constantFrom(...present)] : []))
      .filter((value) => !Number.isNaN(value))
      .map((value) => formatScalar(value, type))
    const decimal = fc
      .tuple(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.nat(999))
      .map(([whole, rest]) => `${whole}.${rest}`)
    const ops = unordered.includes(type) ? ['=', '!='] : ['=', '!=', '<>', '<', '<=', '>', '>=']
    const compare = fc.record({
      kind: fc.constant('compare' as const),
      column: fc.constant(column),
      op: fc.constantFrom(...ops),
      text: integers.includes(type) ? fc.oneof(literal, decimal) : literal,
    })
    const is = (kind: 'null' | 'nan') =>
      fc.boolean().map((negated): Node => ({ kind, column, negated }))
    const isFloat = type === 'float32' || type === 'float64'
    return fc.oneof({ weight: 6, arbitrary: compare }, is('null'), ...(isFloat ? [is('nan')] : []))
  })
}

function anyNode(
  schema: Schema,
  all: readonly (readonly Scalar[])[],
  depth = 3,
): fc.Arbitrary<Node> {
  const test = anyTest(schema, all)
  if (depth === 0) return test
  const inner = anyNode(schema, all, depth - 1)
  return fc.oneof(
    test,
    inner.map((part): Node => ({ kind: 'not', part })),
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), inner, inner)
      .map(([kind, left, right]): Node => ({ kind, left, right })),
  )
}

/** Frames with an index column of any type and some value columns of any. */
const anyFrame: fc.Arbitrary<Frame> = fc
  .tuple(
    fc.constantFrom(...types.filter((type) => type !== 'json')),
    fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 4 }),
    fc.nat(40),
  )
  .chain(([index, values, count]) => {
    const schema: Schema = {
      columns: [index, ...values].map((type, i) => ({ name: `c "${i}`, type })),
      indexCount: 1,
      duplicates: true,
    }
    const keys = fc.array(
      anyValue(index).filter((value) => !Number.isNaN(value)),
      { minLength: count, maxLength: count },
    )
    const columns = values.map((type) =>
      anyValues(type).map((some) => Array.from({ length: count }, (_, i) => some[i] ?? null)),
    )
    return fc.tuple(keys, ...columns).map(
      (all): Frame =>
        frameFromRows(
          schema,
          Array.from({ length: count }, (_, row) => all.map((column) => column[row]!)),
        ),
    )
  })

describe('a condition over frames', () => {
  it('keeps the rows that it is true of, one by one', () => {
    const cases = anyFrame.chain((frame) =>
      anyNode(frame.schema, rowsOf(frame)).map((node) => ({ frame, node })),
    )
    fc.assert(
      fc.property(cases, ({ frame, node }) => {
        const filter = bindWhere(parseWhere(write(node, frame.schema)), frame.schema)
        const expected = rowsOf(frame).filter((row) => decide(node, row, frame.schema) === true)
        expect(rowsOf(filter.filter(frame))).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('looks for no row outside the keys that it bounds', () => {
    const cases = anyFrame.chain((frame) => {
      const tests = fc.array(anyTest(frame.schema, rowsOf(frame)), { minLength: 1, maxLength: 4 })
      return tests.map((nodes) => ({ frame, nodes }))
    })
    let bounded = 0
    fc.assert(
      fc.property(cases, ({ frame, nodes }) => {
        const where = nodes.map((node) => write(node, frame.schema)).join(' and ')
        const { bounds } = bindWhere(parseWhere(where), frame.schema)
        if (bounds.from !== undefined || bounds.to !== undefined) bounded++
        const keys = encodeKeys(frame.columns.slice(0, 1))
        const range = keyRange(bounds)
        rowsOf(frame).forEach((row, i) => {
          const fulfilled = nodes.every((node) => decide(node, row, frame.schema) === true)
          if (fulfilled) expect(contains(range, keys.at(i))).toBe(true)
        })
      }),
      { numRuns: 1000 },
    )
    expect(bounded).toBeGreaterThan(200)
  })

  it('compares integers beyond 2^53 exactly', () => {
    const schema = schemaOf('t:int64 u:uint64')
    const frame = frameFromRows(schema, [
      [2n ** 53n, 2n ** 64n - 1n],
      [2n ** 53n + 1n, 2n ** 63n],
    ])
    const of = (where: string) =>
      scalarAt(bindWhere(parseWhere(where), schema).filter(frame).columns[0]!, 0)
    expect(of('t > 9007199254740992')).toBe(2n ** 53n + 1n)
    expect(of('t < 9007199254740993')).toBe(2n ** 53n)
    expect(of('u >= 18446744073709551615')).toBe(2n ** 53n)
    expect(of('u < 18446744073709551614.5')).toBe(2n ** 53n + 1n)
  })

  it('refuses times without an offset where rows have several zones', () => {
    const schema = schemaOf('t:timestamp_s v:float64')
    const bind = (where: string) => bindWhere(parseWhere(where), schema, 'several')
    expect(() => bind('t > 2026-03-29T02:30')).toThrow('t: the series are in several zones')
    expect(() => bind('t > 2026-03-29T02:30Z and v > 1')).not.toThrow()
  })

  it('takes times without an offset as the clocks of a zone show them', async () => {
    const zone = await openZone('Europe/Brussels')
    const schema = schemaOf('t:timestamp_ms v:float64')
    const at = (text: string) => parseScalar(text, 'timestamp_ms')
    const frame = frameFromRows(schema, [
      [at('2026-08-16T21:59:00Z'), 1],
      [at('2026-08-16T22:00:00Z'), 2],
      [at('2026-08-17T00:00:00Z'), 3],
    ])
    const values = (where: string) => {
      const filter = bindWhere(parseWhere(where), schema, zone)
      return rowsOf(filter.filter(frame)).map(([, v]) => v)
    }
    expect(values('t >= 2026-08-17')).toEqual([2, 3])
    expect(values("t = '2026-08-17 02:00'")).toEqual([3])
    expect(values('t = 2026-08-17T00:00Z')).toEqual([3])
    expect(values(`t <= @${(at('2026-08-16T22:00Z') as bigint) / 1000n}`)).toEqual([1, 2])
    expect(() => bindWhere(parseWhere('t < 2026-03-29T02:30'), schema, zone)).toThrow(
      /character 5: t: .*2026-03-29T02:30/,
    )
  })

  it('takes seconds since 1970 as the same instant in any unit, and times finer than it', () => {
    for (const unit of ['s', 'ms', 'us', 'ns'] as const) {
      const type = `timestamp_${unit}` as const
      const schema = schemaOf(`t:${type}`)
      const times = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z']
      const frame = frameFromRows(
        schema,
        times.map((text) => [parseScalar(text, type)]),
      )
      const count = (where: string) => bindWhere(parseWhere(where), schema).filter(frame).rows
      expect(count('t = @1767225600')).toBe(1)
      expect(count('t > @1767225600.5')).toBe(1)
      expect(count('t <= @1767225600.000000001')).toBe(1)
      expect(count('t = 2026-01-01T00:00:00.000000001Z')).toBe(0)
      expect(count('t < @-1')).toBe(0)
      expect(() => count('t > 1767225600')).toThrow(
        expect.objectContaining({
          code: 'invalid-date',
          hint: expect.stringContaining('@SECONDS'),
        }),
      )
      expect(() => count('t > 2026-01')).toThrow('2026-01 is a period')
    }
  })

  it('takes times past all that the type holds, also by the offset of a zone', async () => {
    const zone = await openZone('America/New_York')
    const schema = schemaOf('t:timestamp_ns')
    const frame = frameFromRows(schema, [[2n ** 63n - 1n], [-(2n ** 63n)]])
    const rows = (where: string) =>
      rowsOf(bindWhere(parseWhere(where), schema, zone).filter(frame)).map(
        ([t]) => (t as bigint) > 0n,
      )
    expect(rows("t < '2262-04-11T23:47:16'")).toEqual([true, false])
    expect(rows("t >= '2262-04-11T23:47:16'")).toEqual([])
    expect(rows('t > 2500-01-01')).toEqual([])
    expect(rows('t > 1500-01-01')).toEqual([true, false])
    expect(rows('t != 1500-01-01')).toEqual([true, false])
  })

  it.each([
    ['time > 2020-13-01', 'invalid-date'],
    ["time > 'now'", 'invalid-date'],
    ["temp > 'abc'", 'invalid-value'],
    ['rain > 1x', 'invalid-value'],
    ['note > 5', 'usage'],
    ['temp >', 'usage'],
  ])('calls %s %s', (where, code) => {
    expect(fault(where).code).toBe(code)
  })

  it('takes no value for null, in columns without any', () => {
    const schema = schemaOf('t:int64 n:null')
    const frame = { schema, columns: [columnOf('int64', [1n]), columnOf('null', [null])], rows: 1 }
    const count = (where: string) => bindWhere(parseWhere(where), schema).filter(frame).rows
    expect([count('n = 1'), count("not n = 'x'"), count('n is null')]).toEqual([0, 0, 1])
  })
})
