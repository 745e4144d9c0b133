import { beforeEach, describe, expect, it } from 'vitest'
import { lookupPath } from '../../src/core/tree.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { resolveCommittedSeries } from '../../src/plumbing/resolve-committed-series.ts'
import { seriesVersions } from '../../src/plumbing/series-versions.ts'
import { history } from '../../src/porcelain/history.ts'
import { log } from '../../src/porcelain/log.ts'
import { merge } from '../../src/porcelain/merge.ts'
import { listConflicts } from '../../src/porcelain/merge-conflicts.ts'
import { switchBranch } from '../../src/porcelain/switch.ts'
import { ann, collect, newRepository } from '../support/repositories.ts'
import { readAll } from '../support/series.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

type Values = Parameters<typeof stage>[1]

const who = ann(1_800_000_000)
let repo: Repository

async function save(message: string, series: Values): Promise<void> {
  await stage(repo, series)
  await materialise(repo, ...Object.keys(series).filter((path) => series[path] !== undefined))
  await commitStaged(repo, message)
}

async function values(path: string): Promise<unknown[] | undefined> {
  const entry = await lookupPath(repo.objects, (await readIndex(repo)).state.tree, path)
  return entry && (await readAll(repo.objects, entry.id)).map(([, value]) => value)
}

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
})

describe('a merge of series that had the same rows when they were renamed', () => {
  /** Where `renamed` was made on another branch, and t and u got other rows here. */
  async function merged(renamed: Values) {
    await save('both', { t: [0], u: [0] })
    await switchBranch(repo, { create: 'other', who })
    await save('renamed', renamed)
    await switchBranch(repo, { target: 'main', who })
    await save('t', { t: [1] })
    await save('u', { u: [2] })
    return merge(repo, { target: 'other', committer: who })
  }
  const conflicts = async () => (await collect(listConflicts(repo))).map(({ series }) => series)

  it('does not guess which is which', async () => {
    const { outcome } = await merged({ t: undefined, u: undefined, aa: [0], zz: [0] })

    expect(outcome).toBe('conflicts')
    expect(await conflicts()).toEqual(['t', 'u'])
    expect([await values('t'), await values('u')]).toEqual([[1], [2]])
    expect([await values('aa'), await values('zz')]).toEqual([[0], [0]])
  })

  it('brings the rows to the series whose name ends alike', async () => {
    const { outcome } = await merged({ t: undefined, u: undefined, 'x/u': [0], 'y/t': [0] })

    expect(outcome).toBe('merged')
    expect([await values('y/t'), await values('x/u')]).toEqual([[1], [2]])
    expect([await values('t'), await values('u')]).toEqual([undefined, undefined])
  })

  it('does not take a series that was removed for another that was moved', async () => {
    const { outcome } = await merged({ t: undefined, u: undefined, 'col/u': [0] })

    expect(outcome).toBe('conflicts')
    expect(await conflicts()).toEqual(['t'])
    expect([await values('t'), await values('col/u')]).toEqual([[1], [2]])
  })
})

describe('a series that had the rows of another when it was renamed', () => {
  const past = async (name: string) => {
    const found = await resolveCommittedSeries(repo, { name })
    const { changes } = await history(repo, { name, key: ['0'] })
    const { versions } = await seriesVersions(repo, found)
    return {
      history: (await collect(changes())).map(({ path, commit }) => [path, commit.message.trim()]),
      versions: versions.map(({ path, commit }) => [path, commit.message.trim()]).reverse(),
      log: (await collect(log(repo, { series: [name], follow: true }))).map(({ commit }) =>
        commit.message.trim(),
      ),
    }
  }

  it('has its own past', async () => {
    await save('1', { a: [1], b: [2] })
    await save('2', { a: [3] })
    await save('3', { b: [3] })
    await save('4', { a: undefined, b: undefined, 'x/b': [3] })

    const own = [
      ['b', '3'],
      ['b', '1'],
    ]
    expect(await past('x/b')).toEqual({ history: own, versions: own, log: ['4', '3', '1'] })
  })

  it('has none where it may be either', async () => {
    await save('1', { a: [1], b: [2] })
    await save('2', { a: [3], b: [3] })
    await save('3', { a: undefined, b: undefined, c: [3] })

    const none = [['c', '3']]
    expect(await past('c')).toEqual({ history: none, versions: none, log: ['3'] })
  })
})
