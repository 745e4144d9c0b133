import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import { parseScalar } from '../../src/core/scalar-text.ts'
import type { Frame } from '../../src/core/schema.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { updateIndex } from '../../src/plumbing/update-index.ts'
import { namesMany, type ReadManyOptions, readManySeries } from '../../src/porcelain/read-many.ts'
import { readSeriesRows } from '../../src/porcelain/read-rows.ts'
import { collect, newRepository } from '../support/repositories.ts'
import { build, type Row, rowsOf, schemaOf } from '../support/series.ts'
import { commitStaged } from '../support/staging.ts'

const now = { seconds: 1_800_000_000, offsetMinutes: 0 }

/** Stages series given as `name: [schema, rows]`. */
async function put(
  repo: Repository,
  series: Readonly<Record<string, readonly [schema: string, rows: readonly Row[]]>>,
  options?: { indexCount?: number; duplicates?: boolean },
): Promise<void> {
  const batch = await repo.objects.begin()
  const edits = []
  for (const [path, [schema, rows]] of Object.entries(series)) {
    const id = await build(batch, schemaOf(schema, options), rows)
    edits.push({ kind: 'series', path, id } as const)
  }
  await batch.publish()
  await updateIndex(repo, { edits })
}

async function rowsIn(frames: AsyncIterable<Frame>): Promise<Scalar[][]> {
  return (await collect(frames)).flatMap(rowsOf)
}

const numbers = (count: number, from = 0): Row[] =>
  Array.from({ length: count }, (_, i) => [
    BigInt(from + i),
    (from + i) % 7 === 3 ? null : from + i,
  ])

