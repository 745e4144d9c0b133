import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { hashObject, type Id, type ObjectKind } from '../../src/core/id.ts'
import { encodeDifference, RAW, ROWS_DELTA } from '../../src/storage/pack-encoding.ts'
import type { PackRecord } from '../../src/storage/pack-record.ts'
import {
  type ChainOptions,
  type FoundRecord,
  MAX_WALKED,
  type ReadObject,
  readChain,
} from '../../src/storage/read-chain.ts'

const LENGTH = 400
const blob = (version: number): Uint8Array => {
  const bytes = Uint8Array.from({ length: LENGTH }, (_, i) => (i * i) % 251)
  bytes[9] = version
  return bytes
}
const column = (version: number): Uint8Array =>
  encodeColumn(
    columnOf(
      'int64',
      Array.from({ length: 300 }, (_, row) => BigInt(row === version ? -row - 1 : row * 7919)),
    ),
  )
const bytesOf = (kind: ObjectKind, version: number): Uint8Array =>
  kind === 'blob' ? blob(version) : column(version)
const idOf = (version: number, kind: ObjectKind = 'blob'): Id =>
  hashObject(kind, bytesOf(kind, version))

function whole(version: number, kind: ObjectKind = 'blob'): PackRecord {
  const body = bytesOf(kind, version)
  return { id: idOf(version, kind), kind, method: RAW, length: body.length, body }
}

/** A version as a difference to another, which is the one before unless told. */
async function difference(
  version: number,
  kind: ObjectKind = 'blob',
  to = version - 1,
): Promise<PackRecord> {
  const bytes = bytesOf(kind, version)
  const encoded = (await encodeDifference(kind, bytes, bytesOf(kind, to), 1))!
  const { id, length } = whole(version, kind)
  return { id, kind, length, base: idOf(to, kind), depth: version, ...encoded }
}

/** A record that is found, and read as one whose body was cut. */
const cut = (record: PackRecord): PackRecord => ({ ...record, body: record.body.subarray(1) })

/** Finds records in packs, the first first, which are named by letters. */
function packsWith(...packs: (readonly PackRecord[])[]) {
  const asked: [Id, Id, string][] = []
  const find: ChainOptions['find'] = (base, of, isPassed) => {
    asked.push([base, of.record.id, of.pack])
    for (const [place, records] of packs.entries()) {
      const pack = String.fromCharCode(97 + place)
      const record = records.find(({ id }) => id === base)
      if (record !== undefined && !isPassed(pack)) return { record, pack }
    }
    return undefined
  }
  return { find, asked }
}

const inA = (record: PackRecord): FoundRecord => ({ record, pack: 'a' })
const told = (message: string, data: object) =>
  expect.objectContaining({
    code: 'corrupt-object',
    message,
    data,
    hint: expect.stringContaining('varve fsck'),
  })

