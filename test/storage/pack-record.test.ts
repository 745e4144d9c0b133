import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/core/bytes.ts'
import { type Id, idToBytes, type ObjectKind, objectKinds } from '../../src/core/id.ts'
import {
  CHECKSUM_BYTES,
  checksum,
  decodeRecord,
  encodeRecord,
  findRecordEnd,
  type PackRecord,
  parseRecord,
  readBase,
  wholeRecordSum,
} from '../../src/storage/pack-record.ts'
import { toldAs } from '../support/errors.ts'
import { idOf } from '../support/transactions.ts'

const corrupt = toldAs('corrupt-object')
/** The ids of a pack, by position. */
const pack = Array.from({ length: 300 }, (_, at) => idOf(`${at}`))
const anyOther = fc.constantFrom(...pack.filter((_, at) => at !== 9))
const positionOf = (id: Id): number | undefined => {
  const at = pack.indexOf(id)
  return at < 0 ? undefined : at
}
const idsAt = (positions: readonly number[]): Id[] => positions.map((at) => pack[at]!)
const anyId = fc.constantFrom(...pack)
const elsewhere = idOf('elsewhere')

const anyRecord = fc
  .record({
    kind: fc.constantFrom<ObjectKind>(...objectKinds),
    method: fc.nat(255),
    body: fc.uint8Array({ maxLength: 2000 }),
    base: fc.option(fc.oneof(anyId, fc.constant(elsewhere)), { nil: undefined }),
    depth: fc.integer({ min: 1, max: 5000 }),
    parameters: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
    cut: fc.array(fc.tuple(fc.nat(40), fc.option(anyOther, { nil: undefined })), { maxLength: 5 }),
    more: fc.nat(100),
  })
  .map(({ kind, base, depth, parameters, cut, more, ...record }): PackRecord => {
    const isValue = kind === 'blob' || kind === 'column'
    const cuts = (isValue ? [] : cut).map(([gap, id]) => ({ gap, id: id ?? base ?? pack[0]! }))
    const width = kind === 'commit' || kind === 'tag' ? 64 : 32
    const basePosition = base && positionOf(base)
    return {
      ...record,
      id: idOf('own'),
      kind,
      length: cuts.reduce((sum, { gap }) => sum + gap + width, more),
      ...(base !== undefined && { base, depth }),
      ...(basePosition !== undefined && { basePosition }),
      ...(parameters !== undefined && { parameters }),
      ...(cuts.length > 0 && { cuts }),
    }
  })

