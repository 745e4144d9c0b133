import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import { VarveError } from '../../src/core/errors.ts'
import { type Id, shortId } from '../../src/core/id.ts'
import {
  fileTable,
  type OpenedRepository,
  openRepository,
  readSeriesRows,
  rowsOf,
} from '../../src/index.ts'
import { findVintages } from '../../src/plumbing/find-vintages.ts'
import { importTable } from '../../src/porcelain/import-table.ts'
import { type ImportVintagesOptions, importVintages } from '../../src/porcelain/import-vintages.ts'
import { publicationOf } from '../../src/porcelain/publication-name.ts'
import { temporaryFolder } from '../support/temporary.ts'

const who = { name: 'Ada', email: 'ada@example.org', seconds: 1_800_000_000, offsetMinutes: 0 }
const newRepository = () => openRepository('memory:', { author: who })
const csv = (...lines: string[]) => `${lines.join('\n')}\n`

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

async function vintages(
  repo: OpenedRepository,
  folder: string,
  options: Partial<ImportVintagesOptions> = {},
) {
  return importVintages(repo, {
    files: await findVintages({ given: 'folder', absolute: folder }),
    tableOf: ({ absolute }) => fileTable(absolute),
    from: { kind: 'name' },
    author: who,
    committer: who,
    ...options,
  })
}

async function failureOf(work: Promise<unknown>): Promise<VarveError> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof VarveError)) throw new Error('it did not fail', { cause: error })
  return error
}

const day = (date: string) => Date.parse(date) / 1000

async function rows(repo: OpenedRepository, name: string, rev: Id | string) {
  const found: unknown[][] = []
  const { frames } = await readSeriesRows(repo, { name, rev })
  for await (const frame of frames()) found.push(...rowsOf(frame))
  return found
}

describe('the name of a publication', () => {
  it.each([
    ['2024-05-31/brent.csv', 'brent', '2024-05-31'],
    ['brent_20240531.csv.gz', 'brent', '2024-05-31'],
    ['2024/05/31/oil/brent.parquet', 'oil/brent', '2024-05-31'],
    ['brent-2024-05-31T103005Z-final.csv', 'brent_final', '2024-05-31T10:30:05Z'],
    ['00012-1539594702/wti.csv', 'wti', '2018-10-15T09:11:42Z'],
    ['cpi 2024-05.csv', 'cpi', '2024-05-01'],
    ['2024-05-31.csv', '', '2024-05-31'],
    ['v2/brent 2024.05.31.csv', 'v2/brent', '2024-05-31'],
  ])('%s', (path, series, date) => {
    expect(publicationOf(path)).toEqual({ series, seconds: day(date) })
  })

  it.each(['brent.csv', 'brent-2024-02-30.csv', 'a-2024-01-01_2024-02-01.csv', 'b-310524.csv'])(
    'is none: %s',
    (path) => {
      expect(() => publicationOf(path)).toThrow('expected the date of a publication')
    },
  )
})

