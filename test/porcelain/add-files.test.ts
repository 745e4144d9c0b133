import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { VarveError } from '../../src/core/errors.ts'
import { parseSchemaText, schemaToJson } from '../../src/core/schema-codec.ts'
import type { InputTable } from '../../src/formats/table.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { type AddFilesOptions, addFiles } from '../../src/porcelain/add-files.ts'
import { createSeries } from '../../src/porcelain/create-series.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { committed, everythingOf, pipe, prune, staged, table } from '../support/tables.ts'

const PRICES = 'Date,Price\n2026-08-14,65.5\n2026-08-17,65.98\n'

const withTree = () => newRepository({ workTree: true })

async function add(
  repo: Repository,
  series: string,
  input: string | InputTable,
  options: AddFilesOptions = {},
) {
  const file = { series, input: typeof input === 'string' ? table(input, `${series}.csv`) : input }
  const result = await addFiles(repo, [file], options)
  return result.series[0]!
}

async function faultOf(work: () => Promise<unknown>): Promise<VarveError> {
  try {
    await work()
  } catch (error) {
    return error as VarveError
  }
  throw new Error('there was no fault')
}

/** Rows `1…count`, without those that `without` names. */
function counted(count: number, without: (n: number) => boolean = () => false): string {
  const rows = Array.from({ length: count }, (_, n) => n + 1).filter((n) => !without(n))
  return `k,v\n${rows.map((n) => `${n},${n / 4}\n`).join('')}`
}

async function inTree(repo: Repository, file: string, text: string) {
  writeFileSync(join(repo.workTree!.root, file), text)
  const bytes = Buffer.byteLength(text)
  return { name: file, bytes, open: () => repo.workTree!.read(file) }
}

