import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scalar } from '../../src/core/column.ts'
import type { Json } from '../../src/core/settings.ts'
import {
  changeSchema,
  type OpenedRepository,
  openRepository,
  rowsTable,
  setSettings,
  type VarveError,
  writeSeries,
} from '../../src/index.ts'
import { resolveTree } from '../../src/plumbing/resolve-revision.ts'
import { commit } from '../../src/porcelain/commit.ts'
import { breakText, changeBreaks, checkQuality, validate } from '../../src/porcelain/validate.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const SCHEMA = 't:date v:float64'

async function newRepository(rules: Json, rows: [string, number | null][]) {
  const repo = await openRepository('memory:', { author })
  await write(repo, rows, true)
  await setSettings(repo, {
    name: 's',
    values: new Map([['quality', rules]]),
    commit: repo.signed('rules'),
  })
  return repo
}

async function write(repo: OpenedRepository, rows: [string, number | null][], create = false) {
  await writeSeries(repo, {
    series: 's',
    input: rowsTable(SCHEMA, rows),
    create,
    commit: repo.signed('rows'),
  })
}

/** What the last commit breaks that its rows and their neighbours did not break before. */
async function lastBreaks(repo: OpenedRepository, since = 'HEAD~1'): Promise<string[]> {
  const [before, after] = [await resolveTree(repo, since), await resolveTree(repo, 'HEAD')]
  const texts: string[] = []
  for await (const found of changeBreaks(repo.objects, before, after)) texts.push(breakText(found))
  return texts
}

async function allBreaks(repo: OpenedRepository, now = '2020-01-10'): Promise<string[]> {
  const nowNs = BigInt(Date.parse(now)) * 1_000_000n
  const texts: string[] = []
  for await (const found of validate(repo, { rev: 'HEAD', nowNs })) texts.push(breakText(found))
  return texts
}

