import { describe, expect, it } from 'vitest'
import { VarveError } from '../../../src/core/errors.ts'
import { parseLakotaSchema } from '../../../src/formats/lakota/schema.ts'

describe('a schema of Lakota', () => {
  it('keeps the order of its columns, whatever they are called', () => {
    const text = `{"kind": null, "columns": {
      "timestamp": {"dt": "datetime64[s]", "codecs": ["a:b", "\\"c\\":"], "idx": true},
      "b": {"dt": "f8", "idx": false},
      "2024": {"dt" : "<U", "idx": false},
      "7": {"dt": "i8"},
      "__proto__": {"dt": "f4"},
      "a\\"1\\": {": {"dt": "i2"}
    }}`

    const { schema, texts } = parseLakotaSchema(text, '_schema.json', false)

    expect(schema.columns).toEqual([
      { name: 'timestamp', type: 'timestamp_s' },
      { name: 'b', type: 'float64' },
      { name: '2024', type: 'string' },
      { name: '7', type: 'int64' },
      { name: '__proto__', type: 'float32' },
      { name: 'a"1": {', type: 'int16' },
    ])
    expect(schema.indexCount).toBe(1)
    expect([...texts]).toEqual(['2024'])
  })

  it.each(['', '{', '[]', '{"columns": 3}', '{"columns": {"a": {"dt": 1}}}', '{"columns": {}}'])(
    'refuses %j',
    (text) => {
      expect(() => parseLakotaSchema(text, '_schema.json', false)).toThrow(VarveError)
    },
  )
})
