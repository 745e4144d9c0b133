import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../../../src/core/bytes.ts'
import type { Id } from '../../../src/core/id.ts'
import {
  type ChunkList,
  decodeChunks,
  differingColumns,
  encodeChunks,
  readColumns,
  type SegmentColumns,
  sameChunks,
  updateColumns,
  walkColumns,
  writeColumns,
} from '../../../src/core/series-columns.ts'
import { toldAs } from '../../support/errors.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'

const ROWS = 10
const corrupt = toldAs('corrupt-object')
const idOf = (number: number) => number.toString(16).padStart(64, '0') as Id

/** The chunks of a column: every third has two. */
const listOf = (column: number, version = 0): ChunkList => {
  const id = idOf(column * 100 + version * 2)
  if (column % 3 !== 0) return [{ id, rows: ROWS }]
  return [
    { id, rows: 4 },
    { id: idOf(column * 100 + version * 2 + 1), rows: 6 },
  ]
}
const listsOf = (count: number): ChunkList[] => Array.from({ length: count }, (_, i) => listOf(i))

/** How many nodes one after another lead to a column, where there are so many of those. */
const counts = [
  [1, 0],
  [16, 0],
  [17, 1],
  [64, 1],
  [65, 2],
  [130, 2],
  [4096, 2],
  [4097, 3],
] as const

/** Some positions among so many, in no order. */
const someOf = (count: number): number[] =>
  [...new Set([count - 1, 0, 63, 64, 15, 16, 128, 4095, 4096])].filter((at) => at < count)

describe.each(counts)('the chunks of %i columns', (count, height) => {
  const lists = listsOf(count)

  it('are found where they are asked for, through few nodes', async () => {
    const objects = new MemoryObjects()
    const columns = await writeColumns(objects, lists)
    expect(typeof columns).toBe(height === 0 ? 'object' : 'string')
    const read = (positions: readonly number[]) =>
      readColumns(objects, columns, count, ROWS, positions)
    expect(await read([])).toEqual([])
    expect(objects.reads).toBe(0)
    for (const position of someOf(count)) {
      objects.resetCounts()
      expect(await read([position])).toEqual([lists[position]])
      expect(objects.reads).toBe(height)
    }
    expect(await read(someOf(count))).toEqual(someOf(count).map((at) => lists[at]))
  })

  it('are the same tree however they came to be, and what differs is found', async () => {
    const objects = new MemoryObjects()
    const columns = await writeColumns(objects, lists)
    expect(await updateColumns(objects, columns, count, ROWS, new Map())).toBe(columns)
    const changes = new Map(someOf(count).map((at) => [at, listOf(at, 1)]))
    const updated = await updateColumns(objects, columns, count, ROWS, changes)
    const whole = await writeColumns(
      objects,
      lists.map((list, at) => changes.get(at) ?? list),
    )
    expect(updated).toEqual(whole)
    const differing = async (a: SegmentColumns, b: SegmentColumns) =>
      (await differingColumns(objects, a, b, count, ROWS)).sort((x, y) => x - y)
    expect(await differing(columns, updated)).toEqual(someOf(count).sort((x, y) => x - y))
    objects.resetCounts()
    expect(await differing(updated, updated)).toEqual([])
    expect(objects.reads).toBe(0)
  })

  it('are gone through, but for what is under a node that is left out', async () => {
    const objects = new MemoryObjects()
    const columns = await writeColumns(objects, lists)
    const walk = async (skip: (id: Id) => boolean) => {
      const met: { kind: string; id: Id }[] = []
      const parts = walkColumns(objects, columns, count, ROWS, ({ id }) => skip(id))
      for await (const part of parts) met.push(part)
      return met
    }
    const all = await walk(() => false)
    const chunks = all.filter(({ kind }) => kind === 'column').map(({ id }) => id)
    expect(chunks.sort()).toEqual(lists.flatMap((list) => list.map(({ id }) => id)).sort())
    const nodes = all.filter(({ kind }) => kind === 'columns').map(({ id }) => id)
    expect(nodes.sort()).toEqual([...objects.objects.keys()].sort())
    expect((await walk((id) => id === idOf(0))).length).toBe(all.length - 1)
    if (typeof columns === 'string') expect(await walk((id) => id === columns)).toEqual([])
  })
})

describe('columns of a segment in the place of another', () => {
  it('are as what they replace where one node holds them', async () => {
    const objects = new MemoryObjects()
    const earlier = (await writeColumns(objects, listsOf(40))) as Id
    const later = (await writeColumns(objects, listsOf(64), earlier)) as Id
    expect(objects.bases.get(later)).toBe(earlier)
    const large = (await writeColumns(objects, listsOf(65), earlier)) as Id
    expect(objects.bases.get(large)).toBeUndefined()
    expect(await writeColumns(objects, listsOf(30), listsOf(3))).toEqual(
      await writeColumns(objects, listsOf(30)),
    )
    const changed = await updateColumns(objects, later, 64, ROWS, new Map([[3, listOf(3, 1)]]))
    expect(objects.bases.get(changed as Id)).toBe(later)
  })

  it('differ in all that cannot be compared', async () => {
    const objects = new MemoryObjects()
    const few = listsOf(3)
    expect(await differingColumns(objects, few, [few[0]!, listOf(1, 1), few[2]!], 3, ROWS)).toEqual(
      [1],
    )
    expect(sameChunks(listOf(0), listOf(0))).toBe(true)
    expect(sameChunks(listOf(0), listOf(0).slice(0, 1))).toBe(false)
    expect(sameChunks(listOf(0), listOf(0, 1))).toBe(false)
  })

  it('are not more than their series has', async () => {
    const objects = new MemoryObjects()
    await expect(readColumns(objects, listsOf(2), 3, ROWS, [2])).rejects.toEqual(corrupt)
  })
})

describe('bytes that are no chunks of columns', () => {
  const chunks = (...rows: number[]) => {
    const writer = new ByteWriter().varint(rows.length)
    for (const part of rows) {
      if (rows.length > 1) writer.varint(part)
      writer.id(idOf(part))
    }
    return writer.finish()
  }
  const read = (bytes: Uint8Array) => decodeChunks(new ByteReader(bytes), ROWS)

  it('are refused', () => {
    for (const rows of [[], [4, 5], [4, 7], [0, 10], [10, 0], Array(11).fill(1)]) {
      expect(() => read(chunks(...rows))).toThrow(corrupt)
    }
    for (const rows of [[7], [4, 6], Array(10).fill(1)]) {
      const list = read(chunks(...rows))
      expect(list.reduce((sum, chunk) => sum + chunk.rows, 0)).toBe(ROWS)
      const writer = new ByteWriter()
      encodeChunks(writer, list)
      expect(writer.finish()).toEqual(chunks(...rows))
    }
  })

  it.each([
    ['of another level', 17, (bytes: Uint8Array) => bytes.with(0, 1)],
    ['of another number of columns', 17, (bytes: Uint8Array) => bytes.with(1, 18)],
    ['with a byte too many', 17, (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    ['above others, of another level', 65, (bytes: Uint8Array) => bytes.with(0, 2)],
    ['above others, of another number', 65, (bytes: Uint8Array) => bytes.with(1, 3)],
    ['above others, with a byte too many', 65, (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
  ])('are refused in a node %s', async (_, count, change) => {
    const objects = new MemoryObjects()
    const id = (await writeColumns(objects, listsOf(count))) as Id
    const forged = await objects.put('columns', change(objects.objects.get(id)!.bytes))
    await expect(readColumns(objects, forged, count, ROWS, [0])).rejects.toEqual(corrupt)
  })
})
