import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VarveError } from '../../src/core/errors.ts'
import { lookupPath } from '../../src/core/tree.ts'
import type { InputTable } from '../../src/formats/table.ts'
import { rowsTable } from '../../src/library/tables.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { type WriteMode, writeModes } from '../../src/porcelain/laid-rows.ts'
import { materialiseFiles } from '../../src/porcelain/materialise-files.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { type WriteSplitOptions, writeSplit } from '../../src/porcelain/write-split.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { committed, everythingOf, pipe, prune, staged, table } from '../support/tables.ts'

const request = { author: ann(10), committer: ann(20) }
const ROWS = 'sensor,t,v\nb,2,20\na,1,10\nb,1,11\n'

type Options = Partial<WriteSplitOptions>

async function split(repo: Repository, input: string | InputTable, options: Options = {}) {
  const given = typeof input === 'string' ? pipe(input) : input
  return writeSplit(repo, { input: given, splitBy: 'sensor', into: 's/', ...options })
}

async function withSeries(rows = ROWS): Promise<Repository> {
  const repo = await newRepository({ workTree: true })
  await split(repo, rows, { create: true })
  return repo
}

async function faultOf(work: () => Promise<unknown>): Promise<VarveError> {
  try {
    await work()
  } catch (error) {
    return error as VarveError
  }
  throw new Error('there was no fault')
}

const treeOf = async (repo: Repository) => (await readIndex(repo)).state.tree

