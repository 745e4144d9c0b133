import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textToBytes } from '../../src/core/bytes.ts'
import {
  type Commit,
  decodeCommit,
  encodeCommit,
  readCommit,
  type Signature,
  subjectOf,
  writeCommit,
} from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { cleanMessage, endWithNewline } from '../../src/core/message.ts'
import { MAX_SECONDS, MIN_SECONDS } from '../../src/core/signature.ts'
import { decodeTag, encodeTag, readTag, type Tag, writeTag } from '../../src/core/tag.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { toldAs } from '../support/errors.ts'
import { MemoryObjects } from '../support/memory-objects.ts'

const id = (digit: string) => digit.repeat(64) as Id
const ada: Signature = {
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  seconds: 1_787_270_400,
  offsetMinutes: 120,
}
const commit: Commit = {
  tree: id('a'),
  parents: [id('b'), id('c')],
  author: ada,
  committer: { ...ada, name: 'Grace', seconds: 1_787_270_401, offsetMinutes: -330 },
  message: 'Correction\n\nOf one price.\n',
}
const tag: Tag = { object: id('d'), kind: 'commit', name: 'v1', tagger: ada, message: 'First\n' }
const badInput = toldAs('bad-input')
const corrupt = toldAs('corrupt-object')

const person = fc
  .string({ unit: 'grapheme' })
  .map((text) => text.replace(/[\p{Cc}<>]/gu, '').trim())
const signature: fc.Arbitrary<Signature> = fc.record({
  name: person,
  email: person,
  seconds: fc.integer({ min: MIN_SECONDS, max: MAX_SECONDS }),
  offsetMinutes: fc.integer({ min: -1439, max: 1439 }),
})
const anyId = fc.nat(0xffff).map((n) => n.toString(16).padStart(64, '0') as Id)
const message = fc
  .string({ unit: 'grapheme' })
  .map((text) => endWithNewline(text.replaceAll('\0', '')))

