import { describe, expect, it } from 'vitest'
import { type ColumnType, columnTypes } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { decodeColumn, encodeColumn } from '../../src/core/column-codec.ts'
import { decodeColumnBody, encodeColumnBody } from '../../src/core/encoding/body.ts'
import { type DeltaForm, decodeDelta, encodeDelta } from '../../src/core/encoding/delta.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { parseGoldenValue, readGolden } from '../support/golden.ts'
import { variedColumns } from '../support/varied-columns.ts'
import { fuzz } from './support/fuzz.ts'
import { mutant, oneOf } from './support/mutate.ts'

const zstd = await loadZstd()
const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'))

const goldenBodies = readGolden<{ type: ColumnType; values: (string | null)[]; body: string }[]>(
  'encodings.json',
).map(({ type, values, body }) => {
  const column = columnOf(
    type,
    values.map((text) => parseGoldenValue(type, text)),
  )
  return { type, body: unhex(body), length: encodeColumn(column).length }
})

/** Columns of many shapes with their bodies, those that are too plain for one left out. */
const varied = [3, 300].flatMap((rows) =>
  variedColumns(rows).flatMap((column) => {
    const body = encodeColumnBody(column.canonical, 3, zstd)
    return body === undefined ? [] : [{ ...column, rows, body, length: column.canonical.length }]
  }),
)

const byType = columnTypes.flatMap((type) => {
  const columns = varied.filter((column) => column.type === type)
  return columns.length === 0 ? [] : [[type, columns] as const]
})

/** A length that a record may declare: the right one, or any other. */
function declared(length: number, random: () => number): number {
  const kind = random()
  if (kind < 0.8) return length
  if (kind < 0.85) return oneOf([0, 7, 8, 16, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1], random)
  return Math.floor(length * 3 * random())
}

describe("a column's body from a stranger", () => {
  it.each(byType)(
    'of type %s: is bytes of the declared length, or is refused',
    async (type, columns) => {
      const golden = goldenBodies.filter((body) => body.type === type)
      const all = [...columns, ...golden]
      const { refused } = await fuzz({
        name: `body of ${type}`,
        samples: all.map(({ body }) => body),
        whole: false,
        decode(bytes, random, sample) {
          const length = declared(all[sample]!.length, random)
          const canonical = decodeColumnBody(bytes, length, zstd)
          if (canonical.length !== length) throw new Error(`${canonical.length} bytes`)
          decodeColumn(canonical)
        },
      })
      expect(refused.get('corrupt-object')).toBeGreaterThan(0)
    },
    1e8,
  )
})

interface Difference {
  readonly kind: 'column' | 'tree' | 'blob'
  readonly form: DeltaForm
  readonly body: Uint8Array
  readonly base: Uint8Array
  readonly length: number
}

/** Differences of each column to itself after some values were changed. */
function differences(): Difference[] {
  const found: Difference[] = []
  for (const { canonical, type, rows } of varied) {
    const before = varied.filter((other) => other.type === type && other.rows === rows)
    for (const { canonical: base } of before) {
      const delta = encodeDelta('column', canonical, base, 3, zstd)
      if (delta !== undefined)
        found.push({ kind: 'column', ...delta, base, length: canonical.length })
    }
  }
  const text = Buffer.from('some text that is nearly the same as before. '.repeat(40))
  const other = Buffer.concat([text.subarray(0, 700), Buffer.from('!'), text.subarray(690)])
  for (const kind of ['tree', 'blob'] as const) {
    const delta = encodeDelta(kind, other, text, 3, zstd)!
    found.push({ kind, ...delta, base: text, length: other.length })
  }
  const plain = zstd.compressWith(Buffer.concat([Buffer.of(0), text]), other, 3)!
  found.push({ kind: 'blob', form: 'dictionary', body: plain, base: text, length: other.length })
  return found
}

describe('a difference from a stranger', () => {
  const all = differences()
  const forms = [...new Set(all.map(({ form }) => form))]

  it('is of every form', () => {
    expect(forms).toEqual(expect.arrayContaining(['bytes', 'dictionary', 'rows']))
  })

  it.each(forms)(
    '%s: makes bytes of the declared length of any base, or is refused',
    async (form) => {
      const some = all.filter((difference) => difference.form === form)
      const { refused } = await fuzz({
        name: `difference by ${form}`,
        samples: some.map(({ body }) => body),
        whole: false,
        decode(body, random, sample) {
          const { kind, base, length } = some[sample]!
          const from = random() < 0.2 ? mutant({ samples: [base] }, random).bytes : base
          const to = random() < 0.8 ? length : Math.floor(length * 2 * random())
          const bytes = decodeDelta(kind, { form, body }, from, to, zstd)
          if (bytes.length !== to) throw new Error(`${bytes.length} bytes`)
          if (kind === 'column') decodeColumn(bytes)
        },
      })
      expect(refused.get('corrupt-object')).toBeGreaterThan(0)
    },
    1e8,
  )
})
