import { describe, expect, it } from 'vitest'
import { hashObject, type Id } from '../../src/core/id.ts'
import { mktree } from '../../src/plumbing/mktree.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { revList } from '../../src/plumbing/rev-list.ts'
import { touchesPaths } from '../../src/plumbing/touches-paths.ts'
import { collect, newRepository, storeCommits } from '../support/repositories.ts'

/** A tree in which each path holds a series known by a number alone. */
async function treeOf(repo: Repository, series: Record<string, number>): Promise<Id> {
  async function* lines() {
    for (const [path, number] of Object.entries(series)) {
      yield { path, kind: 'series' as const, id: hashObject('series', Uint8Array.of(number)) }
    }
  }
  return (await mktree(repo.objects, lines(), { missing: true })).id
}

describe('touchesPaths', () => {
  it('chooses the commits that changed a series, or what is in a collection', async () => {
    const repo = await newRepository()
    const trees = [
      await treeOf(repo, { 'a/x': 1, b: 1 }),
      await treeOf(repo, { 'a/x': 1, b: 2 }),
      await treeOf(repo, { 'a/x': 2, b: 1 }),
      await treeOf(repo, { 'a/x': 2, b: 2 }),
      await treeOf(repo, { 'a/x': 2 }),
    ]
    // 0 ← 1 (b) and 2 (a/x), merged by 3; then 4 removes b.
    const ids = await storeCommits(repo, [
      { seconds: 1, tree: trees[0]! },
      { seconds: 2, tree: trees[1]!, parents: [0] },
      { seconds: 3, tree: trees[2]!, parents: [0] },
      { seconds: 4, tree: trees[3]!, parents: [1, 2] },
      { seconds: 5, tree: trees[4]!, parents: [3] },
    ])
    const commits = async (...paths: string[]) => {
      const found = await collect(
        revList(repo, {
          revisions: [ids[4]!],
          test: touchesPaths(repo.objects, paths),
        }),
      )
      return found.map(({ id }) => ids.indexOf(id))
    }
    expect(await commits('b')).toEqual([4, 1, 0])
    expect(await commits('a')).toEqual([2, 0])
    expect(await commits('a/x')).toEqual([2, 0])
    expect(await commits('nothing')).toEqual([])
    // Together the merge is unlike each of its parents.
    expect(await commits('a', 'b')).toEqual([4, 3, 2, 1, 0])
  })
})
