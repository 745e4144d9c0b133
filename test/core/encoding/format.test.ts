import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../../src/core/column.ts'
import { columnOf } from '../../../src/core/column-builder.ts'
import { encodeColumn } from '../../../src/core/column-codec.ts'
import { decodeColumnBody, encodeColumnBody } from '../../../src/core/encoding/body.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { documentedExamples, parseGoldenValue, readGolden } from '../../support/golden.ts'

interface GoldenEncoding {
  name: string
  type: ColumnType
  /** Whether there are zstd frames in the body: another version may make others. */
  frames: boolean
  /** Whether the writer has to try everything to choose it. */
  thorough?: boolean
  values: (string | null)[]
  body: string
}

const zstd = await loadZstd()
const golden = readGolden<GoldenEncoding[]>('encodings.json')

describe('the encodings of columns', () => {
  it.each(golden)('$type: $name', ({ type, values, frames, thorough = false, body }) => {
    const scalars = values.map((value) => parseGoldenValue(type, value))
    const canonical = encodeColumn(columnOf(type, scalars))
    const bytes = Uint8Array.from(Buffer.from(body, 'hex'))
    expect(decodeColumnBody(bytes, canonical.length, zstd)).toEqual(canonical)
    const encoded = encodeColumnBody(canonical, 3, zstd, { thorough })!
    if (frames) expect(encoded.length).toBeLessThanOrEqual(bytes.length)
    else expect(Buffer.from(encoded).toString('hex')).toBe(body)
  })

  it('are documented with the golden bytes', () => {
    const examples = documentedExamples('format/encodings.md')
    expect(examples.size).toBeGreaterThan(4)
    for (const [name, digits] of examples) {
      expect(digits).toBe(golden.find((entry) => entry.name === name)?.body)
    }
  })
})
