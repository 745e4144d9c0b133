import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJson } from '../../../src/formats/csv/json-check.ts'
import { bytes } from './support.ts'

function oracle(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function check(text: string): boolean {
  const around = bytes(`"${text}"`)
  return isJson(around, 1, around.length - 1)
}

describe('isJson', () => {
  it('takes what JSON.parse takes', () => {
    fc.assert(fc.property(fc.json(), (text) => check(text) && check(` \n${text}\t\r`)))
  })

  it('refuses what JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      ...'{}[]:,"\\/ \t0123456789.-+eEaunl',
      'true',
      'false',
      'null',
      '"a"',
      '\\u00e9',
      '\\n',
      '\u0001',
      '":',
      '{"a":1}',
    )
    const text = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (each) => {
        expect(check(each)).toBe(oracle(each))
      }),
      { numRuns: 20_000 },
    )
  })

  it('refuses nesting beyond its bound instead of running out of stack', () => {
    expect(check(`${'['.repeat(4096)}${']'.repeat(4096)}`)).toBe(true)
    expect(check(`${'['.repeat(4097)}${']'.repeat(4097)}`)).toBe(false)
  })
})