describe('reading rows of a series', () => {
  let repo: Repository
  beforeAll(async () => {
    repo = await newRepository({ workTree: true })
    await put(repo, { a: ['t:int64 v:float64', numbers(50)] })
  })

  const wholeNumber = fc.option(fc.nat(60), { nil: undefined })
  const window = fc
    .record({ offset: wholeNumber, limit: wholeNumber, tail: wholeNumber })
    .filter(({ offset, tail }) => offset === undefined || tail === undefined)
  const slice = (
    rows: readonly Row[],
    { offset = 0, limit, tail }: { offset?: number; limit?: number; tail?: number },
  ) => {
    const start = tail === undefined ? offset : Math.max(rows.length - tail, 0)
    return rows.slice(start).slice(0, limit)
  }

  it('offset, limit and tail are a slice, of the rows that a condition leaves too', async () => {
    const where = fc.constantFrom(undefined, 'v > 20', 't >= 10 and t < 12', 'v is null', 't < 0')
    const kept = (condition: string | undefined) =>
      numbers(50).filter(([t, v]) => {
        if (condition === undefined) return true
        if (condition === 'v > 20') return v !== null && (v as number) > 20
        if (condition === 'v is null') return v === null
        return condition !== 't < 0' && (t === 10n || t === 11n)
      })
    await fc.assert(
      fc.asyncProperty(window, where, async (options, condition) => {
        const found = await readSeriesRows(repo, { name: 'a', now, ...options, where: condition })
        const expected = slice(kept(condition), options as object)
        expect(await rowsIn(found.frames())).toEqual(expected)
        if (condition === undefined) expect(found.rows).toBe(expected.length)
      }),
      { numRuns: 200 },
    )
  })

  it('a window over several series is a slice of all their rows', async () => {
    await put(repo, {
      'w/a': ['t:int64 v:float64', numbers(5)],
      'w/b': ['t:int64 v:float64', []],
      'w/c': ['t:int64 v:float64', numbers(13, 5)],
      'w/d': ['t:int64 v:float64', numbers(6, 2)],
    })
    const bounds = fc.constantFrom({}, { from: '3' }, { from: '4', to: '8' })
    await fc.assert(
      fc.asyncProperty(window, bounds, fc.boolean(), async (options, range, filtered) => {
        const selection = { names: ['w/'], now, ...range, ...(filtered && { where: 'v > 4' }) }
        const all = await rowsIn((await readManySeries(repo, selection)).frames())
        const found = await readManySeries(repo, { ...selection, ...options })
        const expected = slice(all, options as object)
        expect(await rowsIn(found.frames())).toEqual(expected)
        if (found.rows !== undefined && !filtered) expect(found.rows).toBe(expected.length)
      }),
      { numRuns: 200 },
    )
  })

  it('reads columns that only the condition needs, and leaves them out', async () => {
    await put(repo, {
      wide: [
        't:int64 a:float64 b:string c:bool',
        [
          [1n, 1, 'x', true],
          [2n, 2, 'y', false],
        ],
      ],
    })
    const found = await readSeriesRows(repo, {
      name: 'wide',
      now,
      columns: ['b'],
      where: "c = false and a > 1 or b = 'z'",
    })
    expect(found.schema.columns.map(({ name }) => name)).toEqual(['t', 'b'])
    expect(await rowsIn(found.frames())).toEqual([[2n, 'y']])
  })

  it('reads no more than the keys that the condition leaves', async () => {
    let read = 0
    const onRows = (rows: number) => {
      read += rows
    }
    const where = 't >= 8 and v > 0 and t <= 9 and t <> 8'
    const found = await readSeriesRows(repo, { name: 'a', now, where, to: '40', onRows })
    expect(await rowsIn(found.frames())).toEqual([[9n, 9]])
    expect([read, found.rows]).toEqual([2, 2])
  })

  it.each([
    [{ where: 'x > 1' }, 'there is no column "x"'],
    [{ columns: ['v'], where: 'w > 1' }, 'there is no column "w"'],
    [{ columns: ['w'] }, 'there is no column "w" in a'],
    [{ offset: 1, tail: 1 }, '--offset counts from the first row'],
    [{ limit: -1 }, '--limit takes a whole number'],
    [{ tail: 1.5 }, '--tail takes a whole number'],
    [{ where: ' ' }, '--where is empty'],
  ])('%j is refused', async (options, message) => {
    await expect(readSeriesRows(repo, { name: 'a', now, ...options })).rejects.toThrow(message)
  })

  it('ends when it is told to, though no row goes out', async () => {
    const abort = new AbortController()
    const onRows = () => abort.abort()
    const { signal } = abort
    const found = await readSeriesRows(repo, { name: 'a', now, where: 'v > 1e9', onRows, signal })
    await expect(rowsIn(found.frames())).rejects.toMatchObject({ code: 'interrupted' })
  })
})

