import { describe, expect, it } from 'vitest'
import type { VarveError } from '../../src/core/errors.ts'
import { parseSchemaText } from '../../src/core/schema-codec.ts'
import { lookupPath } from '../../src/core/tree.ts'
import type { InputTable } from '../../src/formats/table.ts'
import { formatOf, openFormat } from '../../src/formats/table-formats.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex, treeOf } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { updateIndex } from '../../src/plumbing/update-index.ts'
import { addFiles } from '../../src/porcelain/add-files.ts'
import { createSeries } from '../../src/porcelain/create-series.ts'
import { type DeleteRowsOptions, deleteRows } from '../../src/porcelain/delete-rows.ts'
import { type WriteSeriesOptions, writeSeries } from '../../src/porcelain/write-series.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { committed, everythingOf, file, pipe, prune, staged, table } from '../support/tables.ts'

const ROWS = 'k,v\n1,1\n2,2\n3,3\n5,5\n'
const request = { author: ann(10), committer: ann(20) }

type Options = Omit<WriteSeriesOptions, 'series' | 'input'>

async function write(
  repo: Repository,
  series: string,
  input: string | InputTable,
  options: Options = {},
) {
  const given = typeof input === 'string' ? pipe(input) : input
  return (await writeSeries(repo, { series, input: given, ...options })).series[0]
}

async function remove(repo: Repository, options: Omit<DeleteRowsOptions, 'series'>) {
  return (await deleteRows(repo, { series: 's', ...options })).series[0]
}