describe('quality rules', () => {
  it('name series, key, column, value and rule', async () => {
    const repo = await newRepository(
      {
        t: { 'max-gap': '2d', 'stale-after': '3d' },
        v: { 'not-null': true, range: [0, 100], monotonic: 'increasing' },
      },
      [
        ['2020-01-01', 1],
        ['2020-01-02', null],
        ['2020-01-05', 101],
        ['2020-01-06', 7],
      ],
    )

    expect(await allBreaks(repo)).toEqual([
      's 2020-01-02: v is null; not-null: never null',
      's 2020-01-05: t is 2020-01-05 after 2020-01-02; max-gap: at most 2d',
      's 2020-01-05: v is 101; range: 0 to 100',
      's 2020-01-06: v is 7 after 101; monotonic: increasing',
      's 2020-01-06: t is 2020-01-06; stale-after: younger than 3d',
    ])
    expect(await allBreaks(repo, '2020-01-08')).toHaveLength(4)
  })

  it('count a revision by the value before', async () => {
    const repo = await newRepository({ v: { 'max-revision': '10%' } }, [
      ['2020-01-01', 100],
      ['2020-01-02', 100],
    ])

    await write(repo, [
      ['2020-01-01', 110],
      ['2020-01-02', 110.5],
    ])

    const expected = ['s 2020-01-02: v is 110.5 after 100; max-revision: by at most 10%']
    expect(await allBreaks(repo)).toEqual(expected)
    expect(await lastBreaks(repo)).toEqual(expected)
  })

  it('count a revision exactly, and none where a value stays', async () => {
    const repo = await openRepository('memory:', { author })
    const rows = async (schema: string, values: Scalar[][], create = false) =>
      writeSeries(repo, {
        ...{ series: 's', input: rowsTable(schema, values), create },
        commit: repo.signed('rows'),
      })
    const schema = 't:date i:int64 x:float64'
    await rows(schema, [['2020-01-01', 9007199254740992n, Number.NaN]], true)
    const rules = { i: { 'max-revision': 0 }, x: { 'max-revision': '10%' } }
    const values = new Map<string, Json>([['quality', rules]])
    await setSettings(repo, { name: 's', values, commit: repo.signed('rules') })

    await rows(schema, [['2020-01-01', 9007199254740993n, Number.NaN]])

    expect(await lastBreaks(repo)).toEqual([
      's 2020-01-01: i is 9007199254740993 after 9007199254740992; max-revision: by at most 0',
    ])
  })

  it('hold for columns without any value', async () => {
    const repo = await openRepository('memory:', { author })
    const input = rowsTable('t:date v:null', [['2020-01-01', null]])
    await writeSeries(repo, { series: 's', input, create: true, commit: repo.signed('rows') })
    const rules = { v: { 'not-null': true, range: ['1', null] } }
    const values = new Map<string, Json>([['quality', rules]])
    await setSettings(repo, { name: 's', values, commit: repo.signed('rules') })

    expect(await allBreaks(repo)).toEqual(['s 2020-01-01: v is null; not-null: never null'])
  })

  it('refuse a commit for what it changes alone', async () => {
    const repo = await newRepository({ v: { range: [0, null] }, t: { 'max-gap': '1d' } }, [
      ['2020-01-01', -1],
      ['2020-01-09', -2],
      ['2020-01-10', 3],
    ])

    await write(repo, [['2020-01-11', 4]])
    expect(await lastBreaks(repo)).toEqual([])
    await write(repo, [['2020-01-13', -5]])
    expect(await lastBreaks(repo)).toEqual([
      's 2020-01-13: v is -5; range: at least 0',
      's 2020-01-13: t is 2020-01-13 after 2020-01-11; max-gap: at most 1d',
    ])
    const [before, after] = [await resolveTree(repo, 'HEAD~1'), await resolveTree(repo, 'HEAD')]
    const refused = checkQuality(repo.objects, before, after)
    await expect(refused).rejects.toMatchObject({
      code: 'refused',
      data: { breaks: [{ series: 's', rule: 'range', key: ['2020-01-13'] }, { rule: 'max-gap' }] },
    } satisfies Partial<VarveError> as object)
  })

  it('refuse a new column without values where none may be missing', async () => {
    const repo = await newRepository({ v: { range: [0, null] } }, [
      ['2020-01-01', 1],
      ['2020-01-02', 2],
    ])
    const rules = { w: { 'not-null': true } }
    const edit = { kind: 'add-column', column: { name: 'w', type: 'int8' } } as const
    await changeSchema(repo, { series: 's', edit, commit: repo.signed('a column') })
    const values = new Map([['quality', rules]])
    await setSettings(repo, { name: 's', values, commit: repo.signed('rules') })

    expect(await lastBreaks(repo, 'HEAD~2')).toEqual([
      's 2020-01-01: w is null; not-null: never null',
      's 2020-01-02: w is null; not-null: never null',
    ])
  })

  it('find at a commit what reading all finds new', async () => {
    const value = fc.option(fc.integer({ min: -3, max: 3 }), { nil: null })
    const rows = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 28 }), value), {
      selector: ([day]) => day,
      minLength: 1,
      maxLength: 6,
    })
    const dated = (some: [number, number | null][]) =>
      some.map(([day, v]): [string, number | null] => [
        `2020-02-${String(day).padStart(2, '0')}`,
        v,
      ])
    await fc.assert(
      fc.asyncProperty(rows, rows, async (first, second) => {
        const repo = await newRepository(
          { t: { 'max-gap': '3d' }, v: { monotonic: 'increasing', range: [-2, 2] } },
          dated(first),
        )
        const known = new Set(await allBreaks(repo))
        await write(repo, dated(second))

        const touched = new Set(dated(second).map(([day]) => day))
        const after = await allBreaks(repo)
        const found = new Set(await lastBreaks(repo))

        for (const one of after) if (!known.has(one)) expect(found).toContain(one)
        for (const one of found) {
          expect(after).toContain(one)
          const isTouched = [...touched].some((day) => one.includes(day))
          expect(isTouched || !known.has(one)).toBe(true)
        }
      }),
      { numRuns: 25 },
    )
  })

  it.each([
    [{ v: { range: [1] } }, 'two ends for range'],
    [{ v: { nonnull: true } }, 'one of not-null'],
    [{ v: { 'max-gap': '1d' } }, 'first index column'],
    [{ t: { 'max-gap': '1 fortnight' } }, 'a length for max-gap'],
    [{ t: { range: ['yesterday', null] } }, 'an end of its range'],
    [{ v: { range: [10, 0] } }, 'its range ends before it begins'],
    [{ t: { range: ['2021-01-01', '2020-12-31'] } }, 'its range ends before it begins'],
    [{ w: { 'not-null': true } }, 'no column "w"'],
  ])('that make no sense are not set: %j', async (rules, reason) => {
    await expect(newRepository(rules as Json, [['2020-01-01', 1]])).rejects.toThrow(reason)
  })
})

describe('the check of a commit', () => {
  it('comes after the hook and before anything is committed', async () => {
    const { newRepository: plain } = await import('../support/repositories.ts')
    const repo = await plain({ workTree: true })
    await writeSeries(repo, {
      series: 's',
      input: rowsTable(SCHEMA, [['2020-01-01', 1]]),
      create: true,
    })
    const asked: string[] = []
    const options = {
      committer: { ...author, seconds: 1, offsetMinutes: 0 },
      hook: async (name: string) => void asked.push(name),
      check: async () => {
        asked.push('check')
        throw new Error('no')
      },
    }

    await expect(commit(repo, options)).rejects.toThrow('no')
    const { check: _, ...unchecked } = options
    await commit(repo, unchecked)

    expect(asked).toEqual(['pre-commit', 'check', 'pre-commit'])
  })
})