describe('reading several series', () => {
  let repo: Repository
  beforeAll(async () => {
    repo = await newRepository({ workTree: true })
    await put(repo, {
      'sensors/b': [
        't:int64 temp:float64',
        [
          [1n, 20],
          [2n, null],
        ],
      ],
      'sensors/a': ['t:int64 rain:int32 temp:int32', [[1n, 0, 5]]],
      'sensors/deep/c': ['t:int64 rain:uint8', [[0n, 255]]],
      'sensors-old': ['t:int64 temp:float64', [[9n, 9]]],
    })
  })
  const read = async (options: Partial<ReadManyOptions> & { names: string[] }) => {
    const found = await readManySeries(repo, { now, ...options })
    return {
      ...found,
      columns: found.schema.columns.map(({ name, type }) => `${name}:${type}`).join(' '),
      all: await rowsIn(found.frames()),
    }
  }

  it('joins columns by name, in a type that holds all, and says which series', async () => {
    const { columns, all, series, rows, schema } = await read({ names: ['sensors/'] })
    expect(columns).toBe('series:string t:int64 rain:int32 temp:float64')
    expect(all).toEqual([
      ['sensors/a', 1n, 0, 5],
      ['sensors/b', 1n, null, 20],
      ['sensors/b', 2n, null, null],
      ['sensors/deep/c', 0n, 255, null],
    ])
    expect([series, rows, schema.indexCount]).toEqual([3, 4, 2])
  })

  it('reads each once, in the order of their names, whatever the order of the words', async () => {
    const { all } = await read({ names: ['sensors/b', 'sensors/', 'sensors-old', 'sensors/b'] })
    expect(all.map(([name]) => name)).toEqual([
      'sensors-old',
      'sensors/a',
      'sensors/b',
      'sensors/b',
      'sensors/deep/c',
    ])
    expect((await read({ names: ['.'] })).all).toEqual(all)
  })

  it('selects columns in the order given, and leaves those that do not go together', async () => {
    await put(repo, {
      'odd/a': ['t:int64 x:int64 note:string', [[1n, 1n, 'n']]],
      'odd/b': ['t:int64 x:int64 note:float64', [[1n, 2n, 3]]],
    })
    await expect(read({ names: ['odd/'] })).rejects.toMatchObject({
      code: 'schema-mismatch',
      message: 'note is string in odd/a and float64 in odd/b',
      hint: '--select names the columns to read',
    })
    expect((await read({ names: ['odd/'], columns: ['x'] })).all).toEqual([
      ['odd/a', 1n, 1n],
      ['odd/b', 1n, 2n],
    ])
    const { columns } = await read({ names: ['sensors/'], columns: ['temp', 'rain'] })
    expect(columns).toBe('series:string t:int64 temp:float64 rain:int32')
  })

  it('takes conditions on columns that some lack, and on the series', async () => {
    expect((await read({ names: ['sensors/'], where: 'rain > 3' })).all).toHaveLength(1)
    expect((await read({ names: ['sensors/'], where: 'rain is null' })).all).toHaveLength(2)
    let rows = 0
    const only = await read({
      names: ['sensors/'],
      where: "series >= 'sensors/b' and series < 'sensors/c' and t = 2",
      onRows: (count) => {
        rows += count
      },
    })
    expect(only.all).toEqual([['sensors/b', 2n, null, null]])
    expect(rows).toBe(1)
    const names = { names: ['sensors/'], columns: ['rain'], where: "series = 'sensors/a'" }
    expect((await read(names)).all).toEqual([['sensors/a', 1n, 0]])
  })

  it('reads past states, all of one revision or each of its own', async () => {
    await commitStaged(repo, 'first')
    await put(repo, { 'sensors/b': ['t:int64 temp:float64', [[1n, 21]]] })
    const { all } = await read({ names: ['HEAD:sensors/b', 'sensors/b'], columns: ['temp'] })
    expect(all).toEqual([
      ['HEAD:sensors/b', 1n, 20],
      ['HEAD:sensors/b', 2n, null],
      ['sensors/b', 1n, 21],
    ])
    expect((await read({ names: ['sensors/'], rev: 'HEAD' })).all[1]).toEqual([
      'sensors/b',
      1n,
      null,
      20,
    ])
    expect((await read({ names: ['HEAD:'], columns: ['temp'] })).series).toBeGreaterThan(3)
  })

  it('takes times of conditions and bounds by the clocks of the series, or as asked', async () => {
    const zoned = await newRepository({ workTree: true })
    const times = ['2026-08-16T22:00Z', '2026-08-17T00:00Z'].map((at) =>
      parseScalar(at, 'timestamp_s'),
    )
    const schema = 't:timestamp_s v:float64'
    await put(zoned, { 'z/a': [schema, times.map((at, i) => [at, i])], 'z/b': [schema, []] })
    const [first] = times
    for (const where of ['t < 2026-08-17T01:00', 't < 2026-08-17T01:00 and v >= 0']) {
      const selection = { now, where, zone: 'Europe/Brussels' }
      const one = await readSeriesRows(zoned, { name: 'z/a', ...selection })
      expect(await rowsIn(one.frames())).toEqual([[first, 0]])
      const many = await readManySeries(zoned, { names: ['z/'], ...selection })
      expect(await rowsIn(many.frames())).toEqual([['z/a', first, 0]])
      expect(many.zone).toBe('Europe/Brussels')
    }
  })

  it.each([
    [['sensors', 'sensors-old'], 'sensors/ is a collection, not a series'],
    [['sensors/', 'sensor-old'], 'no series "sensor-old"'],
    [['nowhere/'], 'no series "nowhere/"'],
  ])('%j is refused', async (names, message) => {
    await expect(read({ names })).rejects.toThrow(message)
  })

  it('refuses index columns that differ, a column called series and a misspelled one', async () => {
    await put(repo, {
      'x/a': ['t:int64 v:float64', []],
      'x/b': ['day:int64 v:float64', []],
      'y/a': ['t:int64 series:string v:float64', [[1n, 's', 2]]],
      'y/b': ['t:int64 v:float64', [[1n, 2]]],
    })
    await expect(read({ names: ['x/'] })).rejects.toThrow('the index of x/a is t, and that of x/b')
    await expect(read({ names: ['y/'] })).rejects.toThrow('y/a has a column called series itself')
    expect((await read({ names: ['y/'], columns: ['v'] })).all).toHaveLength(2)
    const misspelled = { code: 'column-not-found', hint: 'did you mean v?' }
    await expect(read({ names: ['y/'], columns: ['vv'] })).rejects.toMatchObject(misspelled)
    await expect(read({ names: ['y/'], where: 'vv is nan' })).rejects.toMatchObject(misspelled)
    await expect(read({ names: ['sensors/'], columns: ['tmp'] })).rejects.toMatchObject({
      code: 'column-not-found',
      hint: 'did you mean temp?',
    })
  })

  it('refuses a value that the common type would round', async () => {
    await put(repo, {
      'z/a': ['t:int64 n:int64', [[1n, 2n ** 53n + 1n]]],
      'z/b': ['t:int64 n:float64', [[1n, 0.5]]],
    })
    await expect(read({ names: ['z/'] })).rejects.toMatchObject({
      code: 'schema-mismatch',
      message: expect.stringContaining('n of z/a is int64'),
    })
  })

  it('says which words mean several', () => {
    expect([['a', 'b'], ['a/'], ['.'], ['HEAD:'], ['v1:a/']].every(namesMany)).toBe(true)
    expect([['a'], ['HEAD:a'], ['']].some(namesMany)).toBe(false)
  })

  it('is the rows of each, one after another', async () => {
    const type = fc.constantFrom('int8', 'int32', 'float64', 'uint16')
    const series = fc.record({
      type,
      other: fc.boolean(),
      rows: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(series, { minLength: 1, maxLength: 6 }), async (all) => {
        const fresh = await newRepository({ workTree: true })
        const names = all.map((_, i) => `many/s${i}`)
        const entries = all.map(({ type: of, other, rows }, i): [string, [string, Row[]]] => {
          const keyed = rows.map((v, at): Row => [BigInt(at), v, ...(other ? [`${v}`] : [])])
          return [names[i]!, [`t:int64 v:${of}${other ? ' o:string' : ''}`, keyed]]
        })
        await put(fresh, Object.fromEntries(entries))
        const expected: Scalar[][] = []
        const some = all.some(({ other }) => other)
        for (const [i, name] of names.entries()) {
          const one = await readSeriesRows(fresh, { name, now })
          for (const row of await rowsIn(one.frames())) {
            expected.push([name, ...row, ...(some && !all[i]!.other ? [null] : [])])
          }
        }
        const together = await readManySeries(fresh, { names: ['many/'], now })
        const position = together.schema.columns.findIndex(({ name }) => name === 'o')
        expect(position === -1).toBe(!some)
        expect(await rowsIn(together.frames())).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })
})