describe('an object', () => {
  it('is what its record says where that is whole', async () => {
    const { find, asked } = packsWith([whole(0)])
    expect(await readChain(inA(whole(0)), { find })).toEqual({
      kind: 'blob',
      bytes: blob(0),
      depth: 0,
      walked: LENGTH,
    })
    expect(asked).toEqual([])
  })

  it('is made of what it is a difference to, from one to the next', async () => {
    const records = [whole(0), await difference(1), await difference(2)]
    const { find, asked } = packsWith(records)
    const kept: [Id, number, number, number][] = []
    const found = await readChain(inA(records[2]!), {
      find,
      keep: (id, { depth, walked }, ahead) => kept.push([id, depth, walked, ahead]),
    })
    expect(found).toEqual({ kind: 'blob', bytes: blob(2), depth: 2, walked: 3 * LENGTH })
    expect(asked).toEqual([
      [idOf(1), idOf(2), 'a'],
      [idOf(0), idOf(1), 'a'],
    ])
    expect(kept).toEqual([
      [idOf(0), 0, LENGTH, 2],
      [idOf(1), 1, 2 * LENGTH, 1],
      [idOf(2), 2, 3 * LENGTH, 0],
    ])
  })

  it('is made of what has been read before, at once or after a while', async () => {
    const read: ReadObject = { kind: 'blob', bytes: blob(4), depth: 9, walked: 1000 }
    const record = await difference(5)
    for (const find of [() => read, async () => read]) {
      const kept: Id[] = []
      const found = await readChain(inA(record), { find, keep: (id) => kept.push(id) })
      expect(found).toEqual({ kind: 'blob', bytes: blob(5), depth: 5, walked: 1000 + LENGTH })
      expect(kept).toEqual([idOf(5)])
    }
  })

  it('that cannot be read says so of itself, whatever else there is', async () => {
    const { find, asked } = packsWith([], [whole(0)])
    await expect(readChain(inA({ ...whole(0), length: 3 }), { find })).rejects.toMatchObject({
      code: 'corrupt-object',
      message: expect.stringContaining(idOf(0)),
    })
    expect(asked).toEqual([])
  })

  it('cannot be read without what it is made of, which is named', async () => {
    const [one, two] = [await difference(1), await difference(2)]
    await expect(readChain(inA(one), packsWith())).rejects.toEqual(
      told(
        `object ${idOf(1)} cannot be read: in pack a it is a difference to ${idOf(0)}, which is missing`,
        { id: idOf(1), pack: 'a', base: idOf(0) },
      ),
    )
    await expect(readChain({ record: two, pack: 'z' }, packsWith([], [one]))).rejects.toEqual(
      told(
        `object ${idOf(2)} cannot be read: it is made of object ${idOf(1)}: ` +
          `in pack b it is a difference to ${idOf(0)}, which is missing`,
        { id: idOf(2), pack: 'z', base: idOf(0) },
      ),
    )
  })

  it('is not made of what is made of it', async () => {
    const records = [await difference(1, 'blob', 2), await difference(2)]
    const { find, asked } = packsWith(records)
    await expect(readChain(inA(records[1]!), { find })).rejects.toEqual(
      told(
        `object ${idOf(2)} cannot be read: it is made of object ${idOf(1)}: ` +
          `it is made of object ${idOf(2)}, which is made of it`,
        { id: idOf(2), pack: 'a', base: idOf(2) },
      ),
    )
    expect(asked[0]).toEqual([idOf(1), idOf(2), 'a'])
  })

  it('is made of another record of what it passed, in another pack', async () => {
    const records = [await difference(1, 'blob', 2), await difference(2)]
    const { find } = packsWith(records, [whole(2)])
    expect(await readChain(inA(records[1]!), { find })).toMatchObject({ bytes: blob(2), depth: 2 })
  })
})

describe('what leads to an object', () => {
  it('is at most 4096 differences, as records say or as they are', async () => {
    const two = await difference(2)
    const one = await difference(1)
    const { find } = packsWith([whole(0), one])
    expect(await readChain(inA({ ...two, depth: 4096 }), { find })).toMatchObject({ depth: 4096 })
    await expect(readChain(inA({ ...two, depth: 4097 }), { find })).rejects.toEqual(
      told(
        `object ${idOf(2)} cannot be read: 4097 differences lead to it`,
        expect.objectContaining({ id: idOf(2) }),
      ),
    )
    // Each is made of another, which nothing has been made of yet.
    let made = 0
    const endless: ChainOptions['find'] = (base, _, isPassed) => {
      // The first failure is told, not what going around it comes to.
      if (made > 4100) throw new TypeError('not of varve')
      if (isPassed('a')) return undefined
      const next = hashObject('blob', Buffer.from(`${made++}`))
      return inA({ ...two, id: base, base: next, depth: 1 })
    }
    await expect(readChain(inA(two), { find: endless })).rejects.toMatchObject({
      message: expect.stringContaining(': 4097 differences lead to it'),
    })
  })

  it('is at most as many bytes as take a moment to make', async () => {
    const most = 8 * MAX_WALKED
    const two = await difference(2)
    const attempt = (length: number) =>
      readChain(inA(two), {
        find: (base, _, isPassed) =>
          base === idOf(1) && !isPassed('a')
            ? inA({ ...whole(1), length, method: 3, base: idOf(0), depth: 1 })
            : undefined,
      })
    await expect(attempt(most - LENGTH + 1)).rejects.toMatchObject({
      message: expect.stringContaining(`objects of ${most + 1} bytes lead to it`),
    })
    await expect(attempt(most - LENGTH)).rejects.toMatchObject({
      message: expect.stringContaining('is missing'),
    })
  })
})

