import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/core/bytes.ts'
import { encodeColumnBody } from '../../../src/core/encoding/body.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { variedColumns } from '../../support/varied-columns.ts'

const zstd = await loadZstd()
const columns = [7, 8].flatMap((seed) => variedColumns(32_768, seed))

describe('the encoding that is chosen', () => {
  it.each(columns.map(({ name, canonical }) => [name, canonical] as const))(
    '%s: is at most 3 % above the best of all, zstd among them',
    (_, canonical) => {
      const body = encodeColumnBody(canonical, 3, zstd)
      const plain = zstd.compress(canonical, 3)?.length ?? canonical.length
      const thorough = encodeColumnBody(canonical, 3, zstd, { thorough: true })
      const best = Math.min(plain, thorough?.length ?? plain)
      const chosen = body?.length ?? plain
      expect(chosen).toBeLessThanOrEqual(best * 1.03 + 8)
    },
  )

  it('is the same each time', () => {
    for (const { canonical } of columns) {
      const [first, second] = [0, 1].map(() => encodeColumnBody(canonical, 3, zstd) ?? canonical)
      expect(equalBytes(first!, second!)).toBe(true)
    }
  })
})
