import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import {
  branchRefName,
  checkCollectionName,
  checkColumnName,
  checkRefName,
  checkSeriesName,
  escapeControl,
  isRefName,
  isSeriesName,
  tagRefName,
} from '../../src/core/names.ts'
import { anyCodePoint } from '../support/any-code-point.ts'

function reasonOf(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    if (hasCode(error, 'invalid-name')) return String(error.data.reason)
    throw error
  }
  throw new Error('the name was taken')
}

describe('series names', () => {
  it.each([
    'brent-daily',
    'weather/hourly/berlin',
    '__proto__',
    'constructor',
    'a.b',
    '.hidden',
    'ümlaut/温度/😀',
    'with space',
    'CONSOLE',
    'COM',
    'com10',
    'nullable',
    'x.varve',
    'a'.repeat(240),
    `${'a'.repeat(240)}/${'b'.repeat(240)}`,
    '-dash',
    '~tilde^caret{}',
  ])('takes %j', (name) => {
    expect(checkSeriesName(name)).toBe(name)
  })

  it.each([
    ['', 'it is empty'],
    ['/', 'it starts with "/"'],
    ['/etc/passwd', 'it starts with "/"'],
    ['a/', 'a part between "/" is empty'],
    ['a//b', 'a part between "/" is empty'],
    ['.', '"." may not be a part of it'],
    ['..', '".." may not be a part of it'],
    ['a/../b', '".." may not be a part of it'],
    ['a/.', '"." may not be a part of it'],
    ['a\\b', 'it has "\\\\" in it'],
    ['C:x', 'it has ":" in it'],
    ['a*', 'it has "*" in it'],
    ['a?', 'it has "?" in it'],
    ['a"b', 'it has "\\"" in it'],
    ['<a>', 'it has "<" in it'],
    ['a|b', 'it has "|" in it'],
    [' a', 'a part starts with a space'],
    ['a /b', 'a part ends with a space'],
    ['a.', 'a part ends with a dot'],
    ['...', 'a part ends with a dot'],
    ['CON', '"CON" is a device on Windows'],
    ['x/con', '"con" is a device on Windows'],
    ['Nul.csv', '"Nul.csv" is a device on Windows'],
    ['aux.tar.gz', '"aux.tar.gz" is a device on Windows'],
    ['com1', '"com1" is a device on Windows'],
    ['LPT9.x', '"LPT9.x" is a device on Windows'],
    ['COM¹', '"COM¹" is a device on Windows'],
    ['nul .txt', '"nul .txt" is a device on Windows'],
    ['.varve', '.varve is where the repository lives'],
    ['.VARVE/packs', '.varve is where the repository lives'],
    ['a/.Varve/b', '.varve is where the repository lives'],
    ['a\0b', 'it has the control or invisible character \\x00 in it'],
    ['a\nb', 'it has the control or invisible character \\n in it'],
    ['a\x1b[31m', 'it has the control or invisible character \\x1b in it'],
    ['a\x9bb', 'it has the control or invisible character \\x9b in it'],
    ['price\u202etxt.csv', 'it has the control or invisible character \\u202e in it'],
    ['a\u200bb', 'it has the control or invisible character \\u200b in it'],
    ['a\u2066b', 'it has the control or invisible character \\u2066 in it'],
    ['\ufeffa', 'it has the control or invisible character \\ufeff in it'],
    ['a\u2028b', 'it has the control or invisible character \\u2028 in it'],
    ['a\u3164', 'it has the control or invisible character \\u3164 in it'],
    ['a\u{e0041}', 'it has the control or invisible character \\u{e0041} in it'],
    ['a\ud800', 'it is not valid UTF-8'],
    ['\udc00a', 'it is not valid UTF-8'],
    ['x'.repeat(300), 'a part of it is over 240 bytes (300)'],
    ['é'.repeat(121), 'a part of it is over 240 bytes (242)'],
    ['abcd/'.repeat(201), 'it is over 1000 bytes (1005)'],
  ])('refuses %j', (name, reason) => {
    expect(reasonOf(() => checkSeriesName(name))).toBe(reason)
    expect(isSeriesName(name)).toBe(false)
  })

  it('shows a hostile name escaped and shortened', () => {
    expect(() => checkSeriesName('a\x1b[2J')).toThrow('not a series name: "a\\x1b[2J": it has')
    expect(() => checkSeriesName('x'.repeat(5000))).toThrow(`"${'x'.repeat(57)}…": it is over 1000`)
    expect(() => checkSeriesName('\ud800')).toThrow('not a series name: "\\ud800": it is not valid')
  })

  it('takes no name that could leave the folder it is joined to', () => {
    const hostile = fc.array(fc.constantFrom('.', '..', '/', '\\', 'a', ' ', 'CON', ':', '\0'), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(hostile, (pieces) => {
        const name = pieces.join('')
        if (!isSeriesName(name)) return
        const parts = name.split('/')
        expect(parts.every((part) => part !== '' && part !== '.' && part !== '..')).toBe(true)
        expect(name).not.toMatch(/[\\:\0]/)
      }),
    )
  })
})

