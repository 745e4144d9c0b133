import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { checkFeatures, corruptLog, faultIn, seal, unseal } from '../../src/storage/log-envelope.ts'
import { CHECKSUM_BYTES, checksum } from '../../src/storage/pack-record.ts'

const content = Uint8Array.of(1, 2, 3)

/** An envelope whose version is another, with the checksum that it must have. */
function ofVersion(version: number): Uint8Array {
  const bytes = seal('varveLG', content)
  bytes[7] = version
  const covered = bytes.subarray(0, bytes.length - CHECKSUM_BYTES)
  return Buffer.concat([covered, checksum(covered)])
}

describe('the envelope of the log', () => {
  it('gives back what was put into it', () => {
    for (const magic of ['varveLG', 'varveLC', 'varveLA'] as const) {
      expect(Buffer.from(unseal(magic, seal(magic, content), 'x'))).toEqual(Buffer.from(content))
      expect(unseal(magic, seal(magic, new Uint8Array(0)), 'x')).toHaveLength(0)
    }
  })

  it('says what does not fit, and in which file', () => {
    const sealed = seal('varveLG', content)
    const damaged = Uint8Array.from(sealed)
    damaged[8]! ^= 1
    for (const [bytes, reason] of [
      [sealed.subarray(0, 15), 'it does not begin as it must'],
      [seal('varveLC', content), 'it does not begin as it must'],
      [damaged, 'its checksum does not fit'],
      [
        sealed.map((byte, at) => (at === 7 ? 9 : byte)),
        'its version is 9, its checksum that of version 2',
      ],
    ] as const) {
      expect(() => unseal('varveLG', bytes, 'log/7')).toThrow(
        expect.objectContaining({
          code: 'corrupt-log',
          message: `the ref log is damaged: log/7: ${reason}`,
          data: { name: 'log/7' },
          hint: expect.stringContaining('varve fsck'),
        }),
      )
    }
  })

  it.each([
    [1, 'from before 1.0'],
    [3, 'a newer varve'],
  ])('of version %i says who wrote it', (version, hint) => {
    expect(() => unseal('varveLG', ofVersion(version), 'log/7')).toThrow(
      expect.objectContaining({
        code: 'unsupported-format',
        message: `log/7 has version ${version} of the format`,
        data: { name: 'log/7', version, supported: 2 },
        hint: expect.stringContaining(hint),
      }),
    )
  })

  it('names all features that are not known, and minds none where there are none', () => {
    expect(checkFeatures([], 'log/7')).toBeUndefined()
    expect(() => checkFeatures(['a', 'b'], 'log/7')).toThrow(
      expect.objectContaining({
        code: 'unsupported-format',
        message: 'log/7 requires a, b',
        data: { name: 'log/7', features: ['a', 'b'] },
        hint: expect.stringContaining('newer'),
      }),
    )
    const cause = new Error('x')
    expect(corruptLog('log/7', 'why', cause).cause).toBe(cause)
  })

  it('is named by what is wrong with its content, and by nothing else', () => {
    for (const code of ['corrupt-log', 'corrupt-object'] as const) {
      const error = new VarveError(code, 'why')
      expect(faultIn('archive/7', error)).toMatchObject({
        code: 'corrupt-log',
        message: 'the ref log is damaged: archive/7: why',
        data: { name: 'archive/7' },
        cause: error,
      })
    }
    for (const error of [
      corruptLog('log/3', 'why'),
      new VarveError('unsupported-format', 'why'),
      new TypeError('not of varve'),
    ]) {
      expect(faultIn('archive/7', error)).toBe(error)
    }
  })
})
