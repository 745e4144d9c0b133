import { describe, expect, it } from 'vitest'
import { escapeJson } from '../../src/core/json-text.ts'
import { escapeControl } from '../../src/core/names.ts'

describe('escapeJson', () => {
  it('escapes what escapeControl escapes, of all characters that JSON leaves as they are', () => {
    const different: string[] = []
    for (let code = 0x20; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const character = String.fromCodePoint(code)
      const isEscaped = escapeJson(character) !== character
      if (isEscaped !== (escapeControl(character) !== character)) different.push(code.toString(16))
    }
    expect(different).toEqual([])
  })

  it('means the same', () => {
    const text = 'a\u200b\u{e0041}\x9b\u202e😀\u2028'
    expect(JSON.parse(escapeJson(JSON.stringify(text)))).toBe(text)
    expect(escapeJson(JSON.stringify(text))).toBe('"a\\u200b\\udb40\\udc41\\u009b\\u202e😀\\u2028"')
  })
})