/** A repository with a work tree and the series `s`. */
async function withSeries(rows = ROWS): Promise<Repository> {
  const repo = await newRepository({ workTree: true })
  await write(repo, 's', rows, { create: true })
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

function counts(appended: number, backfilled: number, revised: number, deleted: number) {
  return { appended, backfilled, revised, deleted }
}

describe('writeSeries', () => {
  it('asks the ref log few times for news', async () => {
    const repo = await newRepository({ workTree: true })
    await write(repo, 's', ROWS, { create: true, commit: request })
    const list = repo.storage.list.bind(repo.storage)
    let asked = 0
    Object.assign(repo.storage, {
      list(prefix: string) {
        if (prefix === 'checkpoints/') asked++
        return list(prefix)
      },
    })
    const { commit } = await writeSeries(repo, {
      series: 's',
      input: pipe('k,v\n6,6\n'),
      commit: request,
    })
    expect(commit).toBeDefined()
    expect(asked).toBeLessThanOrEqual(6)
  })

  it('lays rows over a series, in any order', async () => {
    const repo = await withSeries()
    const written = await write(repo, 's', 'k,v\n6,6\n2,22\n4,4\n1,1\n')
    expect(written).toMatchObject({ state: 'changed', rows: 6, counts: counts(1, 1, 1, 0) })
    expect(await staged(repo, 's')).toBe('k,v\n1,1\n2,22\n3,3\n4,4\n5,5\n6,6\n')
  })

  it('says when nothing changes, and changes nothing', async () => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    expect(await write(repo, 's', 'k,v\n2,2\n')).toMatchObject({ state: 'unchanged' })
    expect(await everythingOf(repo)).toEqual(before)
  })

  it.each([
    ['upsert', 'k,v\n2,2\n4,44\n', counts(0, 1, 0, 0), 'k,v\n1,1\n2,2\n3,3\n4,44\n5,5\n'],
    ['replace-range', 'k,v\n2,2\n4,44\n', counts(0, 1, 0, 1), 'k,v\n1,1\n2,2\n4,44\n5,5\n'],
    ['append', 'k,v\n6,6\n7,7\n', counts(2, 0, 0, 0), `${ROWS}6,6\n7,7\n`],
    ['replace', 'k,v\n2,22\n4,4\n', counts(0, 1, 1, 3), 'k,v\n2,22\n4,4\n'],
  ] as const)('writes in mode %s', async (mode, rows, expected, text) => {
    const repo = await withSeries()
    expect((await write(repo, 's', rows, { mode })).counts).toEqual(expected)
    expect(await staged(repo, 's')).toBe(text)
  })

  it('appends only past the end', async () => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    const fault = await faultOf(() => write(repo, 's', 'k,v\n5,5\n6,6\n', { mode: 'append' }))
    expect(fault).toMatchObject({ code: 'refused', data: { key: ['5'], last: ['5'] } })
    expect(await everythingOf(repo)).toEqual(before)
  })

  it.each(['upsert', 'replace'] as const)(
    'leaves columns alone that the input lacks: %s',
    async (mode) => {
      const repo = await withSeries('k,u,v\n1,10,100\n2,20,200\n')
      await write(repo, 's', 'v,k\n201,2\n301,3\n', { mode })
      const first = mode === 'upsert' ? '1,10,100\n' : ''
      expect(await staged(repo, 's')).toBe(`k,u,v\n${first}2,20,201\n3,,301\n`)
    },
  )

  it('replaces the whole group of a key where duplicates are allowed', async () => {
    const repo = await newRepository({ workTree: true })
    await write(repo, 's', 'k,v\n1,1\n1,2\n2,3\n', { create: true, duplicates: true })
    await write(repo, 's', 'k,v\n1,9\n1,8\n1,7\n')
    expect(await staged(repo, 's')).toBe('k,v\n1,9\n1,8\n1,7\n2,3\n')
  })

  it('gives what add of the whole gives', async () => {
    const repo = await withSeries()
    await write(repo, 's', 'k,v\n2,7\n9,9\n')
    await remove(repo, { at: '3' })
    const whole = { series: 't', input: table('k,v\n1,1\n2,7\n5,5\n9,9\n') }
    await addFiles(repo, [whole])
    const { tree } = (await readIndex(repo)).state
    const [s, t] = [
      await lookupPath(repo.objects, tree, 's'),
      await lookupPath(repo.objects, tree, 't'),
    ]
    expect(s?.id).toBe(t?.id)
  })

  it('makes a series only when told to, and knows the nearest name', async () => {
    const repo = await withSeries()
    await write(repo, 'brent-daily', 'k,v\n1,1\n', { create: true })
    const before = await everythingOf(repo)
    const fault = await faultOf(() => write(repo, 'brent-dialy', 'k,v\n1,1\n'))
    expect(fault).toMatchObject({ code: 'series-not-found', data: { nearest: 'brent-daily' } })
    expect(fault.hint).toMatch(/did you mean brent-daily\?.*--create/)
    expect(await everythingOf(repo)).toEqual(before)
    expect(await write(repo, 'kv', 'k,v\nb,1\na,2\n', { create: true })).toMatchObject({
      state: 'new',
      first: ['a'],
      last: ['b'],
    })
  })

  it('makes a series under the schema that is given, or the collection’s', async () => {
    const repo = await newRepository({ workTree: true })
    const schema = parseSchemaText('time:timestamp_s temp:float64 rain:float32')
    await createSeries(repo, { name: 'weather/', schema })
    await write(repo, 'weather/oslo', 'rain,time\n1,2026-08-17\n', { create: true })
    expect(await staged(repo, 'weather/oslo')).toBe('time,temp,rain\n2026-08-17T00:00:00Z,,1\n')
    const options = { create: true, schema: 'k:string v:int8', index: ['k'] }
    const written = await write(repo, 's', 'v,k\n1,7\n', options)
    expect(written.schema.columns).toEqual([
      { name: 'k', type: 'string' },
      { name: 'v', type: 'int8' },
    ])
    const fault = await faultOf(() => write(repo, 's', 'v,k\n300,8\n', options))
    expect(fault.data).toMatchObject({ line: 2, column: 1, expected: 'int8' })
  })

  it('adds a column only when told to, and knows the nearest name', async () => {
    const repo = await withSeries('Date,Price\n2026-08-17,65.98\n')
    const before = await everythingOf(repo)
    const typo = await faultOf(() => write(repo, 's', 'Date,Prise\n2026-08-17,1\n'))
    expect(typo).toMatchObject({
      code: 'bad-input',
      data: { file: '<stdin>', line: 1, column: 6, unknown: 'Prise', nearest: 'Price' },
    })
    expect(typo.hint).toMatch('--add-column')
    expect(await everythingOf(repo)).toEqual(before)
    const options = { addColumns: true, types: new Map([['Volume', 'int32']] as const) }
    const written = await write(repo, 's', 'Date,Volume\n2026-08-18,7\n', options)
    expect(written).toMatchObject({
      counts: counts(1, 0, 0, 0),
      schemaChanges: [{ kind: 'added', column: { name: 'Volume', type: 'int32' } }],
    })
    expect(await staged(repo, 's')).toBe('Date,Price,Volume\n2026-08-17,65.98,\n2026-08-18,,7\n')
  })

  it('gives a column without any value a type with its first one', async () => {
    const repo = await withSeries('k,a,v\n1,,1\n')
    await write(repo, 's', 'k,a\n1,x\n')
    expect(await staged(repo, 's')).toBe('k,a,v\n1,x,1\n')
    const fault = await faultOf(() => write(repo, 's', 'k,a\n1,x\n', { schema: 'k:int64' }))
    expect(fault.code).toBe('schema-mismatch')
  })

  it.each([
    ['ragged rows', 'k,v\n1,2\n3\n', { line: 3, column: 2, expected: '2 cells' }],
    ['wrong type', 'k,v\n1,x\n', { line: 2, column: 3, found: '"x"', expected: 'float64' }],
    ['a number out of range', `k,v\n${2n ** 63n},1\n`, { line: 2, column: 1, expected: 'int64' }],
    ['a null in the index', 'k,v\n1,2\n,3\n', { line: 3, column: 1, found: 'nothing' }],
    ['a repeated key', 'k,v\n7,1\n7,1\n', { line: 3, found: 'a second 7' }],
    ['a missing index column', 'v\n1\n', { line: 1, expected: 'the index column "k"' }],
    ['an empty input', '', { line: 1, column: 1, found: 'an empty input' }],
    ['a header alone', 'k,v\n', { line: 2, column: 1, found: 'a header and no rows' }],
    ['two columns of one name', 'k,v,v\n1,2,3\n', { line: 1, column: 5 }],
    ['an unknown column', 'k,v,w\n1,2,3\n', { line: 1, column: 5, unknown: 'w' }],
  ])('refuses %s, says where, and changes nothing', async (_, text, data) => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    for (const mode of ['upsert', 'replace', 'replace-range'] as const) {
      const fault = await faultOf(() => write(repo, 's', text, { mode }))
      expect({ code: fault.code, ...fault.data }).toMatchObject({
        code: 'bad-input',
        file: '<stdin>',
        ...data,
      })
    }
    expect(await everythingOf(repo)).toEqual(before)
  })

  it.each(['a.arrow', 'a.parquet', 'a.ndjson'])('speaks of no header in %s', async (name) => {
    const repo = await withSeries()
    const format = await openFormat(formatOf({ name, reading: undefined }))
    const schema = parseSchemaText('k:int64 v:float64', { index: ['k'] })
    const chunks: Uint8Array[] = []
    for await (const chunk of format.write(schema, [])) chunks.push(chunk)
    const fault = await faultOf(() => write(repo, 's', table(Buffer.concat(chunks), name)))
    expect(fault.message).toBe(`${name}: expected rows, found a table without any`)
    expect(fault.code).toBe('bad-input')
  })

  it('only says what would happen in a dry run', async () => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    const written = await write(repo, 's', 'k,v\n1,7\n', { dryRun: true })
    expect(written.counts).toEqual(counts(0, 0, 1, 0))
    await write(repo, 'new', 'k,v\n1,7\n', { dryRun: true, create: true })
    await write(repo, 'new', 'k,v\n1,7\n', { dryRun: true, create: true, commit: request })
    expect(await everythingOf(repo)).toEqual(before)
  })
})

