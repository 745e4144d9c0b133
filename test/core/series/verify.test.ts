import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnOf } from '../../../src/core/column-builder.ts'
import { encodeColumn } from '../../../src/core/column-codec.ts'
import { type ColumnFacts, columnFacts } from '../../../src/core/column-facts.ts'
import { VarveError } from '../../../src/core/errors.ts'
import type { Id } from '../../../src/core/id.ts'
import { buildTree } from '../../../src/core/prolly.ts'
import { formatOf, readSeries, writeSeries } from '../../../src/core/series.ts'
import type { ChunkList } from '../../../src/core/series-columns.ts'
import type { SegmentEntry } from '../../../src/core/series-segment.ts'
import { SeriesVerifier, type SeriesVerifierOptions } from '../../../src/core/series-verify.ts'
import type { SplitLimits } from '../../../src/core/split.ts'
import { MemoryObjects } from '../../support/memory-objects.ts'
import { collect } from '../../support/repositories.ts'
import { build, type Row, SMALL, schemaOf, segmentsOf } from '../../support/series.ts'

const schema = schemaOf('t:int64 v:float64')
const rowsUpTo = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => [BigInt(i * i), i / 2])

async function faults(
  objects: MemoryObjects,
  id: Id,
  limits: SplitLimits = SMALL,
): Promise<string[]> {
  const found = await faultsWith(objects, id, { limits })
  // Knowing of columns what they are changes what is read, and not what is found.
  const facts = factsIn(objects)
  const factsOf = (column: Id): ColumnFacts | undefined => facts.get(column)
  expect(await faultsWith(objects, id, { limits, factsOf })).toEqual(found)
  return found
}

async function faultsWith(
  objects: MemoryObjects,
  id: Id,
  options: SeriesVerifierOptions,
): Promise<string[]> {
  const verifier = new SeriesVerifier(objects, options)
  return (await collect(verifier.verify(id))).map(({ error }) => error.message)
}

function factsIn({ objects }: MemoryObjects): ReadonlyMap<Id, ColumnFacts> {
  const facts = new Map<Id, ColumnFacts>()
  for (const [id, { kind, bytes }] of objects) {
    if (kind !== 'column') continue
    try {
      facts.set(id, columnFacts(bytes))
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
    }
  }
  return facts
}

/** The series with other segments, stored as it stands. */
async function withSegments(
  objects: MemoryObjects,
  id: Id,
  change: (segments: SegmentEntry[]) => SegmentEntry[],
): Promise<Id> {
  const series = await readSeries(objects, id)
  const segments = change(await segmentsOf(objects, series))
  const root = await buildTree(objects, formatOf(series.schema), segments)
  return (await writeSeries(objects, series.schema, root)).id
}