describe('publications in a folder', () => {
  it('are commits at their dates, and later ones are added', async () => {
    const repo = await newRepository()
    const folder = folderOf({
      '2020-01-03/a.csv': csv('t,v', '2020-01-01,1.5', '2020-01-02,2'),
      '2020-01-02/a.csv': csv('t,v', '2020-01-01,1'),
      '2020-01-02/b.csv': csv('t,v', '2020-01-01,7'),
    })

    const first = await vintages(repo, folder)
    writeFileSync(join(folder, 'a_2020-01-05.csv'), csv('t,v', '2020-01-02,3'))
    const second = await vintages(repo, folder)
    const third = await vintages(repo, folder, { dryRun: true })

    expect(first.published.map(({ seconds, series }) => [seconds, series])).toEqual([
      [day('2020-01-02'), 2],
      [day('2020-01-03'), 1],
    ])
    expect(second).toMatchObject({ published: [{ seconds: day('2020-01-05') }], known: 3 })
    expect(third).toMatchObject({ published: [], known: 4 })
    const { author, committer, message } = await readCommit(
      repo.objects,
      first.published[1]!.commit!,
    )
    expect([author.seconds, committer.seconds]).toEqual([day('2020-01-03'), day('2020-01-03')])
    expect(message).toBe('Publication of 2020-01-03\n')
    expect(await rows(repo, 'a', first.published[0]!.commit!)).toEqual([[18262, 1]])
    expect(await rows(repo, 'a', first.published[1]!.commit!)).toHaveLength(2)
    expect(await rows(repo, 'a', 'HEAD')).toEqual([[18263, 3]])
  })

  it('may say by a column when they were published', async () => {
    const repo = await newRepository()
    const folder = folderOf({
      'x.csv': csv('t,v,at', '2020-01-01,1,2020-02-03', '2020-01-02,1,2020-02-04'),
      'y.csv': csv('t,v,at', '2020-01-01,2,2020-02-01'),
    })

    const options = { from: { kind: 'column', column: 'at' }, series: 's' } as const
    const { published } = await vintages(repo, folder, options)

    expect(published.map(({ seconds }) => seconds)).toEqual([day('2020-02-01'), day('2020-02-04')])
  })

  it('are of the latest time in that column, wherever it stands', async () => {
    const repo = await newRepository()
    const folder = folderOf({
      'a.csv': csv('date,seen,v', '2020-01-01,2020-03-02,1', '2020-01-02,2020-03-01,2'),
      'old.csv': csv('date,seen,v', '1950-01-01,1950-03-01T00:00:00.5,1'),
    })
    const from = { kind: 'column', column: 'seen' } as const

    const { published } = await vintages(repo, folder, { from, series: 's' })

    expect(published.map(({ seconds }) => seconds)).toEqual([day('1950-03-01'), day('2020-03-02')])
  })

  it('stay where a later one cannot be read, and the error says how many', async () => {
    const repo = await newRepository()
    const folder = folderOf({ 'a_2020-01-01.csv': csv('t,v', '2020-01-01,1') })
    const first = (await vintages(repo, folder)).published[0]!.commit!
    const add = (date: string, value: string) =>
      writeFileSync(join(folder, `a_${date}.csv`), csv('t,v', `2020-01-01,${value}`))
    add('2020-01-02', '2')
    add('2020-01-03', '3')
    add('2020-01-04', 'NA')
    add('2020-01-05', '5')

    const failed = await failureOf(vintages(repo, folder))
    const again = await failureOf(vintages(repo, folder))
    add('2020-01-04', '4')
    const rest = await vintages(repo, folder)

    expect(failed).toMatchObject({ code: 'bad-input', data: { line: 2, committed: 2 } })
    expect(failed.hint).toContain(
      `2 publications before are committed: the same command goes on after them; varve reset --soft ${shortId(first)} takes them back`,
    )
    expect(again.data.committed).toBeUndefined()
    expect(rest).toMatchObject({ known: 3, published: [{}, { seconds: day('2020-01-05') }] })
  })

  it('that were the first of a branch are taken back with it', async () => {
    const folder = folderOf({
      'a_2020-01-01.csv': csv('t,v', '2020-01-01,1'),
      'a_2020-01-02.csv': csv('t,v', '2020-01-01,2'),
      'a_2020-01-03.csv': csv('t,v', '2020-01-01,NA'),
    })

    const failed = await failureOf(vintages(await newRepository(), folder))

    expect(failed.hint).toMatch(/; varve update-ref -d HEAD takes them back$/)
  })

  it('that were committed before an interruption are counted, too', async () => {
    const folder = folderOf({
      'a_2020-01-01.csv': csv('t,v', '2020-01-01,1'),
      'a_2020-01-02.csv': csv('t,v', '2020-01-01,2'),
    })
    const stop = new AbortController()

    const failed = await failureOf(
      vintages(await newRepository(), folder, {
        signal: stop.signal,
        onPublication: () => stop.abort(),
      }),
    )

    expect(failed).toMatchObject({ code: 'interrupted', data: { committed: 1 } })
    expect(failed.message).toBe('interrupted')
    expect(failed.hint).toContain('varve undo takes it back')
  })

  it('of one date are one series only once', async () => {
    const folder = folderOf({
      'a-2020-01-01.csv': csv('t,v', '1,1'),
      '20200101/a.csv': csv('t,v', '1,1'),
    })

    await expect(vintages(await newRepository(), folder)).rejects.toMatchObject({
      code: 'bad-input',
    })
  })
})

