import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../src/core/column.ts'
import { columnTypes } from '../../src/core/column.ts'
import {
  formatScalar,
  integerRanges,
  parseScalar,
  scalarToJson,
} from '../../src/core/scalar-text.ts'
import { anyCodePoint } from '../support/any-code-point.ts'

function scalarOf(type: ColumnType): fc.Arbitrary<Scalar> {
  const range = integerRanges.get(type)
  if (type === 'int64' || type === 'uint64') return fc.bigInt({ min: range![0], max: range![1] })
  if (range !== undefined) return fc.integer({ min: Number(range[0]), max: Number(range[1]) })
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'bool':
      return fc.boolean()
    case 'float32':
      return fc.float()
    case 'float64':
      return fc.double()
    case 'date':
      return fc.integer()
    case 'string':
      return fc.string({ unit: anyCodePoint }).filter((text) => !/\p{Surrogate}/u.test(text))
    case 'json':
      return fc.json()
    case 'binary':
      return fc.uint8Array()
    default:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  }
}

describe('parseScalar and formatScalar', () => {
  it.each(columnTypes)('are each other’s inverse for %s, bit for bit', (type) => {
    fc.assert(
      fc.property(scalarOf(type), (value) => {
        const back = parseScalar(formatScalar(value, type), type)
        if (value instanceof Uint8Array) expect(back).toEqual(value)
        else expect(Object.is(back, value)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['bool', 'TRUE', true],
    ['bool', '0', false],
    ['int8', '-128', -128],
    ['int8', '+007', 7],
    ['int32', '-0', 0],
    ['int64', '9223372036854775807', 9223372036854775807n],
    ['int64', '-9223372036854775808', -9223372036854775808n],
    ['int64', `${'0'.repeat(50)}1`, 1n],
    ['uint64', '18446744073709551615', 18446744073709551615n],
    ['float64', '1e3', 1000],
    ['float64', '.5', 0.5],
    ['float64', '5.', 5],
    ['float64', '-0', -0],
    ['float64', '1e-999', 0],
    ['float64', 'nan', Number.NaN],
    ['float64', 'Infinity', Infinity],
    ['float64', '-inf', -Infinity],
    ['float32', '0.1', Math.fround(0.1)],
    ['date', '2026-08-17', 20_682],
    ['timestamp_s', '1786960800', 1_786_960_800n],
    ['timestamp_ns', '-1', -1n],
    ['timestamp_ms', '2026-08-17T10:00:00.5Z', 1_786_960_800_500n],
    ['string', '', ''],
    ['json', ' {"a": 1.0} ', ' {"a": 1.0} '],
  ] as const)('reads %s from %j', (type, text, value) => {
    expect(Object.is(parseScalar(text, type), value)).toBe(true)
  })

  it.each([
    ['null', 'x'],
    ['bool', 'yes'],
    ['bool', ''],
    ['int8', '128'],
    ['int8', '-129'],
    ['int8', '1.0'],
    ['int8', '1e2'],
    ['int8', ''],
    ['int8', ' 1'],
    ['uint8', '-1'],
    ['uint8', '256'],
    ['uint32', '4294967296'],
    ['int64', '9223372036854775808'],
    ['uint64', '18446744073709551616'],
    ['uint64', '9'.repeat(100_000)],
    ['int64', '0x10'],
    ['int64', '1_000'],
    ['float64', ''],
    ['float64', '1,5'],
    ['float64', '1e999'],
    ['float64', '0x10'],
    ['float64', '.'],
    ['float64', 'e5'],
    ['float64', '1e'],
    ['float64', 'NaN(5)'],
    ['float32', '3.5e38'],
    ['date', '2026-02-30'],
    ['date', '20260817'],
    ['timestamp_s', '9223372036854775808'],
    ['timestamp_s', '12.5'],
    ['string', '\ud800'],
    ['json', '{a: 1}'],
    ['json', ''],
    ['json', '"\ud800"'],
    ['binary', 'YQ'],
    ['binary', 'YQ=='.repeat(2)],
    ['binary', 'YQ=\n'],
  ] as const)('refuses for %s the text %j', (type, text) => {
    expect(() => parseScalar(text, type)).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    )
  })

  it('writes the shortest text', () => {
    expect(formatScalar(0.1, 'float64')).toBe('0.1')
    expect(formatScalar(66, 'float64')).toBe('66')
    expect(formatScalar(1e21, 'float64')).toBe('1e+21')
    expect(formatScalar(Math.fround(0.1), 'float32')).toBe('0.1')
    expect(formatScalar(16_777_216, 'float32')).toBe('16777216')
    expect(formatScalar(Math.fround(3.4e38), 'float32')).toBe('3.4e+38')
    expect(formatScalar(-0, 'float32')).toBe('-0')
    expect(formatScalar(Number.NaN, 'float64')).toBe('NaN')
    expect(formatScalar(-Infinity, 'float32')).toBe('-inf')
    expect(formatScalar(new Uint8Array([97]), 'binary')).toBe('YQ==')
    expect(formatScalar(null, 'float64')).toBe('')
  })
})

describe('scalarToJson', () => {
  it.each([
    ['bool', true, true],
    ['int32', -5, -5],
    ['int64', 9007199254740993n, '9007199254740993'],
    ['uint64', 1n, '1'],
    ['float64', 66.02, 66.02],
    ['float64', Number.NaN, 'NaN'],
    ['float64', Infinity, 'inf'],
    ['float32', Math.fround(0.1), 0.1],
    ['float32', -Infinity, '-inf'],
    ['date', 0, '1970-01-01'],
    ['timestamp_ns', 1n, '1970-01-01T00:00:00.000000001Z'],
    ['string', 'NaN', 'NaN'],
    ['json', '{"a":1}', '{"a":1}'],
    ['binary', new Uint8Array([97]), 'YQ=='],
    ['float64', null, null],
  ] as const)('has a %s as %o', (type, value, expected) => {
    expect(scalarToJson(value, type)).toBe(expected)
  })
})
