import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import type { SourceFrame } from '../../src/formats/source-frame.ts'
import { createMemorySpill } from '../../src/formats/spill.ts'
import { splitFrames } from '../../src/formats/split-frames.ts'
import { faultOf, rowsOf, schemaOf } from './csv/support.ts'

const schema = schemaOf('t:int64 name:string v:float64', ['t'])
const options = { file: 'a.csv', column: 'name', check: () => undefined }

function framesOf(rows: Scalar[][], size: number): SourceFrame[] {
  const frames: SourceFrame[] = []
  for (let at = 0; at < rows.length; at += size) {
    const part = rows.slice(at, at + size)
    const lines = Uint32Array.from(part, (_, row) => at + row + 2)
    frames.push({ ...frameFromRows(schema, part), source: { file: 'a.csv', lines } })
  }
  return frames
}

async function all(rows: Scalar[][], size = 4, more = {}) {
  const groups = new Map<string, Scalar[][]>()
  for await (const group of splitFrames(framesOf(rows, size), schema, { ...options, ...more })) {
    groups.set(group.value, await rowsOf(group.frames()))
  }
  return groups
}

describe('splitFrames', () => {
  it('gives the rows of each value in the order of their keys, in memory and beyond', async () => {
    const row = fc.tuple(
      fc.bigInt({ min: -50n, max: 50n }),
      fc.constantFrom('a', 'ab', 'b', 'é', '😀', '\u0000', '__proto__'),
      fc.option(fc.integer({ min: 0, max: 3 })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(row, { selector: ([t, name]) => `${t} ${name}` }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1, 200, undefined),
        async (rows, size, memoryLimit) => {
          const spill = memoryLimit === undefined ? undefined : createMemorySpill()
          const expected = new Map<string, Scalar[][]>()
          for (const [t, name, v] of rows) {
            expected.set(name, [...(expected.get(name) ?? []), [t, v]])
          }
          for (const some of expected.values()) {
            some.sort(([a], [b]) => Number(a! as bigint) - Number(b! as bigint))
          }
          const found = await all(rows, size, { memoryLimit, spill })
          expect([...found]).toEqual([...expected])
        },
      ),
    )
  })

  it('goes on where the rows of a group are not taken', async () => {
    const rows = ['b', 'a', 'b', 'a'].map((name, i): Scalar[] => [BigInt(i), name, i])
    const names: string[] = []
    for await (const { value } of splitFrames(framesOf(rows, 3), schema, options)) names.push(value)
    expect(names).toEqual(['b', 'a'])
  })

  it('gives a group once where its rows are left before the last', async () => {
    const rows = Array.from({ length: 12 }, (_, i): Scalar[] => [BigInt(i), 'ba'[i % 2]!, i])
    const names: string[] = []
    for await (const group of splitFrames(framesOf(rows, 3), schema, {
      ...options,
      memoryLimit: 1,
      spill: createMemorySpill(),
    })) {
      names.push(group.value)
      for await (const _ of group.frames()) break
    }
    expect(names).toEqual(['b', 'a'])
  })

  it.each([
    ['null', [[1n, 'a', 1] as Scalar[], [1n, null, 1]], 3],
    ['the empty text', [[1n, '', 1] as Scalar[]], 2],
    ['equal keys', [[1n, 'a', 1] as Scalar[], [1n, 'b', 1], [1n, 'a', 2]], 4],
  ])('refuses %s, naming the line', async (_, rows, line) => {
    const fault = await faultOf(() => all(rows))
    expect(fault).toMatchObject({ code: 'bad-input', data: { file: 'a.csv', line } })
  })

  it('asks about each value once, and takes no for an answer', async () => {
    const asked: string[] = []
    const check = (value: string) => {
      asked.push(value)
      return value === 'c' ? { expected: 'a or b', hint: 'h' } : undefined
    }
    const rows = ['b', 'a', 'b', 'c', 'b'].map((name, i): Scalar[] => [BigInt(i), name, i])
    const fault = await faultOf(() => all(rows, 2, { check }))
    expect(fault).toMatchObject({ hint: 'h', data: { line: 5, expected: 'a or b' } })
    expect(asked).toEqual(['b', 'a', 'c'])
  })
})