describe('a record', () => {
  it('comes back as it was, wherever in the pack it stands', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecord, fc.nat(299), async (record, position) => {
        // No object holds its own id.
        fc.pre(!record.cuts?.some(({ id }) => id === pack[position]))
        const bytes = encodeRecord(record, position, positionOf)
        expect(await decodeRecord(bytes, record.id, position, idsAt)).toEqual(record)
        const base = readBase(bytes.subarray(0, 64), position)
        expect(base).toBe(record.basePosition ?? record.base)
      }),
      { numRuns: 300 },
    )
  })

  it('is refused where a byte is another, or it is not that of the object', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecord, fc.nat(), fc.nat(7), async (record, place, bit) => {
        const bytes = encodeRecord(record, 9, positionOf)
        const other = decodeAt(bytes, 9, idOf('other'))
        await expect(other).rejects.toEqual(corrupt)
        bytes[place % bytes.length]! ^= 1 << bit
        await expect(decodeAt(bytes, 9)).rejects.toEqual(corrupt)
      }),
      { numRuns: 300 },
    )
  })

  it('is summed up by itself and all that it refers to', () => {
    for (const length of [0, 10, 968, 969, 2000]) {
      const record: PackRecord = {
        id: idOf('own'),
        kind: 'tree',
        method: 0,
        length: 500,
        body: new Uint8Array(length).fill(5),
      }
      const bytes = encodeRecord(record, 3, positionOf)
      const sum = (ids: readonly Id[], of: Uint8Array) => {
        const hash = createHash('sha256')
        for (const id of ids) hash.update(idToBytes(id))
        return hash.update(of.subarray(0, -CHECKSUM_BYTES)).digest().subarray(0, CHECKSUM_BYTES)
      }
      expect(Buffer.from(bytes.subarray(-8))).toEqual(sum([record.id], bytes))
      expect(Buffer.from(wholeRecordSum(record))).toEqual(sum([record.id], bytes))
      const based = encodeRecord({ ...record, base: pack[2]! }, 3, positionOf)
      expect(Buffer.from(based.subarray(-8))).toEqual(sum([record.id, pack[2]!], based))
      const cuts = [{ gap: 0, id: pack[1]! }]
      const referring = encodeRecord({ ...record, base: pack[2]!, cuts }, 3, positionOf)
      const own = sum([record.id, pack[2]!, pack[1]!], referring)
      expect(Buffer.from(referring.subarray(-8))).toEqual(own)
      expect(Buffer.from(checksum(Buffer.from('a'), Buffer.from('b')))).toEqual(
        createHash('sha256').update('ab').digest().subarray(0, 8),
      )
    }
  })

  it('is written where there is room, with the sum that is given', () => {
    const record: PackRecord = {
      id: idOf('own'),
      kind: 'blob',
      method: 0,
      length: 3,
      body: Uint8Array.of(1, 2, 3),
    }
    const room = new Uint8Array(100).fill(255)
    const sum = Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9)
    const options = { room: (length: number) => room.subarray(10, 10 + length), sum }
    const bytes = encodeRecord(record, 0, positionOf, options)
    expect([...bytes]).toEqual([1, 0, 3, 1, 2, 3, ...sum])
    expect([...room.subarray(9, 25)]).toEqual([255, ...bytes, 255])
  })

  it('cannot have an id cut out that the pack has not', () => {
    const cuts = [{ gap: 0, id: elsewhere }]
    const record = { id: idOf('own'), kind: 'tree', method: 0, length: 32, cuts } as const
    expect(() => encodeRecord({ ...record, body: new Uint8Array(0) }, 0, positionOf)).toThrow(
      toldAs('io'),
    )
  })

  it('ends where its checksum fits, whatever follows', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecord, fc.uint8Array({ maxLength: 50 }), async (record, rest) => {
        fc.pre(record.body.length > 0)
        const bytes = encodeRecord(record, 9, positionOf)
        const found = await findRecordEnd(Buffer.concat([bytes, rest]), record.id, 9, idsAt)
        expect(found).toBe(bytes.length)
        expect(await findRecordEnd(bytes.subarray(0, -1), record.id, 9, idsAt)).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })
})

