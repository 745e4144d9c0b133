import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ColumnType, columnTypes } from '../../src/core/column.ts'
import { columnOf } from '../../src/core/column-builder.ts'
import { decodeColumn, encodeColumn } from '../../src/core/column-codec.ts'
import { hashObject } from '../../src/core/id.ts'
import { decodeKey, encodeKeys } from '../../src/core/key.ts'
import { scalarsOf } from '../support/columns.ts'
import { documentedExamples, parseGoldenValue, readGolden } from '../support/golden.ts'

interface GoldenColumn {
  name: string
  type: ColumnType
  values: (string | null)[]
  hex: string
  id: string
}

interface GoldenKey {
  name: string
  types: ColumnType[]
  values: string[]
  rank?: number
  hex: string
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('the column format', () => {
  const golden = readGolden<GoldenColumn[]>('column.json')

  it.each(golden)('$type: $name', ({ type, values, hex: expected, id }) => {
    const scalars = values.map((value) => parseGoldenValue(type, value))
    const bytes = encodeColumn(columnOf(type, scalars))
    expect(hex(bytes)).toBe(expected)
    expect(hashObject('column', bytes)).toBe(id)
    expect(scalarsOf(decodeColumn(Buffer.from(expected, 'hex')))).toEqual(scalars)
  })

  it('has golden bytes for every type', () => {
    expect(new Set(golden.map(({ type }) => type))).toEqual(new Set(columnTypes))
  })

  it('is documented with the golden bytes and ids', () => {
    const page = readFileSync(new URL('../../docs/format/column.md', import.meta.url), 'utf8')
    const examples = documentedExamples('format/column.md')
    expect(examples.size).toBe(6)
    for (const [name, digits] of examples) {
      const column = golden.find((entry) => entry.name === name)
      expect(digits).toBe(column?.hex)
      expect(page).toContain(`\nid \`${column?.id}\`\n\n<!-- example: ${name} -->`)
    }
  })
})

describe('the key format', () => {
  const golden = readGolden<GoldenKey[]>('key.json')

  it.each(golden)('$types: $name', ({ types, values, rank, hex: expected }) => {
    const scalars = values.map((value, i) => parseGoldenValue(types[i]!, value))
    const columns = types.map((type, i) => columnOf(type, [scalars[i]!]))
    const ranks = rank === undefined ? undefined : Uint32Array.of(rank)
    expect(hex(encodeKeys(columns, ranks).at(0))).toBe(expected)
    // −0 comes back as +0.
    const back = scalars.map((value) => (Object.is(value, -0) ? 0 : value))
    const decoded = decodeKey(Buffer.from(expected, 'hex'), types, rank !== undefined)
    expect(decoded).toEqual(rank === undefined ? { values: back } : { values: back, rank })
  })

  it('is documented with the golden bytes', () => {
    const examples = documentedExamples('format/key.md')
    expect(examples.size).toBe(7)
    for (const [name, digits] of examples) {
      expect(digits).toBe(golden.find((entry) => entry.name === name)?.hex)
    }
  })
})