describe('writeSplit', () => {
  it('makes a series of the rows of each value, without its column', async () => {
    const repo = await newRepository({ workTree: true })
    const { series } = await split(repo, ROWS, { create: true })
    expect(series.map(({ series, state, rows }) => [series, state, rows])).toEqual([
      ['s/a', 'new', 1],
      ['s/b', 'new', 2],
    ])
    expect(await staged(repo, 's/b')).toBe('t,v\n1,11\n2,20\n')
  })

  it('takes rows in memory, also such as come once, for new series and for those that are there', async () => {
    const repo = await newRepository({ workTree: true })
    const schema = 't:int64 sensor:string v:int64'
    await split(
      repo,
      rowsTable(schema, [
        [2, 'b', 20],
        [1, 'a', 10],
      ]),
      { create: true },
    )
    await split(repo, rowsTable(schema, new Set([[1, 'b', 11]])))
    expect(await staged(repo, 's/a')).toBe('t,v\n1,10\n')
    expect(await staged(repo, 's/b')).toBe('t,v\n1,11\n2,20\n')
  })

  it('is what writing the rows of each value by itself is, in any order and mode', async () => {
    const row = fc.record({
      sensor: fc.constantFrom('a', '07', 'B b', 'é', '__proto__', 'constructor'),
      t: fc.integer({ min: -5, max: 20 }),
      v: fc.option(fc.integer({ min: -9, max: 9 })),
    })
    const rows = fc.uniqueArray(row, {
      selector: ({ sensor, t }) => `${sensor} ${t}`,
      minLength: 1,
      maxLength: 40,
    })
    type Row = { sensor: string; t: number; v: number | null }
    const lines = (some: readonly Row[]) => some.map(({ t, v }) => `${t},${v ?? ''}\n`).join('')
    await fc.assert(
      fc.asyncProperty(
        rows,
        rows,
        fc.constantFrom(...writeModes),
        fc.boolean(),
        async (first, second, given, reversed) => {
          const [one, each] = [await newRepository(), await newRepository()]
          const settings = { ...request, message: 'm' }
          for (const [at, some] of [first, second].entries()) {
            // An append that does not lie past the end is another test.
            const mode = at === 0 || given === 'append' ? 'upsert' : given
            const options = {
              mode,
              create: true,
              commit: settings,
              schema: 't:int64 v:float64',
            } as const
            const text = some.map((r) => `${r.t},${r.sensor},${r.v ?? ''}\n`)
            const table = `t,sensor,v\n${(reversed ? text.reverse() : text).join('')}`
            await split(one, table, options)
            for (const sensor of new Set(some.map((r) => r.sensor))) {
              const own = lines(some.filter((r) => r.sensor === sensor))
              const input = pipe(`t,v\n${own}`)
              await writeSeries(each, { series: `s/${sensor}`, input, ...options })
            }
          }
          const tree = async (repo: Repository) => {
            const id = (await repo.refs.state()).refs.get('refs/heads/main')!
            const commit = Buffer.from(await repo.objects.read(id, 'commit')).toString('latin1')
            return commit.slice(0, 37)
          }
          const [a, b] = [await tree(one), await tree(each)]
          expect(a).toBe(b)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('gives all new series the same columns, inferred from all rows', async () => {
    const repo = await withSeries('sensor,t,v\na,1,1\nb,1,x\n')
    expect(await staged(repo, 's/a')).toBe('t,v\n1,1\n')
    const entry = await lookupPath(repo.objects, await treeOf(repo), 's/a')
    const again = await split(repo, 'sensor,t,v\na,2,y\n')
    expect(entry).toBeDefined()
    expect(again.series[0]).toMatchObject({ state: 'changed', counts: { appended: 1 } })
  })

  it('takes the index from the first column that stays, or as told', async () => {
    const repo = await withSeries('sensor,t,u,v\na,1,1,5\na,1,2,6\n').catch((error) => error)
    expect(repo).toMatchObject({ code: 'bad-input', data: { line: 3, firstLine: 2 } })
    const other = await newRepository({ workTree: true })
    const rows = 'sensor,t,u,v\na,1,2,6\na,1,1,5\n'
    await split(other, rows, { create: true, index: ['u', 't'] })
    expect(await staged(other, 's/a')).toBe('u,t,v\n1,1,5\n2,1,6\n')
  })

  it('commits all of it as one commit', async () => {
    const repo = await newRepository({ workTree: true })
    const result = await split(repo, ROWS, { create: true, commit: request })
    expect(result.commit).toBeDefined()
    expect(await committed(await prune(repo), 's/a')).toBe('t,v\n1,10\n')
  })

  it.each([
    ['no value', 'sensor,t,v\na,1,1\n,2,2\n', 3],
    ['a slash', 'sensor,t,v\na,1,1\nx/y,2,2\n', 3],
    ['dots', 'sensor,t,v\n..,1,1\n', 2],
    ['a device', 'sensor,t,v\na,1,1\na,2,1\nCON,2,2\n', 4],
    ['a control character', 'sensor,t,v\na,1,1\n"a\u0001",2,2\n', 3],
    ['a space at the end', 'sensor,t,v\n"a ",2,2\n', 2],
    ['a second row with its key', 'sensor,t,v\na,1,1\nb,1,1\na,1,2\n', 4],
    ['a cell that is no number', 'sensor,t,v\na,1,1\nb,1,x\n', 3],
  ])('refuses %s, naming the line, and changes nothing', async (_, rows, line) => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    const fault = await faultOf(() => split(repo, rows, { create: true }))
    expect(fault).toMatchObject({ code: 'bad-input', data: { line } })
    expect(await everythingOf(repo)).toEqual(before)
  })

  it('refuses series that are not there, columns that they lack, and a column that is none', async () => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    const missing = await faultOf(() => split(repo, 'sensor,t,v\nc,1,1\n'))
    expect(missing).toMatchObject({ code: 'series-not-found', data: { series: 's/c' } })
    expect(missing.hint).toMatch('--create')
    const column = await faultOf(() => split(repo, 'sensor,t,w\na,1,1\n'))
    expect([column.data, column.hint]).toEqual([
      expect.objectContaining({ unknown: 'w' }),
      expect.stringContaining('--add-column'),
    ])
    const none = await faultOf(() => split(repo, ROWS, { splitBy: 'senser' }))
    expect(none).toMatchObject({ code: 'column-not-found', hint: 'did you mean sensor?' })
    const index = await faultOf(() => split(repo, ROWS, { splitBy: 't' }))
    expect(index.code).toBe('schema-mismatch')
    expect(await everythingOf(repo)).toEqual(before)
  })

  it('adds columns to the series that it touches, and widens where values need it', async () => {
    const repo = await withSeries()
    const { series } = await split(repo, 'sensor,t,w\na,2,1\n', { addColumns: true })
    expect(series[0]?.schemaChanges).toEqual([
      { kind: 'added', column: expect.objectContaining({ name: 'w' }) },
    ])
    expect(await staged(repo, 's/a')).toBe('t,v,w\n1,10,\n2,,1\n')
    expect(await staged(repo, 's/b')).toBe('t,v\n1,11\n2,20\n')
    // Of the series it is known to one, and still missing in the other.
    const fault = await faultOf(() => split(repo, 'sensor,t,w\nb,2,1\n'))
    expect(fault).toMatchObject({ code: 'column-not-found', data: { series: 's/b', column: 'w' } })
  })

  it('reads rows in the types of each series, as far as they hold the values', async () => {
    const repo = await newRepository({ workTree: true })
    for (const [name, type] of [
      ['a', 'float64'],
      ['b', 'int32'],
    ]) {
      const schema = `t:int64 v:${type}`
      await writeSeries(repo, {
        series: `s/${name}`,
        input: pipe('t,v\n1,1\n'),
        create: true,
        schema,
      })
    }
    const { series } = await split(repo, 'sensor,t,v\na,2,2.5\nb,2,3\n')
    expect(series.map(({ schemaChanges }) => schemaChanges)).toEqual([
      [],
      [{ kind: 'retyped', name: 'v', from: 'int32', to: 'float64' }],
    ])
    expect(await staged(repo, 's/b')).toBe('t,v\n1,1\n2,3\n')
  })

  it('refuses an append before the end, naming the line', async () => {
    const repo = await withSeries()
    const rows = 'sensor,t,v\na,9,1\nb,3,1\nb,2,1\n'
    const fault = await faultOf(() => split(repo, rows, { mode: 'append' }))
    expect(fault).toMatchObject({ code: 'refused', data: { line: 4 } })
  })

  it('rewrites the files that series have, and refuses where one was changed by hand', async () => {
    const repo = await withSeries()
    await materialiseFiles(repo, { series: ['s/a'] })
    await split(repo, 'sensor,t,v\na,1,12\nb,1,13\n')
    const file = join(repo.workTree!.root, 's/a.csv')
    expect(readFileSync(file, 'utf8')).toBe('t,v\n1,12\n')
    writeFileSync(file, 't,v\n1,99\n')
    const before = await everythingOf(repo)
    const fault = await faultOf(() => split(repo, 'sensor,t,v\na,1,14\nb,1,14\n'))
    expect(fault).toMatchObject({ code: 'refused', data: { files: ['s/a.csv'] } })
    expect(await everythingOf(repo)).toEqual(before)
    await split(repo, 'sensor,t,v\nb,1,14\n')
    expect(await staged(repo, 's/b')).toBe('t,v\n1,14\n2,20\n')
  })

  it('only says what would happen', async () => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    const result = await split(repo, 'sensor,t,v\na,1,9\n', { dryRun: true })
    expect(result).toMatchObject({ dryRun: true, series: [{ counts: { revised: 1 } }] })
    expect(await everythingOf(repo)).toEqual(before)
  })

  describe('when somebody else writes at the same moment', () => {
    const rows = 'sensor,t,v\na,1,12\nb,1,13\n'
    const options = { commit: request, create: true } as const
    /** Others write as soon as the table is opened: the tip was read before that. */
    const race = async (other: string, mode: WriteMode = 'upsert') => {
      const repo = await newRepository()
      await split(repo, ROWS, options)
      const { open, ...rest } = table(rows)
      let isOpen = false
      const input: InputTable = {
        ...rest,
        async *open() {
          if (!isOpen) {
            isOpen = true
            await split(repo, other, options)
          }
          yield* open()
        },
      }
      return { repo, written: await split(repo, input, { ...options, mode }).catch((e) => e) }
    }

    it('lays its rows over what came in, where they are about other keys', async () => {
      const { repo, written } = await race('sensor,t,v\nb,2,21\nc,1,1\n')
      expect(written).toMatchObject({ series: [{ counts: { revised: 1 } }, { rows: 2 }] })
      expect(await committed(repo, 's/b')).toBe('t,v\n1,13\n2,21\n')
      expect(await committed(repo, 's/c')).toBe('t,v\n1,1\n')
    })

    it.each([
      ['a key that both wrote', 'sensor,t,v\nb,1,21\n', 'upsert'],
      ['a row in what was replaced', 'sensor,t,v\nb,7,21\n', 'replace'],
    ] as const)('ends with a conflict for %s', async (_, other, mode) => {
      const { written } = await race(other, mode)
      expect(written).toMatchObject({ code: 'conflict', data: { series: 's/b' } })
    })

    it('ends with a conflict where both made the series', async () => {
      const repo = await newRepository()
      const given = table(ROWS)
      let isOpen = false
      const input: InputTable = {
        ...given,
        async *open() {
          if (!isOpen) {
            isOpen = true
            await split(repo, 'sensor,t,v\na,9,9\n', options)
          }
          yield* given.open()
        },
      }
      const fault = await faultOf(() => split(repo, input, options))
      expect(fault).toMatchObject({ code: 'conflict', data: { series: 's/a' } })
    })
  })
})