describe('write that commits', () => {
  it('commits its own rows and leaves what is staged staged', async () => {
    const repo = await withSeries()
    await addFiles(repo, [{ series: 'first', input: table(ROWS) }], { commit: request })
    await write(repo, 'other', ROWS, { create: true })
    await write(repo, 'first', 'k,v\n1,7\n', { commit: request })
    expect(await committed(repo, 'first')).toMatch('1,7\n')
    expect(await committed(repo, 'other')).toBeUndefined()
    expect(await committed(repo, 's')).toBeUndefined()
    expect(await staged(repo, 'first')).toMatch('1,7\n')
    expect(await staged(repo, 'other')).toBe(ROWS)
    expect(await staged(repo, 's')).toBe(ROWS)
  })

  it('says in the message what it did, unless it is given', async () => {
    const repo = await newRepository()
    await write(repo, 's', ROWS, { create: true, commit: request })
    expect(await lastMessage(repo)).toBe('s: +4 ~0 -0\n')
    await write(repo, 's', 'k,v\n1,7\n4,4\n', { commit: request })
    expect(await lastMessage(repo)).toBe('s: +0/1 ~1 -0\n')
    await write(repo, 's', 'k,v\n1,8\n', { commit: { ...request, message: 'mine\n' } })
    expect(await lastMessage(repo)).toBe('mine\n')
    const { id } = await headState(repo)
    await write(repo, 's', 'k,v\n1,8\n', { commit: request })
    expect((await headState(repo)).id).toBe(id)
  })

  it('lays the same rows over what is staged of the series', async () => {
    const repo = await newRepository({ workTree: true })
    await write(repo, 's', ROWS, { create: true, commit: request })
    await write(repo, 's', 'k,v\n9,9\n')
    await write(repo, 's', 'k,v\n1,7\n', { commit: request })
    expect(await committed(repo, 's')).toBe('k,v\n1,7\n2,2\n3,3\n5,5\n')
    expect(await staged(repo, 's')).toBe('k,v\n1,7\n2,2\n3,3\n5,5\n9,9\n')
  })

  it('commits although what is staged is in the way, which the next command says', async () => {
    const repo = await newRepository({ workTree: true })
    await write(repo, 's', ROWS, { create: true, commit: request })
    const { state } = await readIndex(repo)
    await updateIndex(repo, { edits: [{ kind: '0', path: 's' }] })
    const staged = await faultOf(() => write(repo, 's', 'k,v\n1,7\n'))
    expect(staged.code).toBe('series-not-found')
    const { commit } = await writeSeries(repo, {
      series: 's',
      input: pipe('k,v\n1,7\n'),
      commit: request,
    })
    expect((await headState(repo)).id).toBe(commit)
    expect(commit).not.toBe(state.base)
    expect(await faultOf(() => readIndex(repo))).toMatchObject({ code: 'conflict' })
  })

  it('says that a series is staged and not committed', async () => {
    const repo = await withSeries()
    const fault = await faultOf(() => write(repo, 's', 'k,v\n1,7\n', { commit: request }))
    expect(fault.message).toBe('s is staged and not committed yet')
  })

  it('makes a series that is staged already, from its own rows', async () => {
    const repo = await withSeries()
    await write(repo, 's', 'k,v\n9,9\n', { create: true, commit: request })
    expect(await committed(repo, 's')).toBe('k,v\n9,9\n')
    expect(await staged(repo, 's')).toBe(`${ROWS}9,9\n`)
  })
})

