import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizeKey, parseConfig, setConfig, unsetConfig } from '../../src/core/config-file.ts'
import { anyCodePoint } from '../support/any-code-point.ts'

const pairs = (text: string) => parseConfig(text).map(({ key, value }) => [key, value])

describe('parseConfig', () => {
  it('reads what git reads', () => {
    const text = [
      '# a comment',
      '[user]',
      '\tname = Ada Lovelace   ; who',
      '  Email=ada@example.com',
      '[remote "Origin/x.y"]',
      'url = "a # b"  c',
      'url = two\\',
      'lines',
      '[core]',
      'bare',
      'path = "c:\\\\x\\t\\"q\\""',
      'empty =',
    ].join('\n')
    expect(pairs(text)).toEqual([
      ['user.name', 'Ada Lovelace'],
      ['user.email', 'ada@example.com'],
      ['remote.Origin/x.y.url', 'a # b  c'],
      ['remote.Origin/x.y.url', 'twolines'],
      ['core.bare', 'true'],
      ['core.path', 'c:\\x\t"q"'],
      ['core.empty', ''],
    ])
  })

  it('reads a byte order mark and CRLF', () => {
    expect(pairs('\ufeff[a]\r\nb = c\r\n')).toEqual([['a.b', 'c']])
  })

  it.each([
    ['key = value', 1, 'a [section]'],
    ['[a]\n= value', 2, 'key = value'],
    ['[a]\nb = "open', 2, 'a closing quote'],
    ['[a', 1, 'a [section]'],
  ])('refuses %j', (text, line, expected) => {
    expect(() => parseConfig(text, 'F')).toThrowError(
      expect.objectContaining({ code: 'bad-input', data: { file: 'F', line, expected } }),
    )
  })
})

describe('setConfig and unsetConfig', () => {
  it('keep every other line as it is', () => {
    const text = '# mine\n[user]\n  name = A ; old\n\n[core]\n\tpager = less\n'
    expect(setConfig(text, 'user.name', 'B')).toBe(
      '# mine\n[user]\n\tname = B\n\n[core]\n\tpager = less\n',
    )
    expect(setConfig(text, 'user.email', 'e')).toBe(
      '# mine\n[user]\n  name = A ; old\n\temail = e\n\n[core]\n\tpager = less\n',
    )
    expect(unsetConfig(text, 'CORE.Pager')).toBe('# mine\n[user]\n  name = A ; old\n\n')
    expect(unsetConfig(text, 'core.editor')).toBeUndefined()
  })

  it('do not join a last line that ends with half a line end to what follows', () => {
    const text = '[core]\r\neditor = vi\r'
    const added = setConfig(text, 'user.name', 'Ada')
    expect(parseConfig(added)).toMatchObject([
      { key: 'core.editor', value: 'vi' },
      { key: 'user.name', value: 'Ada' },
    ])
    expect(() => setConfig('[core]\neditor = vi\\\r', 'user.name', 'Ada')).toThrow(/line 2/)
  })

  it('leave no empty section, unless somebody has noted something in it', () => {
    const text =
      '[a]\n\tx = 1\n\n[b "c"]\n\tx = 1\n\ty = 2\n[d] # why\n\tx = 1\n[e]\n# why\n\tx = 1\n[f]\n'
    const keys = ['a.x', 'b.c.x', 'd.x', 'e.x']
    expect(keys.reduce((left, key) => unsetConfig(left, key) ?? left, text)).toBe(
      '\n[b "c"]\n\ty = 2\n[d] # why\n[e]\n# why\n[f]\n',
    )
  })

  it('give back any value, in any section', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
    const middle = fc.option(
      fc
        .string({ minLength: 1, unit: anyCodePoint })
        .filter((text) => !/[\n\r\0\ufeff]/.test(text)),
      { nil: undefined },
    )
    const key = fc
      .tuple(word, middle, word)
      .map((parts) => parts.filter((part) => part !== undefined).join('.'))
    const value = fc.string({ unit: anyCodePoint }).filter((text) => !text.includes('\r'))
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 8 }), (settings) => {
        const expected = new Map<string, string>()
        let text = ''
        for (const [name, content] of settings) {
          text = setConfig(text, name, content)
          expected.set(normalizeKey(name), content)
        }
        const read = new Map(parseConfig(text).map((entry) => [entry.key, entry.value]))
        expect(read).toEqual(expected)
        for (const name of expected.keys()) text = unsetConfig(text, name)!
        expect(parseConfig(text)).toEqual([])
      }),
    )
  })
})
