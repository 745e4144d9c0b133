import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasCode } from '../../src/core/errors.ts'
import {
  parseObjectName,
  parseRevision,
  parseRevisionRange,
  type RevisionStep,
} from '../../src/core/revision.ts'

const up = (count: number): RevisionStep => ({ kind: 'ancestor', count })
const parent = (number: number): RevisionStep => ({ kind: 'parent', number })

describe('parseRevision', () => {
  it.each([
    ['HEAD', 'HEAD', []],
    ['@', 'HEAD', []],
    ['@~2', 'HEAD', [up(2)]],
    ['main', 'main', []],
    ['refs/heads/a/b', 'refs/heads/a/b', []],
    ['a@b', 'a@b', []],
    ['deadbeef', 'deadbeef', []],
    ['main~', 'main', [up(1)]],
    ['main^', 'main', [parent(1)]],
    ['main^0', 'main', [parent(0)]],
    ['main~0', 'main', [up(0)]],
    ['main~3^2~', 'main', [up(3), parent(2), up(1)]],
    ['main^^^', 'main', [parent(1), parent(1), parent(1)]],
    ['v1^{commit}', 'v1', [{ kind: 'peel', to: 'commit' }]],
    ['v1^{}~1', 'v1', [{ kind: 'peel', to: 'any' }, up(1)]],
    ['HEAD^{tree}', 'HEAD', [{ kind: 'peel', to: 'tree' }]],
  ] as const)('takes %j apart', (text, name, steps) => {
    expect(parseRevision(text)).toEqual({ text, name, current: false, selector: undefined, steps })
  })

  it.each([
    ['@{0}', 'HEAD', true, { kind: 'entry', count: 0 }],
    ['main@{12}', 'main', false, { kind: 'entry', count: 12 }],
    ['HEAD@{1}', 'HEAD', false, { kind: 'entry', count: 1 }],
    ['main@{2020-04-21}', 'main', false, { kind: 'date', text: '2020-04-21' }],
    ['main@{2 days ago}', 'main', false, { kind: 'date', text: '2 days ago' }],
    [
      'main@{2020-04-21 10:00:00 +0200}',
      'main',
      false,
      { kind: 'date', text: '2020-04-21 10:00:00 +0200' },
    ],
    ['@{-1}', 'HEAD', true, { kind: 'previous', count: 1 }],
    ['main@{u}', 'main', false, { kind: 'upstream' }],
    ['@{upstream}', 'HEAD', true, { kind: 'upstream' }],
  ] as const)('takes the log selector of %j', (text, name, current, selector) => {
    expect(parseRevision(text)).toEqual({ text, name, current, selector, steps: [] })
  })

  it('goes on with steps behind a selector', () => {
    expect(parseRevision('main@{1}~2^').steps).toEqual([up(2), parent(1)])
  })

  it.each([
    ['', 'names nothing'],
    ['~1', 'names nothing'],
    ['^', 'names nothing'],
    ['a b', 'no ref or id has such a name'],
    ['a..b', 'no ref or id has such a name'],
    ['a:b', 'no ref or id has such a name'],
    ['main*', 'no ref or id has such a name'],
    ['main\n', 'no ref or id has such a name'],
    ['main@{', 'not closed'],
    ['main@{1', 'not closed'],
    ['main@{}', 'is empty'],
    ['main@{-1}', 'stands alone'],
    ['main~x', 'only ~n, ^n and ^{kind}'],
    ['main^{blob', 'only ~n, ^n and ^{kind}'],
    ['main@{1}x', 'only ~n, ^n and ^{kind}'],
    ['main@{1}@{2}', 'only ~n, ^n and ^{kind}'],
    ['main^{banana}', 'an object is a commit'],
    ['main^{/text}', 'an object is a commit'],
    ['main^2{tree}', 'is not a step'],
    ['main~{tree}', 'is not a step'],
    ['main~9999999999', 'too many'],
    ['main^-1', 'only ~n, ^n and ^{kind}'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseRevision(text)).toThrow(
      expect.objectContaining({ code: 'revision-not-found' }),
    )
    expect(() => parseRevision(text)).toThrow(reason)
  })

  it('takes a hundred thousand steps without recursion', () => {
    expect(parseRevision(`HEAD${'^'.repeat(100_000)}`).steps).toHaveLength(100_000)
  })

  it('meets any text with a revision or revision-not-found, nothing else', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'HEAD',
        '@',
        '{',
        '}',
        '~',
        '^',
        ':',
        '..',
        '...',
        '1',
        '-',
        'x',
        '!',
        '\0',
        '/',
      ),
      { maxLength: 12 },
    )
    for (const parse of [parseRevision, parseRevisionRange, parseObjectName]) {
      fc.assert(
        fc.property(
          fc.oneof(
            pieces.map((list) => list.join('')),
            fc.string(),
          ),
          (text) => {
            try {
              parse(text)
            } catch (error) {
              expect(hasCode(error, 'revision-not-found')).toBe(true)
            }
          },
        ),
      )
    }
  })
})

