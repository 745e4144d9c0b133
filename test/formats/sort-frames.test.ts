import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import { encodeKeyPrefix } from '../../src/core/key.ts'
import type { Spill } from '../../src/core/spill.ts'
import { readCsv } from '../../src/formats/csv/read-csv.ts'
import { sortFrames } from '../../src/formats/sort-frames.ts'
import type { SourceFrame } from '../../src/formats/source-frame.ts'
import { createMemorySpill } from '../../src/formats/spill.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { bytes, faultOf, rowsOf, schemaOf } from './csv/support.ts'

const schema = schemaOf('k:string n:int64 v:float64', ['k', 'n'], true)
const unique = schemaOf('k:int64 v:string')

/** A spill that counts what is in it. */
function watchedSpill(): Spill & { written: number; open: number } {
  const spill = createMemorySpill()
  const watched = {
    written: 0,
    open: 0,
    async create() {
      const file = await spill.create()
      watched.open++
      let discarded = false
      return {
        write: (part: Uint8Array) => {
          watched.written += part.length
          return file.write(part)
        },
        range: file.range,
        discard: () => {
          if (!discarded) watched.open--
          discarded = true
          return file.discard()
        },
      }
    },
  }
  return watched
}

function framesOf(rows: Scalar[][], sizes: number[]): SourceFrame[] {
  const frames: SourceFrame[] = []
  for (let at = 0, i = 0; at < rows.length; i++) {
    const part = rows.slice(at, at + sizes[i % sizes.length]!)
    const lines = Uint32Array.from(part, (_, row) => at + row + 2)
    frames.push({ ...frameFromRows(schema, part), source: { file: 'a.csv', lines } })
    at += part.length
  }
  return frames
}

