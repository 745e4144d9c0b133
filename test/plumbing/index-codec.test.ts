import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { decodeIndex, encodeIndex, type IndexState } from '../../src/plumbing/index-codec.ts'
import { documentedTexts } from '../support/golden.ts'

const id = (digits: string) => digits.repeat(32) as Id
const bytes = (text: string) => Buffer.from(text)

const state: IndexState = {
  tree: '9e5cb6f7a060a4e1afd8452fd531046c7744671bdd6ab4b54a7620fdfa6258c4' as Id,
  packs: ['5a72a597358737777c90a59c6eb5d098acc0ec01ff7c42c7c310fbf96b2ff668'],
  files: new Map([
    [
      'brent-daily',
      {
        file: 'brent-daily.csv',
        id: id('a1'),
        stamp: { size: 178_686, mtimeNs: 1_787_191_829_000_000_001n, inode: 4711n },
      },
    ],
  ]),
}

describe('the index', () => {
  const documented = documentedTexts('format/index.md').get('one series')!

  it('is written and read as documented', () => {
    expect(Buffer.from(encodeIndex(state)).toString()).toBe(documented)
    expect(decodeIndex(bytes(documented))).toEqual(state)
  })

  it('keeps the commit it was made on, and names that no object literal could', () => {
    const files = new Map([['__proto__', state.files.get('brent-daily')!]])
    const full = { ...state, base: id('b2'), files }
    expect(decodeIndex(encodeIndex(full))).toEqual(full)
  })

  it('keeps how a file is written down', () => {
    const reading = {
      format: 'csv',
      delimiter: ';',
      header: false,
      decimal: ',',
      skip: 2,
      nulls: ['NA', '-'],
      dateFormat: 'DD/MM/YYYY',
      rename: new Map([['__proto__', 'p']]),
      zone: 'Europe/Brussels',
      dst: 'first',
    } as const
    const file = { ...state.files.get('brent-daily')!, reading }
    const full = { ...state, files: new Map([['a', file], ...state.files]) }
    expect(decodeIndex(encodeIndex(full))).toEqual(full)
  })

  it('keeps where series were added from, and the files that they had', () => {
    const source = { ...state.files.get('brent-daily')!, file: '/data/brent.csv' }
    const sources = new Map([['__proto__', source]])
    const past = new Map([['__proto__', '__proto__.csv.gz']])
    const full = { ...state, stagedAt: 7, sources, past }
    expect(decodeIndex(encodeIndex(full))).toEqual(full)
  })

  it('is read where an older varve wrote it', () => {
    expect(decodeIndex(bytes(documented.replace('index 3', 'index 1')))).toEqual(state)
  })

  it.each([
    ['a changed byte', documented.replace('4711', '4712')],
    ['no header', documented.slice(1)],
    ['a cut', documented.slice(0, -2)],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(() => decodeIndex(bytes(text))).toThrowError(
      expect.objectContaining({ code: 'corrupt-file' }),
    )
  })

  const row = JSON.stringify(['a', 'a.csv', 'a1'.repeat(32), 1, '1', '1'])
  it.each([
    ['an id that is none', documented.split('\n')[1]!.replace('a1a1', 'A1A1')],
    ['what is not JSON', '{'],
    ['what is no object', 'null'],
    ['members that are missing', '{}'],
    ['files that are no list', documented.split('\n')[1]!.replace(/"files":.*/, '"files":5}')],
    ['a time that is no number', documented.split('\n')[1]!.replace(/"\d{19}"/, '"soon"')],
    [
      'a reading that no table has',
      JSON.stringify({ tree: id('a1'), base: null, packs: [], files: [] }).replace(
        '"files":[]',
        `"files":[${row.slice(0, -1)},{"delimiter":5}]]`,
      ),
    ],
  ])('refuses %s, whatever the checksum says', (_, body) => {
    const sum = createHash('sha256').update(body).digest('hex')
    expect(() => decodeIndex(bytes(`varve index 3 ${sum}\n${body}\n`))).toThrowError(
      expect.objectContaining({ code: 'corrupt-file' }),
    )
  })

  it('refuses a newer version', () => {
    expect(() => decodeIndex(bytes(documented.replace('index 3', 'index 4')))).toThrowError(
      expect.objectContaining({ code: 'unsupported-format' }),
    )
  })
})