describe('a record that cannot be used', () => {
  it('is gone around where another pack has what it stands for', async () => {
    const [one, two] = [await difference(1), await difference(2)]
    const { find } = packsWith([two, cut(one), whole(0)], [one])
    const kept: Id[] = []
    const found = await readChain(inA(two), { find, keep: (id) => kept.push(id) })
    expect(found).toMatchObject({ bytes: blob(2), walked: 3 * LENGTH })
    expect(kept.slice(-3)).toEqual([idOf(0), idOf(1), idOf(2)])
    const other = packsWith([two, one], [{ ...whole(0), length: 7 }], [whole(0)])
    expect(await readChain(inA(two), other)).toMatchObject({ bytes: blob(2) })
  })

  it('is what is told of where nothing else is left', async () => {
    const [one, two] = [await difference(1), await difference(2)]
    const { find } = packsWith([two, cut(one)], [{ ...whole(1), length: 7 }])
    await expect(readChain(inA(two), { find })).rejects.toMatchObject({
      message: expect.stringContaining(`in pack a it is a difference to ${idOf(0)}`),
    })
  })

  it('is gone around 32 times', async () => {
    const one = await difference(1)
    const bad = { ...whole(0), length: 7 }
    const attempt = (count: number) => {
      const packs = Array.from({ length: count }, () => [bad])
      return readChain({ record: one, pack: 'z' }, packsWith(...packs, [whole(0)]))
    }
    expect(await attempt(32)).toMatchObject({ bytes: blob(1) })
    await expect(attempt(33)).rejects.toMatchObject({ data: { pack: 'a' } })
  })

  it('is not what fails where a storage does', async () => {
    const one = await difference(1)
    let asked = 0
    const find = () => {
      asked++
      throw new TypeError('not of varve')
    }
    await expect(readChain(inA(one), { find })).rejects.toThrow('not of varve')
    expect(asked).toBe(1)
  })
})

describe('differences of columns', () => {
  const passes = () => true
  const chain = async () => {
    const records = [whole(0, 'column')]
    for (const version of [1, 2, 3, 4]) records.push(await difference(version, 'column'))
    expect(records.slice(1).map(({ method }) => method)).toEqual(Array(4).fill(ROWS_DELTA))
    return records
  }

  it('are made together where those on the way are not needed', async () => {
    const records = await chain()
    const made = async (needed: readonly number[] | undefined): Promise<[number, number][]> => {
      const kept: [number, number][] = []
      const found = await readChain(inA(records[4]!), {
        ...packsWith(records),
        ...(needed && { passes: (_, ahead: number) => !needed.includes(ahead) }),
        keep(id, { bytes, walked }, ahead) {
          const version = records.findIndex((record) => record.id === id)
          expect(Buffer.compare(bytes, column(version))).toBe(0)
          kept.push([version, ahead])
          expect(walked).toBe((version + 1) * records[0]!.length)
        },
      })
      expect(Buffer.compare(found.bytes, column(4))).toBe(0)
      expect(found).toMatchObject({ kind: 'column', depth: 4, walked: 5 * records[0]!.length })
      return kept
    }
    expect(await made(undefined)).toEqual([
      [0, 4],
      [1, 3],
      [2, 2],
      [3, 1],
      [4, 0],
    ])
    const together = await made([])
    expect(together.at(-1)).toEqual([4, 0])
    expect(together.length).toBeLessThanOrEqual(2)
    const some = await made([2])
    expect(some.filter(([version]) => version > 0)).toEqual([
      [2, 2],
      [4, 0],
    ])
  })

  it('are made one by one where one cannot be read, which is told or gone around', async () => {
    const records = await chain()
    const bad = records.map((record, version) =>
      version === 2 ? { ...record, body: record.body.subarray(0, 3) } : record,
    )
    const first = inA(records[4]!)
    await expect(readChain(first, { ...packsWith(bad), passes })).rejects.toMatchObject({
      code: 'corrupt-object',
      data: { id: records[2]!.id, pack: 'a' },
    })
    const found = await readChain(first, { ...packsWith(bad, [records[2]!]), passes })
    expect(Buffer.compare(found.bytes, column(4))).toBe(0)
  })

  it('are made apart from those of bytes', async () => {
    const records = await chain()
    const bytes = (await encodeDifference('blob', column(3), column(2), 1))!
    records[3] = { ...records[3]!, ...bytes }
    expect(bytes.method).not.toBe(ROWS_DELTA)
    const kept: number[] = []
    const found = await readChain(inA(records[4]!), {
      ...packsWith(records),
      passes,
      keep: (id) => kept.push(records.findIndex((record) => record.id === id)),
    })
    expect(Buffer.compare(found.bytes, column(4))).toBe(0)
    expect(kept.filter((version) => version > 1)).toEqual([2, 3, 4])
  })
})