describe('parseRevisionRange', () => {
  it.each([
    ['A..B', 'range', 'A', 'B'],
    ['A..', 'range', 'A', 'HEAD'],
    ['..B', 'range', 'HEAD', 'B'],
    ['A~2..B^', 'range', 'A', 'B'],
    ['main@{1..2}..B', 'range', 'main', 'B'],
  ])('reads %j', (text, kind, from, to) => {
    expect(parseRevisionRange(text)).toMatchObject({ kind, from: { name: from }, to: { name: to } })
  })

  it.each([
    ['A...B', 'A', 'B'],
    ['A...', 'A', 'HEAD'],
    ['...B', 'HEAD', 'B'],
  ])('reads %j as a symmetric difference', (text, left, right) => {
    expect(parseRevisionRange(text)).toMatchObject({
      kind: 'symmetric',
      left: { name: left },
      right: { name: right },
    })
  })

  it.each([
    ['main', { kind: 'include', revision: { name: 'main' } }],
    ['^main', { kind: 'exclude', revision: { name: 'main' } }],
    ['^main~2', { kind: 'exclude', revision: { name: 'main', steps: [up(2)] } }],
    ['main^@', { kind: 'parents', revision: { name: 'main' } }],
    ['main~^@', { kind: 'parents', revision: { name: 'main', steps: [up(1)] } }],
    ['main^!', { kind: 'own', revision: { name: 'main' }, parent: undefined }],
    ['main^-', { kind: 'own', revision: { name: 'main' }, parent: 1 }],
    ['main^-2', { kind: 'own', revision: { name: 'main' }, parent: 2 }],
  ])('reads %j', (text, expected) => {
    expect(parseRevisionRange(text)).toMatchObject(expected)
  })

  it.each(['..', '...', '....', 'A....B', 'A..B..C', '^A..B', '^', ''])('refuses %j', (text) => {
    if (text === '^A..B') {
      expect(() => parseRevisionRange(text)).toThrow('names nothing')
      return
    }
    expect(() => parseRevisionRange(text)).toThrow(
      expect.objectContaining({ code: 'revision-not-found' }),
    )
  })
})

describe('parseObjectName', () => {
  it.each([
    ['HEAD:brent-daily', 'HEAD', 'brent-daily'],
    ['HEAD~1:weather/hourly', 'HEAD', 'weather/hourly'],
    ['main:a:b', 'main', 'a:b'],
    ['main:', 'main', ''],
    ['main:a..b', 'main', 'a..b'],
    ['main@{2020-04-21 10:00:00}:s', 'main', 's'],
  ])('splits %j at the first colon', (text, revision, name) => {
    expect(parseObjectName(text)).toMatchObject({ revision: { name: revision }, name })
  })

  it('has nothing before the colon as the index', () => {
    expect(parseObjectName(':brent')).toEqual({ revision: undefined, name: 'brent' })
  })

  it('has no name without a colon', () => {
    expect(parseObjectName('HEAD')).toMatchObject({ revision: { name: 'HEAD' }, name: undefined })
  })
})