describe('addFiles', () => {
  it('offers another index for two rows of one key where the series is new, not where it is there', async () => {
    const repo = await withTree()
    const twice = 'day,site,v\n2026-01-01,a,1\n2026-01-01,b,2\n'
    const hintOf = async (series: string) => (await faultOf(() => add(repo, series, twice))).hint
    expect(await hintOf('new')).toContain('a new series may be told apart by more columns')
    await add(repo, 'known', 'day,site,v\n2026-01-01,a,1\n')
    expect(await hintOf('known')).toContain('a series keeps its index: leave one of the two rows')
    await add(repo, 'wider', 'day,v\n2026-01-01,1\n')
    expect(await hintOf('wider')).toContain('a series keeps its index: leave one of the two rows')
  })

  it('says what it inferred of a new series, and stages it', async () => {
    const repo = await withTree()
    const added = await add(repo, 'brent-daily', `${PRICES},\n`)
    expect(added).toMatchObject({
      series: 'brent-daily',
      state: 'new',
      rows: 2,
      counts: { appended: 2, backfilled: 0, revised: 0, deleted: 0 },
      schema: {
        columns: [
          { name: 'Date', type: 'date' },
          { name: 'Price', type: 'float64' },
        ],
        index: ['Date'],
        duplicates: false,
      },
      first: ['2026-08-14'],
      last: ['2026-08-17'],
      emptyRows: 1,
    })
    expect(await staged(repo, 'brent-daily')).toBe(PRICES)
    expect((await readIndex(repo)).state.files.size).toBe(0)
  })

  it('makes a series that is there equal to the file, and says what differs', async () => {
    const repo = await withTree()
    await add(repo, 's', 'k,v\n1,1\n3,3\n4,4\n')
    const next = 'v,k\n6,6\n2,2\n1,1\n33,3\n'
    expect(await add(repo, 's', next)).toMatchObject({
      state: 'changed',
      counts: { appended: 1, backfilled: 1, revised: 1, deleted: 1 },
    })
    expect(await staged(repo, 's')).toBe('k,v\n1,1\n2,2\n3,33\n6,6\n')
    const before = await everythingOf(repo)
    expect(await add(repo, 's', next)).toMatchObject({ state: 'unchanged' })
    expect(await everythingOf(repo)).toEqual(before)
  })

  it('adds many files or none', async () => {
    const repo = await withTree()
    const good = { series: 'a/b', input: table(PRICES, 'b.csv') }
    const bad = { series: 'c', input: table('k,v\n1,2\n2\n', 'c.csv') }
    const before = await everythingOf(repo)
    const fault = await faultOf(() => addFiles(repo, [good, bad]))
    expect(fault.data).toMatchObject({ file: 'c.csv', line: 3, found: '1', expected: '2 cells' })
    expect(await everythingOf(repo)).toEqual(before)
    const other = { series: 'c', input: table('k,v\n1,2\n', 'c.csv') }
    expect((await addFiles(repo, [good, other])).series.map(({ state }) => state)).toEqual([
      'new',
      'new',
    ])
    expect((await readIndex(repo)).version).toBe(1)
  })

  it.each([
    ['ragged rows', 'k,v\n1,2\n3\n', { line: 3, column: 2, found: '1', expected: '2 cells' }],
    [
      '30 February',
      'Date,v\n2026-01-01,1\n2026-02-30,2\n',
      { line: 3, column: 1, expected: 'date' },
    ],
    ['a null in the index', 'k,v\n1,2\n,3\n', { line: 3, column: 1, found: 'nothing' }],
    ['invalid UTF-8', Buffer.from('k,v\n1,\xff\n', 'latin1'), { line: 2, column: 3 }],
    ['an unterminated quote', 'k,v\n1,"2\n', { line: 2, column: 3, expected: 'a closing quote' }],
    ['a repeated key', 'k,v\n2,2\n1,1\n2,3\n', { line: 4, found: 'a second 2', firstLine: 2 }],
    ['an empty input', '', { line: 1, column: 1, found: 'an empty input' }],
    ['a header alone', 'k,v\n', { line: 2, column: 1, found: 'a header and no rows' }],
    ['a header whose types are known', 'Date,v\n', { line: 2, column: 1, expected: 'rows' }],
    ['two columns of one name', 'k,v,v\n1,2,3\n', { line: 1, column: 5, found: 'a second "v"' }],
    ['a column without a name', 'k,,v\n1,2,3\n', { line: 1, column: 3, found: 'nothing' }],
  ])('refuses %s, says where, and changes nothing', async (what, text, data) => {
    const repo = await withTree()
    const isTyped = what === '30 February' || what === 'a header whose types are known'
    const options = isTyped ? { schema: 'Date:date v:float64' } : {}
    const before = await everythingOf(repo)
    const fault = await faultOf(() => add(repo, 's', table(text, 'in.csv'), options))
    expect({ code: fault.code, ...fault.data }).toMatchObject({
      code: 'bad-input',
      file: 'in.csv',
      ...data,
    })
    expect(await everythingOf(repo)).toEqual(before)
  })

  it.each([
    ['wrong type', 'k,v\n1,x\n', { line: 2, column: 3, found: '"x"', expected: 'float64' }],
    ['a missing index column', 'x,v\n1,2\n', { line: 1, expected: 'the index column "k"' }],
    ['a missing column', 'k\n1\n', { line: 1, expected: ['v'], found: ['k'] }],
    ['a header alone', 'k,v\n', { line: 2, column: 1, found: 'a header and no rows' }],
  ])('refuses %s for a series that is there', async (_, text, data) => {
    const repo = await withTree()
    await add(repo, 's', 'k,v\n1,2\n')
    const before = await everythingOf(repo)
    const fault = await faultOf(() => add(repo, 's', table(text, 'in.csv')))
    expect({ code: fault.code, ...fault.data }).toMatchObject({
      code: 'bad-input',
      file: 'in.csv',
      ...data,
    })
    expect(await everythingOf(repo)).toEqual(before)
  })

  it.each(['..', 'a/../b', 'CON', 'x'.repeat(300), 'a\u0007b', 'a\u202eb', '.varve/x', ''])(
    'refuses the name %j',
    async (name) => {
      const repo = await withTree()
      const before = await everythingOf(repo)
      const files = [{ series: name, input: table(PRICES) }]
      expect((await faultOf(() => addFiles(repo, files))).code).toBe('invalid-name')
      expect(await everythingOf(repo)).toEqual(before)
    },
  )

  it('takes a column called __proto__', async () => {
    const repo = await withTree()
    await add(repo, 's', 'k,__proto__,constructor\n1,2,3\n')
    expect(await staged(repo, 's')).toBe('k,__proto__,constructor\n1,2,3\n')
  })

  it('names all files at once whose names no series can have', async () => {
    const repo = await withTree()
    const files = ['a|b.csv', 'good.csv', 'c?d.csv'].map((name) => ({
      series: name.replace('.csv', ''),
      input: table(PRICES, name),
    }))
    const fault = await faultOf(() => addFiles(repo, files))
    expect(fault.message).toMatch(
      /^2 files have names that no series can have: a\|b\.csv \(.*\), c\?d\.csv \(.*\)$/,
    )
    expect(fault.data).toMatchObject({ files: [{ file: 'a|b.csv' }, { file: 'c?d.csv' }] })
    expect(await faultOf(() => addFiles(repo, files.slice(1)))).toMatchObject({
      code: 'invalid-name',
      data: { name: 'c?d', file: 'c?d.csv' },
      hint: 'varve add FILE --as SERIES gives c?d.csv another name',
    })
  })

  it('refuses two files for one series', async () => {
    const repo = await withTree()
    const files = ['x.csv', 'y.csv'].map((name) => ({ series: 's', input: table(PRICES, name) }))
    const fault = await faultOf(() => addFiles(repo, files))
    expect(fault).toMatchObject({ code: 'bad-input', data: { files: ['x.csv', 'y.csv'] } })
  })

  it.each([
    [20, 10, false],
    [20, 11, true],
    [2000, 20, false],
    [2000, 21, true],
  ])('of %i rows, that %i vanish is refused: %s', async (rows, gone, refuses) => {
    const repo = await withTree()
    await add(repo, 's', counted(rows))
    const fewer = counted(rows, (n) => n <= gone)
    if (!refuses) {
      expect((await add(repo, 's', fewer)).counts.deleted).toBe(gone)
      return
    }
    const before = await everythingOf(repo)
    const fault = await faultOf(() => add(repo, 's', fewer))
    expect(fault).toMatchObject({ code: 'refused', data: { series: 's', deleted: gone, rows } })
    expect(await everythingOf(repo)).toEqual(before)
    expect((await add(repo, 's', fewer, { allowDeletes: true })).counts.deleted).toBe(gone)
  })

  it('only says what would happen in a dry run', async () => {
    const repo = await withTree()
    const before = await everythingOf(repo)
    expect(await add(repo, 's', PRICES, { dryRun: true })).toMatchObject({ state: 'new', rows: 2 })
    expect(await everythingOf(repo)).toEqual(before)
  })

  it('ends when it is interrupted, and leaves nothing', async () => {
    const repo = await withTree()
    const stop = new AbortController()
    const input = table(PRICES)
    const stopped = {
      ...input,
      async *open() {
        stop.abort()
        yield* input.open()
      },
    }
    const before = await everythingOf(repo)
    const fault = await faultOf(() => add(repo, 's', stopped, { signal: stop.signal }))
    expect(fault.code).toBe('interrupted')
    expect(await everythingOf(repo)).toEqual(before)
    await add(repo, 's', input)
    expect(await staged(repo, 's')).toBe(PRICES)
  })

  it('commits where there is no index', async () => {
    const repo = await newRepository()
    expect((await faultOf(() => add(repo, 's', PRICES))).code).toBe('refused')
    const request = { author: ann(10), committer: ann(20) }
    await add(repo, 's', PRICES, { commit: request })
    expect(await committed(repo, 's')).toBe(PRICES)
  })
})

