import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSetting } from '../../../src/porcelain/commands/setting-values.ts'

describe('parseSetting', () => {
  it.each([
    ['{"big":{"range":[0,9007199254740993]}}', '9007199254740993'],
    ['9223372036854775808', '9223372036854775808'],
    ['[0.1234567890123456789]', '0.1234567890123456789'],
    ['{"a":-1e400}', '-1e400'],
    ['1e-400', '1e-400'],
  ])('refuses %s, which would be kept as another number', async (json, number) => {
    await expect(parseSetting(`quality=${json}`)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`would not keep ${number}`),
      hint: expect.stringContaining(`"${number}"`),
    })
  })

  it.each([
    ['{"a":"9007199254740993","\\"9007199254740993":1.50}'],
    ['[0.10,-0.0,0e5,1E+2,100e-2,1e23,9007199254740992,0.001]'],
    ['true'],
  ])('keeps %s', async (json) => {
    expect(await parseSetting(`x=${json}`)).toEqual({ key: 'x', value: JSON.parse(json) })
  })

  it('keeps every double', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (value) => {
        const json = JSON.stringify({ value })
        expect(await parseSetting(`x=${json}`)).toEqual({ key: 'x', value: JSON.parse(json) })
      }),
    )
  })
})