describe('a commit', () => {
  it('is text as git writes it', () => {
    expect(Buffer.from(encodeCommit(commit)).toString()).toBe(
      [
        `tree ${id('a')}`,
        `parent ${id('b')}`,
        `parent ${id('c')}`,
        'author Ada Lovelace <ada@example.org> 1787270400 +0200',
        'committer Grace <ada@example.org> 1787270401 -0530',
        '',
        'Correction',
        '',
        'Of one price.',
        '',
      ].join('\n'),
    )
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.record({
          tree: anyId,
          parents: fc.uniqueArray(anyId, { maxLength: 3 }),
          author: signature,
          committer: signature,
          message,
        }),
        (given) => {
          expect(decodeCommit(encodeCommit(given))).toEqual(given)
        },
      ),
    )
  })

  it('is stored with one newline after its message', async () => {
    const objects = new MemoryObjects()
    for (const text of ['Hello', 'Hello\n', 'Hello\n\n\n']) {
      const written = await writeCommit(objects, { ...commit, message: text })
      expect((await readCommit(objects, written)).message).toBe('Hello\n')
    }
    expect(objects.objects.size).toBe(1)
    const silent = await writeCommit(objects, { ...commit, message: '\n' })
    expect((await readCommit(objects, silent)).message).toBe('')
  })

  it('is stored with the empty tree where that is its own, as what follows its first parent', async () => {
    const objects = new MemoryObjects()
    await writeCommit(objects, commit)
    expect([...objects.bases.values()]).toEqual([id('b')])
    const empty = await writeCommit(objects, { ...commit, tree: EMPTY_TREE })
    expect([...objects.objects.keys()].sort()).toEqual([...objects.bases.keys()].sort())
    expect(objects.objects.get(EMPTY_TREE)?.kind).toBe('tree')
    expect((await readCommit(objects, empty)).tree).toBe(EMPTY_TREE)
  })

  it('says whose signature cannot be written', () => {
    const bad = { ...ada, name: 'a<b' }
    for (const role of ['author', 'committer'] as const) {
      expect(() => encodeCommit({ ...commit, [role]: bad })).toThrow(`${role}: `)
    }
    expect(() => encodeTag({ ...tag, tagger: bad })).toThrow('tagger: ')
  })

  it('has its first line for a subject', () => {
    expect(subjectOf(commit)).toBe('Correction')
    expect(subjectOf({ message: '' })).toBe('')
    expect(subjectOf({ message: 'one' })).toBe('one')
    expect(subjectOf({ message: '\nbody\n' })).toBe('')
  })

  it.each<[string, Partial<Commit>]>([
    ['a newline in a name', { author: { ...ada, name: 'a\nb' } }],
    ['NUL in a name', { author: { ...ada, name: 'a\0b' } }],
    ['< in a name', { author: { ...ada, name: 'a<b' } }],
    ['a space at the end of a name', { author: { ...ada, name: 'a ' } }],
    ['> in an address', { committer: { ...ada, email: 'a>' } }],
    ['a newline in an address', { committer: { ...ada, email: 'a\n' } }],
    ['half a surrogate pair in a name', { author: { ...ada, name: '\udc00' } }],
    ['half a second', { author: { ...ada, seconds: 0.5 } }],
    ['a time past the year 9999', { author: { ...ada, seconds: MAX_SECONDS + 1 } }],
    ['an offset of a day', { author: { ...ada, offsetMinutes: 1440 } }],
    ['NUL in its message', { message: 'a\0\n' }],
    ['half a surrogate pair in its message', { message: '\ud800\n' }],
    ['a message without a newline', { message: 'a' }],
    ['a parent twice', { parents: [id('b'), id('b')] }],
    ['a tree that is no id', { tree: 'HEAD' as Id }],
  ])('is not written with %s', (_, part) => {
    expect(() => encodeCommit({ ...commit, ...part })).toThrow(badInput)
  })

  const text = Buffer.from(encodeCommit(commit)).toString()
  it.each([
    ['no tree', text.replace(/^tree.*\n/, '')],
    ['capital digits in an id', text.replace(id('a'), id('A'))],
    ['a parent twice', text.replace(id('c'), id('b'))],
    ['a parent after its author', text.replace(/(parent c+\n)(author.*\n)/, '$2$1')],
    ['no committer', text.replace(/committer.*\n/, '')],
    ['a header that is not known', text.replace('\n\n', '\nencoding latin1\n\n')],
    ['-0000', text.replace('+0200', '-0000')],
    ['an offset of 60 minutes', text.replace('+0200', '+0060')],
    ['an offset of a day', text.replace('+0200', '+2400')],
    ['zeros before its seconds', text.replace('1787270400', '01787270400')],
    ['minus zero seconds', text.replace('1787270400', '-0')],
    ['a time past the year 9999', text.replace('1787270400', '253402300800')],
    ['two spaces before an offset', text.replace(' +0200', '  +0200')],
    ['no newline at the end', text.slice(0, -1)],
    ['two newlines at the end', `${text}\n`],
    ['NUL in its message', text.replace('Of', 'O\0f')],
    ['nothing in it', ''],
  ])('is not read with %s', (_, changed) => {
    expect(changed).not.toBe(text)
    expect(() => decodeCommit(textToBytes(changed))).toThrow(corrupt)
  })

  it('is not read cut short within its headers, nor when it is no UTF-8', () => {
    const bytes = encodeCommit(commit)
    for (let length = 0; length < text.indexOf('\n\n') + 2; length++) {
      expect(() => decodeCommit(bytes.subarray(0, length))).toThrow(corrupt)
    }
    expect(() => decodeCommit(Buffer.concat([bytes, Buffer.from('ff0a', 'hex')]))).toThrow(corrupt)
  })
})

describe('a message that was typed', () => {
  it('is kept as git keeps it', () => {
    expect(cleanMessage('\n  \nSubject  \r\n\n\n\n body\t\n\n')).toBe('Subject\n\n body\n')
    expect(cleanMessage('one')).toBe('one\n')
    expect(cleanMessage(' \n\t\n')).toBe('')
  })
})

describe('a tag', () => {
  it('is text as git writes it, and comes back', async () => {
    const bytes = encodeTag(tag)
    expect(Buffer.from(bytes).toString()).toBe(
      `object ${id('d')}\ntype commit\ntag v1\ntagger Ada Lovelace <ada@example.org> 1787270400 +0200\n\nFirst\n`,
    )
    expect(decodeTag(bytes)).toEqual(tag)
    const objects = new MemoryObjects()
    const written = await writeTag(objects, { ...tag, message: 'First' })
    expect(await readTag(objects, written)).toEqual(tag)
  })

  it('is not written with a name or kind that is none', () => {
    for (const name of ['', 'a b', 'a\nb', '\ud800']) {
      expect(() => encodeTag({ ...tag, name })).toThrow(toldAs('invalid-name'))
    }
    expect(() => encodeTag({ ...tag, kind: 'pack' as Tag['kind'] })).toThrow(badInput)
  })

  const text = Buffer.from(encodeTag(tag)).toString()
  it.each([
    ['a kind that is none', text.replace('type commit', 'type toString')],
    ['a name with a space', text.replace('tag v1', 'tag v 1')],
    ['no tagger', text.replace(/tagger.*\n/, '')],
    ['no message', text.slice(0, text.indexOf('\n\n') + 1)],
  ])('is not read with %s', (_, changed) => {
    expect(() => decodeTag(textToBytes(changed))).toThrow(corrupt)
  })
})
