import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import {
  createToken,
  formatTokens,
  parseTokens,
  recogniseToken,
  tokenAllows,
} from '../../src/transport/tokens.ts'

const wanted = { name: 'ci', repositories: ['prices/*'], scope: 'write', created: 10 } as const

describe('tokens', () => {
  it('are recognised from what the file keeps, which is not the token', () => {
    const { secret, token } = createToken(wanted)
    const text = formatTokens([createToken(wanted).token, token])
    const read = parseTokens(text, 'tokens')
    expect(recogniseToken(read, secret, 20)).toEqual(token)
    expect(text).not.toContain(secret.slice(19))
    expect(secret).toMatch(/^varve_[0-9a-f]{12}_[\w-]{43}$/)
  })

  it.each([
    [
      'another secret',
      (secret: string) => secret.slice(0, -2) + (secret.endsWith('AA') ? 'BB' : 'AA'),
    ],
    ['a part of it', (secret: string) => secret.slice(0, -1)],
    ['more than it', (secret: string) => `${secret}A`],
    ['nothing', () => ''],
    ['its id alone', (secret: string) => secret.slice(0, 18)],
  ])('are not recognised from %s', (_, change) => {
    const { secret, token } = createToken(wanted)
    expect(recogniseToken([token], change(secret), 20)).toBeUndefined()
  })

  it('end when their time is up', () => {
    const { secret, token } = createToken({ ...wanted, expires: 100 })
    expect(recogniseToken([token], secret, 99)).toBe(token)
    expect(recogniseToken([token], secret, 100)).toBeUndefined()
  })

  it.each([
    ['*', 'a/b', true],
    ['*', '', true],
    ['prices', 'prices', true],
    ['prices', 'prices/a', false],
    ['prices/*', 'prices/a/b', true],
    ['prices/*', 'prices', false],
    ['prices/*', 'prices2/a', false],
  ])('%s lets in to %s: %s', (pattern, repository, expected) => {
    const { token } = createToken({ ...wanted, repositories: [pattern] })
    expect(tokenAllows(token, repository, 'write')).toBe(expected)
  })

  it.each([[], [''], ['../x'], ['a//b'], ['a*'], ['a/*/b'], ['/a'], ['a\\b'], ['a\n']])(
    'have no pattern %j',
    (...repositories) => {
      expect(() => createToken({ ...wanted, repositories })).toThrow(VarveError)
    },
  )

  it('read only for a scope that reads', () => {
    const { token } = createToken({ ...wanted, repositories: ['*'], scope: 'read' })
    expect([tokenAllows(token, 'x', 'read'), tokenAllows(token, 'x', 'write')]).toEqual([
      true,
      false,
    ])
  })

  it('are refused with the line where the file is none', () => {
    const text = `${formatTokens([createToken(wanted).token])}{"id":"x"}\n`
    expect(() => parseTokens(text, 'tokens')).toThrow(/tokens, line 2/)
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        try {
          parseTokens(line, 'tokens')
        } catch (error) {
          expect(error).toBeInstanceOf(VarveError)
        }
      }),
    )
  })
})