describe('a record that somebody made', () => {
  const head = (flags: number, length = 100) => new ByteWriter().u8(flags).u8(0).varint(length)
  const [NEAR, FAR, CUTS] = [0x20, 0x40, 0x80]

  it.each<[string, ByteWriter]>([
    ['no kind', head(0)],
    ['a kind that nobody knows', head(10)],
    [
      'two bases',
      head(7 | NEAR | FAR)
        .varint(2)
        .id(elsewhere)
        .varint(1),
    ],
    [
      'a base that is not before the first',
      head(7 | NEAR)
        .varint(2 * 6)
        .varint(1),
    ],
    [
      'a base that leads to nothing',
      head(7 | NEAR)
        .varint(2)
        .varint(0),
    ],
    [
      'a base elsewhere that leads to nothing',
      head(7 | FAR)
        .id(elsewhere)
        .varint(0),
    ],
    [
      'ids cut out of a column',
      head(2 | CUTS)
        .varint(1)
        .varint(0)
        .varint(2),
    ],
    [
      'ids cut out of a blob',
      head(1 | CUTS)
        .varint(1)
        .varint(0)
        .varint(2),
    ],
    [
      'more ids than it has bytes for',
      head(7 | CUTS)
        .varint(3)
        .varint(0)
        .varint(2)
        .varint(0)
        .u8(2)
        .u8(0),
    ],
    [
      'more ids than its object has room for',
      head(7 | CUTS, 63)
        .varint(2)
        .varint(0)
        .varint(2)
        .varint(0)
        .varint(2),
    ],
    [
      'ids of a commit where it has room for raw ones',
      head(8 | CUTS, 63)
        .varint(1)
        .varint(0)
        .varint(2),
    ],
    [
      'an id that stands outside',
      head(7 | CUTS, 100)
        .varint(2)
        .varint(20)
        .varint(2)
        .varint(17)
        .varint(2),
    ],
    [
      'its base’s own id, and no base',
      head(7 | CUTS)
        .varint(1)
        .varint(0)
        .varint(0),
    ],
    ['more bytes than a tree can have', head(7, 65 * 1024 * 1024 + 1)],
    [
      'parameters that are cut short',
      head(7 | 0x10)
        .varint(5)
        .u8(1),
    ],
  ])('is refused with %s', async (_, writer) => {
    await expect(parseAt(sealed(writer), 5)).rejects.toEqual(corrupt)
  })

  it.each<[string, ByteWriter, Partial<PackRecord>]>([
    [
      'the first as its base',
      head(7 | NEAR)
        .varint(2 * 5)
        .varint(1),
      { basePosition: 0, base: pack[0]!, depth: 1 },
    ],
    [
      'one behind it as its base',
      head(7 | NEAR)
        .varint(1)
        .varint(7),
      { basePosition: 6, depth: 7 },
    ],
    [
      'nothing but ids',
      head(7 | CUTS, 64)
        .varint(2)
        .varint(0)
        .varint(2)
        .varint(0)
        .varint(4),
      {
        cuts: [
          { gap: 0, id: pack[4]! },
          { gap: 0, id: pack[3]! },
        ],
      },
    ],
    [
      'an id at its end',
      head(7 | CUTS, 100)
        .varint(2)
        .varint(20)
        .varint(2)
        .varint(16)
        .varint(2),
      { length: 100 },
    ],
    ['as many bytes as a tree can have', head(7, 65 * 1024 * 1024), { kind: 'tree' }],
    ['no ids in a list of them', head(1 | CUTS).varint(0), { kind: 'blob', length: 100 }],
  ])('may have %s', async (_, writer, expected) => {
    const bytes = sealed(writer)
    expect(await parseAt(bytes, 5)).toMatchObject(expected)
  })

  it('is refused where it has not even a checksum', async () => {
    for (let length = 0; length < 8 + 3; length++) {
      await expect(parseAt(new Uint8Array(length).fill(7), 5)).rejects.toEqual(corrupt)
    }
  })

  it('names no base where its flags say so', () => {
    expect(readBase(head(7).finish(), 5)).toBeUndefined()
    expect(
      readBase(
        head(7 | CUTS)
          .varint(4)
          .finish(),
        5,
      ),
    ).toBeUndefined()
    expect(
      readBase(
        head(7 | FAR)
          .id(elsewhere)
          .finish(),
        5,
      ),
    ).toBe(elsewhere)
    expect(
      readBase(
        head(7 | NEAR)
          .varint(4)
          .finish(),
        5,
      ),
    ).toBe(3)
    expect(() =>
      readBase(
        head(7 | NEAR)
          .varint(12)
          .finish(),
        5,
      ),
    ).toThrow(corrupt)
  })
})

/** What stands before a record's checksum, with bytes in place of that: it is not looked at. */
const sealed = (writer: ByteWriter): Uint8Array => writer.bytes(new Uint8Array(8)).finish()

async function parseAt(bytes: Uint8Array, position: number): Promise<PackRecord> {
  return parseRecord(bytes, idOf('own'), position, idsAt)
}

async function decodeAt(
  bytes: Uint8Array,
  position: number,
  id = idOf('own'),
): Promise<PackRecord> {
  return decodeRecord(bytes, id, position, idsAt)
}
