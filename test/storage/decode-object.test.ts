import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { VarveError } from '../../src/core/errors.ts'
import { hashObject } from '../../src/core/id.ts'
import { aboutObject, decodeTogether } from '../../src/storage/decode-object.ts'
import { encodeDifference, ROWS_DELTA } from '../../src/storage/pack-encoding.ts'
import type { PackRecord } from '../../src/storage/pack-record.ts'

const version = (number: number): Uint8Array =>
  encodeColumn(
    columnOf(
      'int64',
      Array.from({ length: 500 }, (_, row) => BigInt(row === number ? -row - 1 : row * 7919)),
    ),
  )

/** The record of a version as a difference to the one before. */
async function difference(number: number): Promise<PackRecord> {
  const [before, after] = [version(number - 1), version(number)]
  const id = hashObject('column', after)
  const encoded = (await encodeDifference('column', after, before, 1))!
  expect(encoded.method).toBe(ROWS_DELTA)
  const base = hashObject('column', before)
  return { id, kind: 'column', length: after.length, base, depth: number, ...encoded }
}

describe('differences that are decoded together', () => {
  it('are the last of them', async () => {
    const links = [{ record: await difference(1) }, { record: await difference(2) }]
    const found = await decodeTogether(links, { kind: 'column', bytes: version(0) })
    expect(found).toEqual({ kind: 'column', bytes: version(2) })
  })

  it('are left to be decoded one by one where anything is odd, which says what', async () => {
    const record = await difference(1)
    const base = { kind: 'column' as const, bytes: version(0) }
    const odd: PackRecord[] = [
      { ...record, kind: 'tree' },
      { ...record, cuts: [{ gap: 0, id: record.id }] },
      { ...record, parameters: Uint8Array.of(1) },
      { ...record, method: 0 },
      { ...record, body: record.body.slice(0, 3) },
    ]
    for (const one of odd) expect(await decodeTogether([{ record: one }], base)).toBeUndefined()
    const others = { kind: 'blob' as const, bytes: base.bytes }
    expect(await decodeTogether([{ record }], others)).toBeUndefined()
  })
})

it('an error that is not about bytes stays as it is', () => {
  const own = new VarveError('disk-full', 'x')
  expect(aboutObject(own, 'id', 'pack')).toBe(own)
  const newer = new VarveError('unsupported-format', 'x')
  expect(aboutObject(newer, 'id', 'pack')).toMatchObject({ data: { id: 'id', pack: 'pack' } })
})