describe('schemas of added series', () => {
  it('takes index, duplicates and types as given', async () => {
    const repo = await withTree()
    const text = 'v,sym,t\n1,b,2026-08-17\n2,a,2026-08-17\n3,b,2026-08-17\n'
    const { schema } = await add(repo, 's', text, {
      index: ['t', 'sym'],
      duplicates: true,
      types: new Map([['v', 'int8']]),
    })
    expect(schema).toEqual(
      schemaToJson(
        parseSchemaText('t:date sym:string v:int8', { index: ['t', 'sym'], duplicates: true }),
      ),
    )
    expect(await staged(repo, 's')).toBe(
      't,sym,v\n2026-08-17,a,2\n2026-08-17,b,1\n2026-08-17,b,3\n',
    )
  })

  it('takes the schema of the collection', async () => {
    const repo = await withTree()
    const schema = parseSchemaText('time:timestamp_s temp:float32')
    await createSeries(repo, { name: 'weather/hourly/', schema })
    const text = 'time,temp\n2026-08-17T10:00:00Z,21.5\n'
    const added = await add(repo, 'weather/hourly/oslo', text)
    expect(added.schema).toEqual(schemaToJson(schema))
    const other = 'time,temp,rain\n2026-08-17T10:00:00Z,21.5,0\n'
    const fault = await faultOf(() => add(repo, 'weather/hourly/rome', other))
    expect(fault.data).toMatchObject({ line: 1, column: 11, unknown: 'rain' })
  })

  it('refuses what is said about a series and is not so', async () => {
    const repo = await withTree()
    await add(repo, 's', PRICES)
    for (const options of [
      { index: ['Price'] },
      { duplicates: true },
      { schema: 'Date:date Price:float32' },
      { types: new Map([['Price', 'int8']] as const) },
    ]) {
      expect((await faultOf(() => add(repo, 's', PRICES, options))).code).toBe('schema-mismatch')
    }
    const options = { index: ['Date'], duplicates: false, schema: 'Date:date Price:float64' }
    expect((await add(repo, 's', PRICES, options)).state).toBe('unchanged')
  })

  it('adds new columns behind the others, and says so', async () => {
    const repo = await withTree()
    await add(repo, 's', 'k,v\n1,2\n')
    const added = await add(repo, 's', 'note,v,k\nx,2,1\n', {
      types: new Map([['note', 'string']]),
    })
    expect(added.schemaChanges).toEqual([
      { kind: 'added', column: { name: 'note', type: 'string' } },
    ])
    expect(await staged(repo, 's')).toBe('k,v,note\n1,2,x\n')
  })

  it('drops columns only when told to', async () => {
    const repo = await withTree()
    await add(repo, 's', 'k,u,v\n1,2,3\n')
    const fault = await faultOf(() => add(repo, 's', 'k,v\n1,3\n'))
    expect(fault.hint).toMatch('--drop-columns')
    const added = await add(repo, 's', 'k,v\n1,3\n', { dropColumns: true })
    expect(added.schemaChanges).toMatchObject([{ kind: 'dropped', column: { name: 'u' } }])
    expect(await staged(repo, 's')).toBe('k,v\n1,3\n')
  })

  it.each([
    ['int8', '7', '300', 'int16'],
    ['int8', '7', '1.5', 'float64'],
    ['uint8', '7', '-1', 'int16'],
    ['int64', '7', '0.1', 'float64'],
    ['float32', '1.5', '1e300', 'float64'],
    ['date', '2026-08-17', '2026-08-17T10:00:00.5Z', 'timestamp_ms'],
    ['timestamp_s', '2026-08-17T10:00:00Z', '2026-08-17T10:00:00.000000001Z', 'timestamp_ns'],
    ['null', '', '2.5', 'float64'],
  ] as const)('widens %s that holds %j for %j to %s', async (type, first, next, wider) => {
    const repo = await withTree()
    await add(repo, 's', `k,a,v\n1,1,${first}\n`, { schema: `k:int64 a:int8 v:${type}` })
    const added = await add(repo, 's', `k,a,v\n1,1,${first}\n2,2,${next}\n`)
    expect(added.schema.columns).toEqual([
      { name: 'k', type: 'int64' },
      { name: 'a', type: 'int8' },
      { name: 'v', type: wider },
    ])
    expect(added.schemaChanges).toMatchObject([{ kind: 'retyped', from: type, to: wider }])
    expect(added.counts).toMatchObject({ appended: 1, revised: 0, deleted: 0 })
  })

  it.each([
    ['int8', 'x'],
    ['float64', 'x'],
    ['bool', '2'],
    ['int64', '99999999999999999999'],
    ['date', '30 February'],
  ] as const)('does not widen %s for %j', async (type, value) => {
    const repo = await withTree()
    await add(repo, 's', 'k,v\n1,\n', { schema: `k:int64 v:${type}` })
    const before = await everythingOf(repo)
    const fault = await faultOf(() => add(repo, 's', `k,v\n1,\n2,${value}\n`))
    expect(fault.data).toMatchObject({ line: 3, column: 3, expected: type })
    expect(await everythingOf(repo)).toEqual(before)
  })
})

