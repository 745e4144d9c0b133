import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/core/bytes.ts'
import { decodeColumnBody, encodeColumnBody } from '../../../src/core/encoding/body.ts'
import { hasCode } from '../../../src/core/errors.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { variedColumns } from '../../support/varied-columns.ts'

const zstd = await loadZstd()

/** Decodes bytes that may be anything. Whatever happens, it is bytes of the length or a known error. */
function decode(body: Uint8Array, length: number): Uint8Array | undefined {
  try {
    const bytes = decodeColumnBody(body, length, zstd)
    expect(bytes.length).toBe(length)
    return bytes
  } catch (error) {
    if (!hasCode(error, 'corrupt-object')) throw error
    return undefined
  }
}

describe('a body that has been tampered with', () => {
  it('is corrupt wherever it is cut short', () => {
    for (const { canonical } of variedColumns(500)) {
      const body = encodeColumnBody(canonical, 3, zstd)
      if (body === undefined) continue
      for (let length = 0; length < body.length; length += length < 64 ? 1 : 37) {
        expect(decode(body.subarray(0, length), canonical.length)).toBeUndefined()
      }
      const longer = new Uint8Array(body.length + 1)
      longer.set(body)
      expect(decode(longer, canonical.length)).toBeUndefined()
    }
  })

  it('is corrupt where the record declares another length', () => {
    for (const { canonical } of variedColumns(500)) {
      const body = encodeColumnBody(canonical, 3, zstd)
      if (body === undefined) continue
      for (const length of [0, 7, 8, canonical.length - 1, canonical.length + 1, 2 ** 40]) {
        const bytes = decode(body, length)
        expect(bytes === undefined || !equalBytes(bytes, canonical)).toBe(true)
      }
      expect(decode(body, 2 ** 40)).toBeUndefined()
    }
  })

  it.each([
    ['no low bits', 0x00, []],
    ['more low bits than there can be', 0x20, []],
    ['an unknown order', 0x0b, [0]],
    ['bits behind the last', 0x08, [0, 0x40]],
    ['too few bytes of low bits', 0x10, [0, 0x11]],
  ])('is corrupt with %s', (_, rest, stream) => {
    // int8, 3 rows; integers without planes, low bits apart, first 0.
    const body = (...bytes: number[]) => Uint8Array.of(0x02, 3, 1, 0x03, 0, ...bytes)
    expect(decode(body(0x08, 0, 0x24), 11)?.subarray(8)).toEqual(Uint8Array.of(0, 1, 2))
    expect(decode(body(rest, ...stream), 11)).toBeUndefined()
  })

  it('does not make the reader allocate more than a column can have', () => {
    const huge = (...bytes: number[]) => Uint8Array.from(bytes)
    // 2^48 rows of one value; as many bytes in one frame; as many runs, exceptions.
    const rows = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]
    expect(decode(huge(0x05, ...rows, 1, 1, 0), 2 ** 51 + 8)).toBeUndefined()
    expect(decode(huge(0x45, 100, ...rows, 0, 0, 0), 808)).toBeUndefined()
    expect(decode(huge(0x01, 100, 1, ...rows, 1, 0), 21)).toBeUndefined()
    expect(decode(huge(0x0b, 100, 2, 2, ...rows, 1, 0), 808)).toBeUndefined()
  })
})