describe('SeriesVerifier', () => {
  it('believes what is known of keys as far as it goes, with ranks and without', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        async (keys, duplicates) => {
          const objects = new MemoryObjects()
          const sorted = (duplicates ? keys : [...new Set(keys)]).sort((a, b) => a - b)
          const rows = sorted.map((key): Row => [BigInt(key), key / 2])
          const id = await build(objects, schemaOf('t:int64 v:float64', { duplicates }), rows)
          expect(await faults(objects, id)).toEqual([])
          const other = await withSegments(objects, id, (segments) =>
            segments.map((segment, i) =>
              i < segments.length - 1
                ? segment
                : { ...segment, last: Uint8Array.from([...segment.last.slice(0, -1), 0xff]) },
            ),
          )
          expect((await faults(objects, other)).length).toBeGreaterThan(0)
        },
      ),
    )
  })

  it('finds nothing wrong with what was built, whatever its keys and sizes', async () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '😀'), maxLength: 4 })
    const value = fc.option(fc.string({ maxLength: 60 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(key, value), { maxLength: 60 }),
        fc.boolean(),
        async (pairs, duplicates) => {
          const objects = new MemoryObjects()
          const sorted = (duplicates ? pairs : [...new Map(pairs)])
            .map((row, at) => ({ row, at }))
            .sort(
              (a, b) => Buffer.compare(Buffer.from(a.row[0]), Buffer.from(b.row[0])) || a.at - b.at,
            )
            .map(({ row }) => row)
          const limits = { segmentRows: 4, chunkBytes: 40 }
          const text = schemaOf('k:string v:string', { duplicates })
          const id = await build(objects, text, sorted, limits)
          expect(await faults(objects, id, limits)).toEqual([])
        },
      ),
    )
  })

  it('checks series with many columns', async () => {
    const objects = new MemoryObjects()
    const names = Array.from({ length: 100 }, (_, i) => `c${i}:int32`)
    const wide = schemaOf(['t:int64', ...names].join(' '))
    const rows = Array.from({ length: 9 }, (_, i) => [BigInt(i), ...names.map((_, at) => at + i)])
    expect(await faults(objects, await build(objects, wide, rows))).toEqual([])
  })

  it('finds segments that are apart, or together, in the wrong places', async () => {
    const objects = new MemoryObjects()
    const apart = await build(objects, schema, rowsUpTo(20), { ...SMALL, segmentRows: 2 })
    expect(await faults(objects, apart)).toEqual(['segments that fit together are apart'])
    const together = await build(objects, schema, rowsUpTo(20), { ...SMALL, segmentRows: 8 })
    expect(await faults(objects, together)).toEqual(['a segment holds rows that belong into two'])
  })

  it('finds chunks in the wrong places', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, schema, rowsUpTo(4), { ...SMALL, chunkBytes: 30 })
    expect(await faults(objects, id)).toEqual([
      'column "t" is cut into chunks in other places',
      'column "v" is cut into chunks in other places',
    ])
  })

  it('finds what is missing, and looks at all the rest', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, schema, rowsUpTo(40))
    const segments = await segmentsOf(objects, await readSeries(objects, id))
    const chunks = segments.map(({ value }) => (value as readonly ChunkList[])[1]![0]!.id)
    for (const chunk of [chunks[0]!, chunks[2]!]) objects.objects.delete(chunk)
    expect(await faults(objects, id)).toEqual([`no object ${chunks[0]}`, `no object ${chunks[2]}`])
  })

  it('finds columns of another type, and other keys', async () => {
    const objects = new MemoryObjects()
    const id = await build(objects, schema, [
      [1n, 1],
      [2n, 2],
    ])
    const other = await objects.put('column', encodeColumn(columnOf('int32', [1, 2])))
    const column = await withSegments(objects, id, ([segment]) => [
      { ...segment!, value: [(segment!.value as never)[0], [{ id: other, rows: 2 }]] },
    ])
    expect(await faults(objects, column)).toEqual(['a column is not what its series says it is'])
    const wrongKey = await withSegments(objects, id, ([segment]) => [
      { ...segment!, key: segment!.last },
    ])
    expect(await faults(objects, wrongKey)).toEqual([
      'the keys of a segment are not those of its entry',
    ])
  })

  it('finds ranks that do not go on', async () => {
    const objects = new MemoryObjects()
    const ties = schemaOf('t:int64 v:float64', { duplicates: true })
    const rows: Row[] = Array.from({ length: 12 }, (_, i) => [7n, i])
    const id = await build(objects, ties, rows)
    expect(await faults(objects, id)).toEqual([])
    const cut = await withSegments(objects, id, (segments) => segments.slice(1))
    expect(await faults(objects, cut)).toContain(
      'rows with equal keys are not numbered one after another',
    )
  })

  it('reads what versions share once', async () => {
    const objects = new MemoryObjects()
    const first = await build(objects, schema, rowsUpTo(60))
    const second = await build(objects, schema, [...rowsUpTo(60), [9999n, 1]])
    const verifier = new SeriesVerifier(objects, { limits: SMALL })
    await collect(verifier.verify(first))
    objects.resetCounts()
    expect(await collect(verifier.verify(second))).toEqual([])
    expect(objects.reads).toBeLessThan(15)
  })
})
