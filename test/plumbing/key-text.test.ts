import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSchemaText } from '../../src/core/schema-codec.ts'
import { formatKey, typedKey } from '../../src/plumbing/key-text.ts'

describe('a key as it is shown', () => {
  const schema = parseSchemaText('place:string name:string value:float64', {
    index: ['place', 'name'],
    duplicates: false,
  })
  const text = fc.oneof(fc.string(), fc.constantFrom('a b', 'a,b', 'a"b', 'a\\', '', 'é'))

  it('can be typed again where it has quotes', () => {
    fc.assert(
      fc.property(text, text, (place, name) => {
        const shown = formatKey(schema, [place, name])
        fc.pre(shown.includes('"'))
        expect(typedKey([shown])).toEqual([place, name])
      }),
    )
  })

  it('leaves alone what nothing shows', () => {
    for (const one of ['a', 'a,b', 'a "b"', '"a', '2026-08-17', '"a",', ',"a"', '"\\x"']) {
      expect(typedKey([one])).toEqual([one])
    }
    expect(typedKey(['a', '"b c"'])).toEqual(['a', 'b c'])
  })
})