async function lastMessage(repo: Repository): Promise<string> {
  const { id } = await headState(repo)
  const { decodeCommit } = await import('../../src/core/commit.ts')
  return decodeCommit(await repo.objects.read(id!, 'commit')).message
}

describe('deleteRows', () => {
  it.each([
    [{ from: '3' }, 2, 'k,v\n1,1\n2,2\n'],
    [{ to: '3' }, 2, 'k,v\n3,3\n5,5\n'],
    [{ from: '2', to: '5', closed: 'both' as const }, 3, 'k,v\n1,1\n'],
    [{ at: '2' }, 1, 'k,v\n1,1\n3,3\n5,5\n'],
    [{ at: '4' }, 0, ROWS],
  ])('deletes what lies between the bounds %j', async (bounds, deleted, text) => {
    const repo = await withSeries()
    expect((await remove(repo, bounds)).counts).toEqual(counts(0, 0, 0, deleted))
    expect(await staged(repo, 's')).toBe(text)
  })

  it('takes partial dates as periods', async () => {
    const repo = await withSeries(
      'Date,v\n2026-07-31,1\n2026-08-01,2\n2026-08-31,3\n2026-09-01,4\n',
    )
    await remove(repo, { from: '2026-08', to: '2026-08' })
    expect(await staged(repo, 's')).toBe('Date,v\n2026-07-31,1\n2026-09-01,4\n')
  })

  it('needs a bound, and a series', async () => {
    const repo = await withSeries()
    const before = await everythingOf(repo)
    expect((await faultOf(() => remove(repo, {}))).code).toBe('usage')
    expect((await faultOf(() => remove(repo, { from: 'x' }))).code).toBe('invalid-value')
    const missing = await faultOf(() => deleteRows(repo, { series: 'nope', at: '1' }))
    expect(missing.code).toBe('series-not-found')
    expect(await everythingOf(repo)).toEqual(before)
  })
})