describe('collection names', () => {
  it('takes one trailing slash off', () => {
    expect(checkCollectionName('weather/hourly/')).toBe('weather/hourly')
    expect(checkCollectionName('weather')).toBe('weather')
  })

  it('refuses what no series could be under', () => {
    expect(reasonOf(() => checkCollectionName('a//'))).toBe('a part between "/" is empty')
    expect(reasonOf(() => checkCollectionName('/'))).toBe('it is empty')
    expect(reasonOf(() => checkCollectionName('../'))).toBe('".." may not be a part of it')
  })
})

describe('column names', () => {
  it.each(['__proto__', 'Price ($/bbl)', 'a:b', 'CON', '..', ' x ', 'x'.repeat(300), '温度'])(
    'takes %j',
    (name) => {
      expect(checkColumnName(name)).toBe(name)
    },
  )

  it.each(['', 'a\nb', 'a\u202eb', 'a\u200bb', '\ud83d', 'x'.repeat(1001)])(
    'refuses %j',
    (name) => {
      expect(reasonOf(() => checkColumnName(name))).not.toBe('')
    },
  )
})

describe('ref names', () => {
  it.each(['refs/heads/main', 'refs/heads/a/b', 'refs/tags/v1.0', 'refs/heads/@', 'a/ü', 'a/-b'])(
    'takes %j',
    (name) => {
      expect(checkRefName(name)).toBe(name)
    },
  )

  it.each([
    'main',
    '',
    '@',
    'refs/heads/',
    '/refs/heads/a',
    'refs//heads',
    'refs/heads/.a',
    'refs/.hidden/a',
    'refs/heads/a.lock',
    'refs/a.lock/b',
    'refs/heads/a..b',
    'refs/heads/a.',
    'refs/heads/a b',
    'refs/heads/a~1',
    'refs/heads/a^',
    'refs/heads/a:b',
    'refs/heads/a?',
    'refs/heads/a*',
    'refs/heads/a[b',
    'refs/heads/a\\b',
    'refs/heads/a@{1}',
    'refs/heads/a\x7f',
    'refs/heads/a\tb',
    'refs/heads/a\u202e',
    `refs/heads/${'x'.repeat(1000)}`,
  ])('refuses %j', (name) => {
    expect(isRefName(name)).toBe(false)
  })

  it('takes a name of one level where asked', () => {
    expect(checkRefName('HEAD', { oneLevel: true })).toBe('HEAD')
    expect(isRefName('@', { oneLevel: true })).toBe(false)
  })

  it('makes the full name of a branch or a tag', () => {
    expect(branchRefName('fix/brent')).toBe('refs/heads/fix/brent')
    expect(tagRefName('v1')).toBe('refs/tags/v1')
    expect(reasonOf(() => branchRefName('-f'))).toContain('option')
    expect(reasonOf(() => branchRefName('HEAD'))).toContain('current commit')
    expect(reasonOf(() => tagRefName('a..b'))).toContain('".."')
  })
})

describe('escapeControl', () => {
  it('leaves harmless text as it is', () => {
    for (const text of ['', 'abc', 'Ölpreis 😀 温度', '👩\u200d🚀', 'می\u200cخواهم']) {
      expect(escapeControl(text)).toBe(text)
    }
  })

  it('writes out what a terminal would act on', () => {
    expect(escapeControl('\x1b]0;evil\x07')).toBe('\\x1b]0;evil\\x07')
    expect(escapeControl('a\r\nb\tc')).toBe('a\\r\\nb\\tc')
    expect(escapeControl('\x9b31m\u202eabc\u2066')).toBe('\\x9b31m\\u202eabc\\u2066')
    expect(escapeControl('\ud800x\u{e0001}')).toBe('\\ud800x\\u{e0001}')
  })

  it('keeps what it is told to', () => {
    expect(escapeControl('a\n\tb\x1b', '\n')).toBe('a\n\\tb\\x1b')
  })

  it('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCodePoint }), (text) => {
        expect(escapeControl(text)).not.toMatch(/[\p{Cc}\p{Surrogate}\u202a-\u202e]/u)
      }),
    )
  })
})