describe('files in the work tree', () => {
  it('are marked as the series’ own, and not read again while they stay the same', async () => {
    const repo = await withTree()
    const input = await inTree(repo, 's.csv', PRICES)
    await addFiles(repo, [{ series: 's', input, file: 's.csv' }])
    const { files } = (await readIndex(repo)).state
    expect(files.get('s')).toMatchObject({ file: 's.csv', stamp: { size: PRICES.length } })
    const unread = {
      ...input,
      open: () => {
        throw new Error('it was read')
      },
    }
    const again = await addFiles(repo, [{ series: 's', input: unread, file: 's.csv' }])
    expect(again.series[0]!.state).toBe('unchanged')
  })

  it('are looked at again when they were touched, though the series is the same', async () => {
    const repo = await withTree()
    const first = await inTree(repo, 's.csv', PRICES)
    await addFiles(repo, [{ series: 's', input: first, file: 's.csv' }])
    const input = await inTree(repo, 's.csv', PRICES.replace('65.5', '65.50'))
    const { tree } = (await readIndex(repo)).state
    const again = await addFiles(repo, [{ series: 's', input, file: 's.csv' }])
    expect(again.series[0]!.state).toBe('unchanged')
    const { state } = await readIndex(repo)
    expect(state.tree).toBe(tree)
    expect(state.files.get('s')!.stamp.size).toBe(PRICES.length + 1)
  })

  it('are rewritten when the series is added from elsewhere, unless changed by hand', async () => {
    const repo = await withTree()
    const own = await inTree(repo, 's.csv', PRICES)
    await addFiles(repo, [{ series: 's', input: own, file: 's.csv' }])
    const next = `${PRICES}2026-08-18,66\n`
    await add(repo, 's', next)
    expect(await textOf(repo, 's.csv')).toBe(next)
    await inTree(repo, 's.csv', `${PRICES}2026-08-19,1\n`)
    const before = await everythingOf(repo)
    const fault = await faultOf(() => add(repo, 's', PRICES))
    expect(fault).toMatchObject({ code: 'refused', data: { files: ['s.csv'] } })
    expect(await everythingOf(repo)).toEqual(before)
  })
})

