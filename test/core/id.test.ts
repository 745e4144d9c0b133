import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  hashObject,
  type Id,
  idFromBytes,
  idToBytes,
  isId,
  parseId,
  shortId,
} from '../../src/core/id.ts'
import { toldAs } from '../support/errors.ts'

const digits = '0123456789abcdef'.repeat(4)

describe('an id', () => {
  it.each([0, 1, 1023, 1024, 1025, 5000])(
    'is SHA-256 over the kind, the length and the bytes: %i of them',
    (length) => {
      const bytes = Buffer.alloc(length, 7)
      const expected = createHash('sha256').update(`tree ${length}\0`).update(bytes).digest('hex')
      expect(hashObject('tree', bytes)).toBe(expected)
    },
  )

  it('is read in capital letters, too, and is nothing but 64 hexadecimal digits', () => {
    expect(parseId(digits)).toBe(digits)
    expect(parseId(digits.toUpperCase())).toBe(digits)
    for (const text of ['', 'HEAD', digits.slice(1), `${digits}0`, `g${digits.slice(1)}`]) {
      expect(isId(text)).toBe(false)
      expect(() => parseId(text)).toThrow(toldAs('invalid-id'))
    }
    expect(() => parseId('0123')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('64 hexadecimal digits') }),
    )
    expect(isId(digits)).toBe(true)
    expect(isId(digits.toUpperCase())).toBe(false)
    expect(shortId(digits)).toBe('0123456')
  })

  it('is 32 bytes, wherever they stand', () => {
    const bytes = Buffer.concat([Buffer.of(9, 9), idToBytes(digits as Id)])
    expect(idFromBytes(bytes, 2)).toBe(digits)
    expect(idFromBytes(bytes.subarray(2))).toBe(digits)
    for (const offset of [3, 34, 40]) {
      expect(() => idFromBytes(bytes, offset)).toThrow(toldAs('corrupt-object'))
    }
  })
})
