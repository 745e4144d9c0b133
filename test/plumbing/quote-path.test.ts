import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quotePath, readablePath, unquotePath } from '../../src/plumbing/quote-path.ts'

describe('quotePath', () => {
  it('quotes as git does', () => {
    expect(quotePath('a/b c')).toBe('a/b c')
    expect(quotePath('ä')).toBe('"\\303\\244"')
    expect(quotePath('a"b\\c\td\u0001')).toBe('"a\\"b\\\\c\\td\\001"')
  })

  it('is for people only where something cannot be seen as it is', () => {
    expect(readablePath('météo/Zürich 😀')).toBe('météo/Zürich 😀')
    expect(readablePath('a\u202eb')).toBe('"a\\342\\200\\256b"')
    expect(readablePath('a"b')).toBe('"a\\"b"')
  })

  it('is undone by unquotePath', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (path) => {
        expect(unquotePath(quotePath(path))).toBe(path)
      }),
    )
  })

  it('refuses quotes that are not closed or hold what is no escape', () => {
    for (const text of ['"', '"a', '"a"b', '"\\x"', '"\\"', '"\\377"']) {
      expect(() => unquotePath(text), text).toThrow('not a quoted path')
    }
  })
})
