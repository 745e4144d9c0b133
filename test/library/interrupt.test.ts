import { describe, expect, it } from 'vitest'
import {
  addFiles,
  archive,
  diffRows,
  diffStats,
  fsck,
  listSeries,
  log,
  type OpenedRepository,
  openComparison,
  openRepository,
  readManySeries,
  readSeriesRows,
  rowsTable,
  writeSeries,
} from '../../src/index.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

async function repository(): Promise<OpenedRepository> {
  const repo = await openRepository('memory:', { author })
  for (const value of [1, 2]) {
    const input = rowsTable('t:int64 v:int64', [[1, value]])
    await writeSeries(repo, { series: 'a/s', create: true, input, commit: repo.signed() })
  }
  return repo
}

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source);
}

const stop = AbortSignal.abort()

describe('an operation that is told to stop', () => {
  it.each<[string, (repo: OpenedRepository, signal: AbortSignal) => Promise<unknown>]>([
    ['log', (repo, signal) => drain(log(repo, { signal }))],
    ['listSeries', (repo, signal) => drain(listSeries(repo, { signal }))],
    ['fsck', (repo, signal) => drain(fsck(repo, { signal }))],
    [
      'readSeriesRows',
      async (repo, signal) => drain((await readSeriesRows(repo, { name: 'a/s', signal })).frames()),
    ],
    [
      'readManySeries',
      async (repo, signal) =>
        drain((await readManySeries(repo, { names: ['a/'], signal })).frames()),
    ],
    [
      'diffRows',
      async (repo, signal) => {
        const words = ['HEAD~1', 'HEAD']
        await drain(diffRows(await openComparison(repo, { words }), { signal }))
      },
    ],
    [
      'diffStats',
      async (repo, signal) => {
        const words = ['HEAD~1', 'HEAD']
        await drain(diffStats(await openComparison(repo, { words }), { signal }))
      },
    ],
    [
      'archive',
      async (repo, signal) => drain((await archive(repo, { rev: 'HEAD', signal })).bytes()),
    ],
    [
      'writeSeries',
      (repo, signal) => {
        const input = rowsTable('t:int64 v:int64', [[1, 3]])
        return writeSeries(repo, { series: 'a/s', input, signal, commit: repo.signed() })
      },
    ],
    [
      'addFiles',
      (repo, signal) => {
        const input = rowsTable('t:int64 v:int64', [[1, 3]])
        return addFiles(repo, [{ series: 'a/s', input }], { signal, commit: repo.signed() })
      },
    ],
  ])('ends: %s', async (_, run) => {
    const repo = await repository()
    const before = await repo.refs.state()
    await expect(run(repo, stop)).rejects.toMatchObject({ code: 'interrupted' })
    expect(await repo.refs.state()).toEqual(before)
    await run(repo, new AbortController().signal)
  })

  it('ends while rows are still being made, however many there are', async () => {
    const repo = await repository()
    function* forever() {
      for (let i = 0; ; i++) yield [i, i]
    }
    const signal = AbortSignal.timeout(50)
    const input = rowsTable('t:int64 v:int64', forever())
    await expect(
      writeSeries(repo, { series: 'endless', create: true, input, signal, commit: repo.signed() }),
    ).rejects.toMatchObject({ code: 'interrupted' })
  })
})
