import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { lookupPath } from '../../src/core/tree.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { type RemoveOptions, removeSeries } from '../../src/porcelain/move-series.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

let repo: Repository

const file = (name: string) => join(repo.workTree!.root, name)
const remove = (names: string | string[], options: Partial<RemoveOptions> = {}) =>
  removeSeries(repo, { names: [names].flat(), ...options })

async function isStaged(path: string): Promise<boolean> {
  const { state } = await readIndex(repo)
  return (await lookupPath(repo.objects, state.tree, path)) !== undefined
}

/** Refused, with nothing done to the index or to the files. */
async function expectRefused(work: Promise<unknown>, series: readonly string[]): Promise<void> {
  await expect(work).rejects.toMatchObject({
    code: 'refused',
    message: `staged and not committed: ${series.join(', ')}`,
    data: { series },
  })
  for (const path of series) expect(await isStaged(path)).toBe(true)
}

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  await stage(repo, { known: [1, 2] })
  await materialise(repo, 'known')
  await commitStaged(repo, 'first')
})

describe('removeSeries', () => {
  it('removes what is committed, with its file', async () => {
    await remove('known')
    expect(await isStaged('known')).toBe(false)
    expect(existsSync(file('known.csv'))).toBe(false)
  })

  it('refuses what was never committed, with or without a file, also on trial', async () => {
    await stage(repo, { 'c/shown': [1], 'c/bare': [2] })
    await materialise(repo, 'c/shown')
    await expectRefused(remove('c/shown'), ['c/shown'])
    await expectRefused(remove('c/bare', { dryRun: true }), ['c/bare'])
    await expectRefused(remove('c/', { recursive: true }), ['c/bare', 'c/shown'])
    expect(existsSync(file('c/shown.csv'))).toBe(true)
  })

  it('refuses what is committed otherwise', async () => {
    await stage(repo, { known: [1, 2, 3] })
    await materialise(repo, 'known')
    await expectRefused(remove(['known']), ['known'])
  })

  it('removes it all the same by force, also a file that was changed by hand', async () => {
    await stage(repo, { known: [7], bare: [2] })
    writeFileSync(file('known.csv'), 't,v\n0,99\n')
    await remove(['known', 'bare'], { force: true })
    expect(await isStaged('known')).toBe(false)
    expect(await isStaged('bare')).toBe(false)
    expect(existsSync(file('known.csv'))).toBe(false)
  })

  it('asks no more where the file was removed by hand', async () => {
    await stage(repo, { shown: [1] })
    await materialise(repo, 'shown')
    rmSync(file('shown.csv'))
    await remove('shown')
    expect(await isStaged('shown')).toBe(false)
  })

  it('removes from HEAD at once what is the same there, whatever else is staged', async () => {
    await stage(repo, { other: [1] })
    await remove('known', { commit: { author: ann(1_800_000_000), committer: ann(1_800_000_000) } })
    expect(await isStaged('known')).toBe(false)
    expect(await isStaged('other')).toBe(true)
  })
})

describe('removeSeries from the index alone', () => {
  it('leaves the file, and is done with it', async () => {
    await remove('known', { cached: true })
    expect(await isStaged('known')).toBe(false)
    expect(existsSync(file('known.csv'))).toBe(true)
    expect((await readIndex(repo)).state.files.has('known')).toBe(false)
  })

  it('takes what was never committed where the file holds it', async () => {
    await stage(repo, { shown: [1] })
    await materialise(repo, 'shown')
    await remove('shown', { cached: true })
    expect(await isStaged('shown')).toBe(false)
    expect(existsSync(file('shown.csv'))).toBe(true)
  })

  it('refuses where neither HEAD nor the file holds what is staged', async () => {
    await stage(repo, { shown: [1], bare: [2] })
    await materialise(repo, 'shown')
    writeFileSync(file('shown.csv'), 't,v\n0,99\n')
    await expectRefused(remove(['shown', 'bare'], { cached: true }), ['shown', 'bare'])
  })
})
