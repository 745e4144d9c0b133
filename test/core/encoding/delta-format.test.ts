import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType, Scalar } from '../../../src/core/column.ts'
import { columnOf } from '../../../src/core/column-builder.ts'
import { encodeColumn } from '../../../src/core/column-codec.ts'
import { type DeltaForm, decodeDelta, encodeDelta } from '../../../src/core/encoding/delta.ts'
import type { ObjectKind } from '../../../src/core/id.ts'
import { loadZstd } from '../../../src/storage/zstd.ts'
import { applyDifference } from '../../docs/delta-reader.ts'
import { anyType, anyValue } from '../../support/columns.ts'
import { documentedExamples, parseGoldenValue, readGolden } from '../../support/golden.ts'

interface GoldenDelta {
  name: string
  kind: ObjectKind
  /** Of a column. */
  type?: ColumnType
  form: DeltaForm
  base: (string | null)[] | string
  /** Of a column. */
  values?: (string | null)[]
  /** Of anything else. */
  text?: string
  body: string
}

const METHODS: Readonly<Record<DeltaForm, number>> = { bytes: 3, rows: 4, dictionary: 5, factor: 6 }
const zstd = await loadZstd()
const golden = readGolden<GoldenDelta[]>('delta.json')
const encoder = new TextEncoder()

const canonical = (
  type: ColumnType | undefined,
  content: (string | null)[] | string,
): Uint8Array =>
  typeof content === 'string'
    ? encoder.encode(content)
    : encodeColumn(
        columnOf(
          type!,
          content.map((value) => parseGoldenValue(type!, value)),
        ),
      )

describe('differences', () => {
  it.each(golden)('$name', ({ kind, type, form, base, values, text, body }) => {
    const before = canonical(type, base)
    const after = canonical(type, values ?? text!)
    const bytes = Uint8Array.from(Buffer.from(body, 'hex'))
    expect(decodeDelta(kind, { form, body: bytes }, before, after.length, zstd)).toEqual(after)
    const encoded = encodeDelta(kind, after, before, 1, zstd)!
    expect(encoded.form).toBe(form)
    // Another version of zstd may make another frame.
    if (form === 'dictionary') expect(encoded.body.length).toBeLessThan(body.length / 2 + 20)
    else expect(Buffer.from(encoded.body).toString('hex')).toBe(body)
  })

  it('are documented with the golden bytes', () => {
    const examples = documentedExamples('format/delta.md')
    expect(examples.size).toBeGreaterThan(3)
    for (const [name, digits] of examples) {
      expect(digits).toBe(golden.find((entry) => entry.name === name)?.body)
    }
  })

  it('are read by what was written from the page alone', () => {
    const pairs = anyType
      .filter((type) => type !== 'null')
      .chain((type) => {
        const values = fc.array(fc.option(anyValue(type), { freq: 9 }), { maxLength: 12 })
        return fc.tuple(fc.constant(type), values, values, values, values)
      })
    const bytesOf = (type: ColumnType, values: Scalar[]): Buffer =>
      Buffer.from(encodeColumn(columnOf(type, values)))
    fc.assert(
      fc.property(pairs, ([type, a, b, c, d]) => {
        const base = bytesOf(type, [...a, ...b, ...c])
        const fresh = bytesOf(type, [...a, ...d, ...c])
        const { form, body } = encodeDelta('column', fresh, base, 1, zstd)!
        const read = applyDifference(METHODS[form], 'column', Buffer.from(body), base)
        expect(read.equals(fresh)).toBe(true)
      }),
      { numRuns: 600 },
    )
  })
})
