import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../src/core/column.ts'
import { encodeColumnBody } from '../../src/core/encoding/body.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { readGolden } from '../support/golden.ts'
import { variedColumns } from '../support/varied-columns.ts'
import { decodeColumnBody } from './encoding-reader.ts'

describe('the page on encodings', () => {
  it('is enough to read what varve writes', async () => {
    const zstd = await loadZstd()
    let read = 0
    for (const { name, canonical } of [...variedColumns(600), ...variedColumns(5)]) {
      const body = encodeColumnBody(canonical, 3, zstd)
      if (body === undefined) continue
      const bytes = decodeColumnBody(Buffer.from(body))
      if (!bytes.equals(canonical)) throw new Error(`${name}: other bytes came back`)
      read++
    }
    expect(read).toBeGreaterThan(40)
  })

  it('is enough to read the golden bytes', () => {
    for (const { body, type } of readGolden<{ body: string; type: ColumnType }[]>(
      'encodings.json',
    )) {
      expect(decodeColumnBody(Buffer.from(body, 'hex')).length).toBeGreaterThan(8)
      expect(type).not.toBe('null')
    }
  })
})
