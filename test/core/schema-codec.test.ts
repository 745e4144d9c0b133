import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnTypes } from '../../src/core/column.ts'
import { isIndexType } from '../../src/core/key.ts'
import type { Schema } from '../../src/core/schema.ts'
import {
  checkSchema,
  formatSchemaText,
  parseSchemaText,
  schemaFromJson,
  schemaToJson,
} from '../../src/core/schema-codec.ts'

const bad = expect.objectContaining({ code: 'bad-input' })
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom(...'ab:, "\\é😀') }),
  fc.constantFrom('__proto__', 'constructor', 'Last Price', 'a:b', 'x:float64'),
)

const anySchema: fc.Arbitrary<Schema> = fc
  .tuple(
    fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
    fc.constantFrom(...columnTypes.filter(isIndexType)),
    fc.constantFrom(...columnTypes),
    fc.boolean(),
    fc.nat(5),
  )
  .map(([names, first, other, duplicates, count]) => {
    const indexCount = 1 + (count % names.length)
    const columns = names.map((n, i) => ({ name: n, type: i < indexCount ? first : other }))
    return { columns, indexCount, duplicates }
  })

const indexOf = (schema: Schema) => schema.columns.slice(0, schema.indexCount).map((c) => c.name)

describe('schema text', () => {
  it('is read as it was written, whatever the names', () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        const { duplicates } = schema
        const options = { index: indexOf(schema), duplicates }
        expect(parseSchemaText(formatSchemaText(schema), options)).toEqual(schema)
      }),
      { numRuns: 500 },
    )
  })

  it('puts index columns first, in their own order', () => {
    const schema = parseSchemaText('  v:float64,b:int8\n a:date, ', { index: ['a', 'b'] })
    expect(formatSchemaText(schema)).toBe('a:date b:int8 v:float64')
    expect(schema).toMatchObject({ indexCount: 2, duplicates: false })
  })

  it('takes the first column where no index is named', () => {
    expect(parseSchemaText('t:timestamp_s v:json').indexCount).toBe(1)
  })

  it.each([
    ['', 'nothing'],
    ['time', 'a name without a type'],
    ['time:', 'an empty type'],
    [':int8', 'an empty name'],
    ['t:timestamp[s]', 'a type with brackets'],
    ['t:datetime', 'an unknown type'],
    ['t:__proto__', 'a type that every object has'],
    ['t:int8 t:int16', 'two columns of one name'],
    ['t:json', 'a json index'],
    ['"t:int8', 'an open quote'],
    ['"\\x":int8', 'a bad escape'],
    ['t:int8"u":int8', 'two columns run together'],
  ])('refuses %j: %s', (text) => {
    expect(() => parseSchemaText(text)).toThrow(bad)
  })

  it('refuses an index column that is not there, and one named twice', () => {
    expect(() => parseSchemaText('t:int8', { index: ['u'] })).toThrow(
      expect.objectContaining({ code: 'column-not-found' }),
    )
    expect(() => parseSchemaText('t:int8', { index: ['t', 't'] })).toThrow(bad)
  })

  it('refuses names with control characters', () => {
    expect(() => parseSchemaText('"a\\u0007":int8')).toThrow(
      expect.objectContaining({ code: 'invalid-name' }),
    )
  })
})

describe('schema JSON', () => {
  it('is read as it was written, through text', () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        expect(schemaFromJson(JSON.parse(JSON.stringify(schemaToJson(schema))))).toEqual(schema)
      }),
    )
  })

  it('may leave index and duplicates out', () => {
    const columns = [{ name: 't', type: 'date' }]
    expect(schemaFromJson({ columns })).toEqual({ columns, indexCount: 1, duplicates: false })
  })

  it.each([
    [null],
    [[]],
    [{ columns: 'a:b' }],
    [{ columns: [1] }],
    [{ columns: [{ name: 'a' }] }],
    [{ columns: [{ name: 'a', type: 'int9' }] }],
    [{ columns: [{ name: 'a', type: 'int8' }], index: 'a' }],
    [{ columns: [{ name: 'a', type: 'int8' }], index: [1] }],
    [{ columns: [{ name: 'a', type: 'int8' }], index: [] }],
    [{ columns: [{ name: 'a', type: 'int8' }], duplicates: 'no' }],
  ])('refuses %j', (json) => {
    expect(() => schemaFromJson(json)).toThrow(bad)
  })
})

describe('checkSchema', () => {
  const columns = [{ name: 't', type: 'date' as const }]
  it.each([0, 2, 1.5, -1])('refuses %s index columns of one', (indexCount) => {
    expect(() => checkSchema({ columns, indexCount, duplicates: false })).toThrow(bad)
  })
})