describe('sortFrames', () => {
  it('sorts by key and keeps the order of equal keys, in memory and beyond', async () => {
    const row = fc.tuple(
      fc.constantFrom('', 'a', 'b', '\uffff', '😀'),
      fc.bigInt({ min: -3n, max: 3n }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(1, 200, 1000, 1e9),
        async (keys, sizes, memoryLimit) => {
          const rows: Scalar[][] = keys.map(([k, n], i) => [k, n, i])
          const spill = watchedSpill()
          const sorted = sortFrames(framesOf(rows, sizes), schema, { spill, memoryLimit })
          const lines: number[] = []
          const result: Scalar[][] = []
          for await (const frame of sorted) {
            result.push(...(await rowsOf([frame])))
            lines.push(...frame.source!.lines)
          }
          const key = ([k, n]: Scalar[]) => encodeKeyPrefix(['string', 'int64'], [k!, n!])
          const expected = [...rows].sort((a, b) => Buffer.compare(key(a), key(b)))
          expect(result).toEqual(expected)
          expect(lines).toEqual(expected.map((each) => Number(each[2]) + 2))
          expect(spill.open).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('merges runs that interleave over many blocks', async () => {
    const count = 60_000
    const rows = Array.from({ length: count }, (_, i) => [BigInt((i * 7919) % count), `value ${i}`])
    const frames = Array.from({ length: 60 }, (_, i) =>
      frameFromRows(unique, rows.slice(i * 1000, (i + 1) * 1000)),
    )
    const spill = watchedSpill()
    const result = await rowsOf(sortFrames(frames, unique, { spill, memoryLimit: 200_000 }))
    expect(result.map((row) => row[0])).toEqual(Array.from({ length: count }, (_, i) => BigInt(i)))
    expect(result[7919]![1]).toBe('value 1')
    expect(spill.written).toBeGreaterThan(count * 20)
  })

  it('hands frames in order on as they are, without waiting where that is known', async () => {
    const frames = [0, 1, 2].map((i) => frameFromRows(unique, [[BigInt(i), 'x']]))
    let read = 0
    async function* source() {
      for (const frame of frames) {
        read++
        yield frame
      }
    }
    const sorted = sortFrames(source(), unique, { sorted: true })
    const first = await sorted.next()
    expect(first.value).toBe(frames[0])
    expect(read).toBe(1)
    await sorted.return()
    const all = []
    for await (const frame of sortFrames(frames, unique)) all.push(frame)
    expect(all).toEqual(frames)
  })

  it('hands on what comes before all that is still to come, and no more', async () => {
    const keys = [[1n, 4n], [5n, 9n], [7n, 8n], [20n]]
    const floors = [5n, undefined, 20n, undefined]
    let read = 0
    async function* source() {
      for (const [i, some] of keys.entries()) {
        read++
        const frame = frameFromRows(
          unique,
          some.map((key) => [key, 'x']),
        )
        const floor = floors[i] && encodeKeyPrefix(['int64'], [floors[i]!])
        yield { ...frame, ...(floor && { floor }) }
      }
    }
    const seen: [bigint, number][] = []
    for await (const frame of sortFrames(source(), unique)) {
      for (const key of frame.columns[0]!.values as BigInt64Array) seen.push([key, read])
    }
    // The second and third overlap: they wait for the end.
    expect(seen).toEqual([
      [1n, 1],
      [4n, 1],
      [5n, 4],
      [7n, 4],
      [8n, 4],
      [9n, 4],
      [20n, 4],
    ])
  })

  it('keeps every type through a spill, nulls too', async () => {
    const wide = schemaOf('k:int64 a:bool b:json c:binary d:null e:float32 f:date g:uint64')
    const rows: Scalar[][] = [
      [3n, true, '{"a":1}', Uint8Array.of(0, 255), null, 0.5, -1, 2n ** 64n - 1n],
      [1n, null, null, null, null, null, null, null],
      [2n, false, '[]', Uint8Array.of(), null, Number.NaN, 5, 0n],
    ]
    const frames = rows.map((row) => frameFromRows(wide, [row]))
    for (const spill of [createMemorySpill(), createMemoryStorage()]) {
      const result = await rowsOf(sortFrames(frames, wide, { spill, memoryLimit: 1 }))
      expect(result).toEqual([rows[1], rows[2], rows[0]])
    }
  })

  it('names both lines of two equal keys', async () => {
    const text = 'k,v\n5,a\n1,"b\nc"\n9,d\n1,e\n'
    for (const memoryLimit of [1, 1e9]) {
      const frames = readCsv([bytes(text)], { schema: unique, file: 'a.csv' })
      const fault = await faultOf(() =>
        rowsOf(sortFrames(frames, unique, { spill: createMemorySpill(), memoryLimit })),
      )
      expect(fault.code).toBe('bad-input')
      expect(fault.message).toBe(
        'a.csv:6:1: expected keys that differ, found a second 1 (the other is on line 3)',
      )
      expect(fault.data).toMatchObject({ file: 'a.csv', line: 6, column: 1, firstLine: 3 })
    }
  })

  it('finds equal keys across frames, and rows out of order where order was promised', async () => {
    const frames = [1n, 1n].map((k) => frameFromRows(unique, [[k, 'x']]))
    expect((await faultOf(() => rowsOf(sortFrames(frames, unique)))).message).toBe(
      'expected keys that differ, found a second 1',
    )
    const back = [2n, 1n].map((k) => frameFromRows(unique, [[k, 'x']]))
    const fault = await faultOf(() => rowsOf(sortFrames(back, unique, { sorted: true })))
    expect(fault.message).toBe('expected rows in the order of their keys, found 1 after 2')
  })

  it('names both rows of two equal keys in a table that is no text, through a spill too', async () => {
    const frames: SourceFrame[] = [3n, 1n, 3n].map((key, at) => ({
      ...frameFromRows(unique, [[key, 'x'.repeat(100)]]),
      source: { file: 'a.arrow', lines: Uint32Array.of(at + 1), rows: true },
    }))

    for (const memoryLimit of [1, 1_000_000]) {
      const spill = createMemorySpill()
      const fault = await faultOf(() => rowsOf(sortFrames(frames, unique, { spill, memoryLimit })))

      expect(fault.message).toBe(
        'a.arrow, row 3: expected keys that differ, found a second 3 (the other is row 1)',
      )
      expect(fault.data).toMatchObject({ file: 'a.arrow', row: 3, firstRow: 1 })
    }
  })

  it('names the line of a key that is too long', async () => {
    const text = `k,v\na,1\n${'x'.repeat(1025)},2\n`
    const strings = schemaOf('k:string v:int64')
    const frames = readCsv([bytes(text)], { schema: strings, file: 'a.csv' })
    const fault = await faultOf(() => rowsOf(sortFrames(frames, strings)))
    expect(fault.message).toMatch(/^a\.csv:3:1: a key has/)
  })

  it('gives the spill back when the caller stops early, or the source fails', async () => {
    const frames = [3n, 2n, 1n].map((k) => frameFromRows(unique, [[k, 'x']]))
    const spill = watchedSpill()
    for await (const _ of sortFrames(frames, unique, { spill, memoryLimit: 1 })) break
    function* failing() {
      yield* frames
      throw new Error('cable pulled')
    }
    const options = { spill, memoryLimit: 1 }
    await expect(rowsOf(sortFrames(failing(), unique, options))).rejects.toThrow('cable pulled')
    expect(spill.open).toBe(0)
  })
})