describe('a table whose rows say when they were published', () => {
  const table = csv(
    'date,station,published,v',
    '2020-01-01,b,2020-01-03,9',
    '2020-01-01,a,2020-01-02,1',
    '2020-01-02,a,2020-01-03,2',
    '2020-01-01,a,2020-01-03,1.5',
  )
  const shared = { knownAt: 'published', author: who, committer: who }

  it('is commits that each lay rows over the series', async () => {
    const repo = await newRepository()
    const input = fileTable(join(folderOf({ 't.csv': table }), 't.csv'))

    const options = { ...shared, input, series: 's', index: ['date', 'station'] }
    const { published } = await importTable(repo, options)

    expect(published.map(({ seconds }) => seconds)).toEqual([day('2020-01-02'), day('2020-01-03')])
    expect(await rows(repo, 's', published[0]!.commit!)).toEqual([[18262, 'a', 1]])
    expect(await rows(repo, 's', 'HEAD')).toEqual([
      [18262, 'a', 1.5],
      [18262, 'b', 9],
      [18263, 'a', 2],
    ])
    expect(await importTable(repo, options)).toMatchObject({ published: [], known: 2 })
  })

  it('may be of many series', async () => {
    const repo = await newRepository()
    const input = fileTable(join(folderOf({ 't.csv': table }), 't.csv'))

    const options = { ...shared, input, series: 'obs', splitBy: 'station' }
    const planned = await importTable(repo, { ...options, dryRun: true })
    const { published } = await importTable(repo, options)

    expect(planned.published.map(({ series }) => series)).toEqual([1, 2])
    expect(published.map(({ series }) => series)).toEqual([1, 2])
    expect(await rows(repo, 'obs/b', 'HEAD')).toEqual([[18262, 9]])
  })

  it.each([
    ['one series', {}, 's'],
    ['many series', { splitBy: 'kind' }, 's/x'],
  ])('goes on with the index that there is, of %s', async (_, options, name) => {
    const repo = await newRepository()
    const folder = folderOf({
      'first.csv': csv('id,d,kind,published,v', '1,2020-01-01,x,2020-01-02,5'),
      'next.csv': csv('kind,v,d,id,published', 'x,6,2020-01-01,1,2020-01-03'),
    })
    const read = (file: string, index?: string[]) =>
      importTable(repo, {
        ...shared,
        ...options,
        input: fileTable(join(folder, file)),
        series: 's',
        index,
      })

    await read('first.csv', ['id', 'd'])
    const next = await read('next.csv')

    expect(next.published).toHaveLength(1)
    expect(await rows(repo, name, 'HEAD')).toHaveLength(1)
  })

  it.each([
    ['t.csv', csv('t,published,v', '2020-01-01,2020-01-02,1', '2020-01-02,,2'), 't.csv:3:12'],
    ['t.csv', csv('t,published,v', '2020-01-01,2020-01-02,1', '2020-01-02,NA,2'), 't.csv:3:12'],
    [
      't.ndjson',
      '{"t":"2020-01-01","published":"2020-01-02","v":1}\n{"t":"2020-01-02","published":null,"v":2}\n',
      't.ndjson:2:',
    ],
  ])('says of every row when it was published: %s', async (file, content, place) => {
    const repo = await newRepository()
    const folder = folderOf({ [file]: content })
    const input = { ...fileTable(join(folder, file)), name: file }

    const table = await failureOf(importTable(repo, { ...shared, input, series: 's' }))
    const vintage = await failureOf(
      vintages(repo, folder, {
        from: { kind: 'column', column: 'published' },
        tableOf: () => input,
        series: 's',
      }),
    )

    for (const { code, message, hint } of [table, vintage]) {
      expect(code).toBe('bad-input')
      expect(message.startsWith(place)).toBe(true)
      expect(message).toContain('expected a time or date in the column "published", found ')
      expect(message).toContain('(it says when the row was published)')
      expect(hint).not.toContain('--index')
    }
  })

  it('has a time in that column, and no key twice in a publication', async () => {
    const repo = await newRepository()
    const input = fileTable(join(folderOf({ 't.csv': table }), 't.csv'))
    const read = (options: { knownAt?: string; index?: string[] }) =>
      importTable(repo, { ...shared, input, series: 's', ...options })

    await expect(read({ knownAt: 'station' })).rejects.toThrow('expected times or dates')
    await expect(read({ knownAt: 'when' })).rejects.toMatchObject({ code: 'column-not-found' })
    await expect(read({})).rejects.toThrow('expected keys that differ')
    expect((await repo.refs.state()).refs.size).toBe(0)
  })
})
