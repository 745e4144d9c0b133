import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundValues } from '../../src/core/bounds.ts'
import { parseSchemaText } from '../../src/core/schema-codec.ts'
import { formatKey, typedKey } from '../../src/plumbing/key-text.ts'

describe('a key as it is shown', () => {
  const schema = parseSchemaText('place:string name:string value:float64', {
    index: ['place', 'name'],
    duplicates: false,
  })
  const text = fc.oneof(fc.string(), fc.constantFrom('a b', 'a,b', 'a"b', 'a\\', '', 'é'))

  it('can be typed again', () => {
    fc.assert(
      fc.property(text, text, (place, name) => {
        const typed = typedKey([formatKey(schema, [place, name])])
        expect(boundValues(schema, typed)).toEqual([place, name])
      }),
    )
  })

  it('is one value where there is one index column', () => {
    const one = { ...schema, indexCount: 1 }
    expect(boundValues(one, typedKey(['a,b']))).toEqual(['a,b'])
    expect(boundValues(one, typedKey(['"a,b"']))).toEqual(['a,b'])
  })

  it('is a whole key or none', () => {
    expect(boundValues(schema, typedKey(['a,b,c']))).toEqual(['a,b,c'])
    expect(boundValues(schema, typedKey(['"a,b"']))).toEqual(['a,b'])
    expect(boundValues(schema, typedKey(['a,b', 'c']))).toEqual(['a,b', 'c'])
  })

  it('leaves alone what nothing shows', () => {
    for (const one of ['a', 'a, b', 'a "b"', '"a', '2026-08-17', '"a",', ',"a"', '"\\x"', 'a,']) {
      expect(typedKey([one])).toEqual([one])
    }
    expect(typedKey(['a', '"b c"'])).toEqual(['a', 'b c'])
  })
})