describe.each([
  ['a pipe', pipe],
  ['a file', file],
])('writers that meet, with rows from %s,', (_, given) => {
  it.each([
    ['another series', (repo: Repository) => write(repo, 'o', ROWS, { create: true })],
    ['other keys', (repo: Repository) => write(repo, 's', 'k,v\n3,33\n')],
    ['a key between', (repo: Repository) => write(repo, 's', 'k,v\n4,44\n')],
  ])('are both heard when the other changed %s', async (changed, other) => {
    for (const commit of [undefined, request]) {
      const repo = await newRepository({ workTree: true })
      await write(repo, 's', ROWS, { create: true, commit: request })
      const before = commit === undefined ? other : (r: Repository) => otherCommits(r, other)
      const input = given('k,v\n2,22\n5,55\n', () => before(repo))
      await write(repo, 's', input, { commit })
      const text = await (commit === undefined ? staged : committed)(repo, 's')
      expect(text).toMatch(/2,22\n(.*\n)*5,55\n/)
      const expected = (await staged(repo, 's'))!
      if (changed !== 'another series') expect(expected).toMatch(/3,33|4,44/)
      if (commit !== undefined) expect(await committed(await prune(repo), 's')).toBe(text)
    }
  })

  it.each([
    ['one of the keys', 'upsert', (repo: Repository) => write(repo, 's', 'k,v\n2,7\n')],
    ['a key between', 'replace-range', (repo: Repository) => write(repo, 's', 'k,v\n3,7\n')],
    ['any key', 'replace', (repo: Repository) => write(repo, 's', 'k,v\n9,9\n')],
    ['the end', 'append', (repo: Repository) => write(repo, 's', 'k,v\n9,9\n')],
  ] as const)('are a conflict when the other changed %s: %s', async (_changed, mode, other) => {
    const repo = await withSeries()
    const rows = mode === 'append' ? 'k,v\n8,8\n' : 'k,v\n2,22\n5,55\n'
    const input = given(rows, () => other(repo))
    const fault = await faultOf(() => write(repo, 's', input, { mode }))
    expect(fault.code).toBe(mode === 'append' ? 'refused' : 'conflict')
    const { tree } = (await readIndex(repo)).state
    expect(await treeOf(repo.objects, (await headState(repo)).id)).not.toBe(tree)
    expect(await staged(repo, 's')).not.toMatch('2,22')
  })
})

/** The other writer commits rather than stages. */
async function otherCommits(repo: Repository, other: (repo: Repository) => Promise<unknown>) {
  await other(repo)
  const { commit } = await import('../../src/porcelain/commit.ts')
  await commit(repo, { author: ann(11), committer: ann(21), message: 'other\n' })
}

describe('faults about keys of a series with a zone', () => {
  const local = (text: string): InputTable => ({
    ...pipe(text),
    reading: { zone: 'Europe/Brussels' },
  })
  const withZone = async (): Promise<Repository> => {
    const repo = await newRepository({ workTree: true })
    await write(repo, 's', local('t,v\n2026-07-01T10:00,1\n'), { create: true })
    return repo
  }

  it('show its clocks where a row is not past the end', async () => {
    const repo = await withZone()
    const fault = await faultOf(() =>
      write(repo, 's', 't,v\n2026-07-01T09:30,2\n', { mode: 'append' }),
    )
    expect(fault.message).toMatch(
      /the key 2026-07-01T09:30:00\+02:00 is not past the end, 2026-07-01T10:00:00\+02:00$/,
    )
    expect(fault.data).toMatchObject({
      key: ['2026-07-01T09:30:00+02:00'],
      last: ['2026-07-01T10:00:00+02:00'],
    })
  })

  it('show its clocks where a key is there twice, in a series that is there or a new one', async () => {
    const repo = await withZone()
    const twice = 't,v\n2026-07-02T09:30,2\n2026-07-02T09:30,3\n'
    const found = 'expected keys that differ, found a second 2026-07-02T09:30:00+02:00'
    expect((await faultOf(() => write(repo, 's', twice))).message).toContain(found)
    const create = () => write(repo, 'new', local(twice), { create: true })
    expect((await faultOf(create)).message).toContain(found)
  })

  it('write out what would move a terminal', async () => {
    const repo = await newRepository({ workTree: true })
    await write(repo, 's', 'k,v\n"b\n",1\n', { create: true })
    const fault = await faultOf(() => write(repo, 's', 'k,v\n"a\nb",2\n', { mode: 'append' }))
    expect(fault.message).toContain('the key a\\nb is not past the end, b\\n')
    expect(fault.data.key).toEqual(['a\nb'])
  })
})
