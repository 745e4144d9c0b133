import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { type ErrorCode, VarveError } from '../../src/core/errors.ts'
import { hashObject, idToBytes } from '../../src/core/id.ts'
import type { StoredObject } from '../../src/core/objects.ts'
import { aboutObject, decodeObject, decodeTogether } from '../../src/storage/decode-object.ts'
import { encodeDifference, ROWS_DELTA } from '../../src/storage/pack-encoding.ts'
import type { PackRecord } from '../../src/storage/pack-record.ts'
import { toldAs } from '../support/errors.ts'

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

describe('a record that cannot be what it says', () => {
  const bytes = new Uint8Array(40).fill(3)
  const whole: PackRecord = {
    id: hashObject('tree', bytes),
    kind: 'tree',
    method: 0,
    length: 40,
    body: bytes,
  }
  const blob = { kind: 'blob' as const, bytes }
  const cut = (gap: number) => ({ gap, id: whole.id })

  it.each<[string, Partial<PackRecord>, StoredObject | undefined, ErrorCode]>([
    ['a difference to nothing', { method: 3 }, undefined, 'corrupt-object'],
    [
      'a difference to another kind',
      { method: 3, base: whole.id, depth: 1 },
      blob,
      'corrupt-object',
    ],
    ['an id outside of its bytes', { cuts: [cut(41)], length: 72 }, undefined, 'corrupt-object'],
    [
      'ids outside of its bytes',
      { cuts: [cut(30), cut(11)], length: 104 },
      undefined,
      'corrupt-object',
    ],
    ['fewer bytes than it declares', { length: 41 }, undefined, 'corrupt-object'],
    ['a base that its encoding does not take', { base: whole.id }, blob, 'unsupported-format'],
    ['parameters', { parameters: bytes }, undefined, 'unsupported-format'],
  ])('as %s, is refused with its id and its pack', async (_, changed, base, code) => {
    const attempt = decodeObject({ ...whole, ...changed }, 'a pack', base)
    await expect(attempt).rejects.toEqual(toldAs(code))
    await expect(attempt).rejects.toMatchObject({
      message: expect.stringContaining(whole.id),
      data: { id: whole.id, pack: 'a pack' },
    })
  })

  it('may be ids up to its end', async () => {
    const cuts = [cut(0), cut(40)]
    const object = await decodeObject({ ...whole, cuts, length: 104 }, 'a pack')
    const id = idToBytes(whole.id)
    expect(Buffer.from(object.bytes)).toEqual(Buffer.concat([id, bytes, id]))
  })
})

it('an error that is not about bytes stays as it is', () => {
  const own = new VarveError('disk-full', 'x')
  expect(aboutObject(own, 'id', 'pack')).toBe(own)
  const newer = new VarveError('unsupported-format', 'x')
  expect(aboutObject(newer, 'id', 'pack')).toMatchObject({
    data: { id: 'id', pack: 'pack' },
    hint: undefined,
  })
  const hinting = new VarveError('unsupported-format', 'x', { hint: 'install it' })
  expect(aboutObject(hinting, 'id', 'pack')).toMatchObject({ hint: 'install it' })
})