async function textOf(repo: Repository, file: string): Promise<string> {
  let text = ''
  for await (const piece of repo.workTree!.read(file)) text += Buffer.from(piece).toString()
  return text
}

describe('a lost race', () => {
  it('is run again without reading, when the other changed other series', async () => {
    const repo = await withTree()
    const input = pipe(PRICES, () => add(repo, 'other', 'k,v\n1,1\n'))
    await add(repo, 's', input)
    expect(await staged(repo, 's')).toBe(PRICES)
    expect(await staged(repo, 'other')).toBe('k,v\n1,1\n')
  })

  it('is a conflict when the other changed the same series', async () => {
    const repo = await withTree()
    const input = pipe(PRICES, () => add(repo, 's', 'k,v\n1,1\n'))
    const fault = await faultOf(() => add(repo, 's', input))
    expect(fault).toMatchObject({ code: 'conflict', data: { series: 's' } })
    expect(await staged(repo, 's')).toBe('k,v\n1,1\n')
  })

  it('leaves a commit whose objects are all published', async () => {
    const repo = await withTree()
    await add(repo, 's', PRICES)
    const request = { author: ann(10), committer: ann(20) }
    await add(
      repo,
      's',
      pipe(PRICES, () => add(repo, 'other', 'k,v\n1,1\n', { commit: request })),
      {
        commit: request,
      },
    )
    expect(await committed(await prune(repo), 's')).toBe(PRICES)
  })
})
