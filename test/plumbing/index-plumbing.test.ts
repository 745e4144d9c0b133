import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import type { Id } from '../../src/core/id.ts'
import { writeSettings } from '../../src/core/settings.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { readIndex, updateIndexState } from '../../src/plumbing/index-state.ts'
import { type ListFilesOptions, lsFiles } from '../../src/plumbing/ls-files.ts'
import { lsTree } from '../../src/plumbing/ls-tree.ts'
import { mkseries } from '../../src/plumbing/mkseries.ts'
import { readTree } from '../../src/plumbing/read-tree.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { writeSeriesFile } from '../../src/plumbing/series-files.ts'
import { formatTreeLine } from '../../src/plumbing/tree-line.ts'
import { type IndexEdit, updateIndex } from '../../src/plumbing/update-index.ts'
import { writeTree } from '../../src/plumbing/write-tree.ts'
import { newRepository } from '../support/repositories.ts'

const work = () => newRepository({ workTree: true })

/** A stored series of the integers from 0 up to `rows`. */
async function aSeries(repo: Repository, rows: number): Promise<Id> {
  const batch = await repo.objects.begin()
  const values = Array.from({ length: rows }, (_, i) => i)
  const id = await batch.put('column', encodeColumn(columnOf('int32', values)))
  await batch.publish()
  return (await mkseries(repo.objects, [{ name: 'n', type: 'int32', id }])).id
}

const put = (path: string, id: Id): IndexEdit => ({ path, kind: 'series', id, keepSettings: true })
const remove = (path: string): IndexEdit => ({ path, kind: '0' })

async function update(repo: Repository, ...edits: IndexEdit[]) {
  return updateIndex(repo, { edits })
}

async function inIndex(repo: Repository): Promise<string[]> {
  const { id } = await writeTree(repo)
  const paths: string[] = []
  for await (const { path } of lsTree(repo.objects, id, { recursive: true })) paths.push(path)
  return paths
}

describe('updateIndex', () => {
  it('puts series in and takes them out', async () => {
    const repo = await work()
    const [one, two] = [await aSeries(repo, 1), await aSeries(repo, 2)]
    const first = await update(repo, put('a/b', one), put('c', one))
    expect(first).toMatchObject({ old: EMPTY_TREE, paths: 2 })
    expect(await inIndex(repo)).toEqual(['a/b', 'c'])
    await update(repo, put('c', two), remove('a/b'), remove('nothing/there'))
    expect(await inIndex(repo)).toEqual(['c'])
    await update(repo, put('a/b', one), put('c', one))
    expect(await writeTree(repo)).toEqual({ id: first.tree })
    await update(repo, remove('a'), put('c', two), put('c', one))
    expect(await inIndex(repo)).toEqual(['c'])
  })

  it('keeps settings, or takes those of the line', async () => {
    const repo = await work()
    const [one, two] = [await aSeries(repo, 1), await aSeries(repo, 2)]
    const batch = await repo.objects.begin()
    const settings = (await writeSettings(batch, new Map([['zone', 'UTC']])))!
    await batch.publish()
    await update(repo, { path: 's', kind: 'series', id: one, settings })
    const lineAfter = async (edit: IndexEdit) => {
      const { tree } = await update(repo, edit)
      for await (const line of lsTree(repo.objects, tree)) return formatTreeLine(line)
      return undefined
    }
    expect(await lineAfter(put('s', two))).toBe(`series ${two} ${settings}\ts`)
    expect(await lineAfter({ path: 's', kind: 'series', id: two })).toBe(`series ${two}\ts`)
  })

  it('names the staged packs that the index needs', async () => {
    const repo = await work()
    await update(repo, put('s', await aSeries(repo, 3)))
    const { state } = await readIndex(repo)
    expect(state.packs.toSorted()).toEqual((await repo.objects.packNames()).toSorted())
  })

  it('changes nothing when an entry is bad', async () => {
    const repo = await work()
    const one = await aSeries(repo, 1)
    await update(repo, put('a/b', one))
    const before = await writeTree(repo)
    const absent = 'f'.repeat(64) as Id
    for (const [edit, code] of [
      [put('x', absent), 'object-not-found'],
      [{ path: 'x', kind: 'tree', id: one }, 'bad-input'],
      [put('a', one), 'already-exists'],
      [put('a/b/c', one), 'already-exists'],
    ] as const) {
      await expect(update(repo, put('good', one), edit)).rejects.toMatchObject({ code })
    }
    expect(await writeTree(repo)).toEqual(before)
    await updateIndex(repo, { edits: [put('a', one)], replace: true })
    expect(await inIndex(repo)).toEqual(['a'])
  })

  it('reads a few nodes to replace one of many series', async () => {
    const repo = await work()
    const [one, two] = [await aSeries(repo, 1), await aSeries(repo, 2)]
    await updateIndex(repo, {
      edits: Array.from({ length: 20_000 }, (_, i) => put(`all/s${i}`, one)),
    })
    const reads = countReads(repo)
    const { old, tree } = await update(repo, put('all/s777', two))
    expect(tree).not.toBe(old)
    expect(reads()).toBeGreaterThan(3)
    expect(reads()).toBeLessThan(40)
    await update(repo, put('all/s777', one))
    expect(await writeTree(repo)).toEqual({ id: old })
  })

  it('is refused without an index', async () => {
    const repo = await newRepository()
    await expect(update(repo, remove('a'))).rejects.toMatchObject({ code: 'refused' })
  })
})

/** Counts the objects that are read from here on. */
function countReads({ objects }: Repository): () => number {
  let reads = 0
  const readIfPresent = objects.readIfPresent.bind(objects)
  objects.readIfPresent = (id) => {
    reads++
    return readIfPresent(id)
  }
  return () => reads
}

describe('readTree', () => {
  it('makes the index hold a tree, or hold it in a collection too', async () => {
    const repo = await work()
    const one = await aSeries(repo, 1)
    const { tree } = await update(repo, put('a/b', one))
    await readTree(repo, { tree: EMPTY_TREE })
    expect(await inIndex(repo)).toEqual([])
    await readTree(repo, { tree })
    await readTree(repo, { tree, prefix: 'old/v1/' })
    expect(await inIndex(repo)).toEqual(['a/b', 'old/v1/a/b'])
    expect(await writeTree(repo, { prefix: 'old/v1/' })).toEqual({ id: tree })
    await expect(readTree(repo, { tree, prefix: 'old' })).rejects.toMatchObject({
      code: 'already-exists',
    })
    await expect(writeTree(repo, { prefix: 'a/b' })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(writeTree(repo, { prefix: 'x' })).rejects.toMatchObject({
      code: 'series-not-found',
    })
  })
})

describe('lsFiles', () => {
  async function listed(repo: Repository, options?: ListFilesOptions): Promise<string[]> {
    const found: string[] = []
    for await (const item of lsFiles(repo, options)) found.push(`${item.state} ${item.path}`)
    return found
  }

  /** Writes the file of a series and marks it as materialised. */
  async function materialise(repo: Repository, path: string, id: Id): Promise<void> {
    const file = await writeSeriesFile(repo, repo.objects, { file: `${path}.csv`, id })
    await updateIndexState(repo, (state) => ({
      ...state,
      files: new Map([...state.files, [path, file]]),
    }))
  }

  it('tells series, changed, deleted and other files apart', async () => {
    const repo = await work()
    const one = await aSeries(repo, 1)
    await update(repo, put('a', one), put('b', one), put('c/d', one), put('none', one))
    for (const path of ['a', 'b', 'c/d']) await materialise(repo, path, one)
    const { root } = repo.workTree!
    await writeFile(join(root, 'a.csv'), 'n\n5\n')
    await repo.workTree!.remove('b.csv')
    await writeFile(join(root, 'c/other.csv'), 'n\n5\n')
    await writeFile(join(root, 'notes.txt'), '')
    expect(await listed(repo)).toEqual(['cached a', 'cached b', 'cached c/d', 'cached none'])
    expect(await listed(repo, { modified: true })).toEqual(['modified a', 'modified b'])
    expect(await listed(repo, { deleted: true })).toEqual(['deleted b'])
    expect(await listed(repo, { others: true })).toEqual(['other c/other.csv'])
    expect(await listed(repo, { cached: true, others: true, paths: ['c'] })).toEqual([
      'other c/other.csv',
      'cached c/d',
    ])
    await writeFile(join(root, 'a.csv'), 'n\n0\n')
    expect(await listed(repo, { modified: true, paths: ['a'] })).toEqual([])
  })

  it('rewrites files with readTree, unless they were changed by hand', async () => {
    const repo = await work()
    const [one, two] = [await aSeries(repo, 1), await aSeries(repo, 2)]
    const { tree: before } = await update(repo, put('a', one), put('b', one))
    for (const path of ['a', 'b']) await materialise(repo, path, one)
    const { tree: after } = await update(repo, put('a', two), remove('b'))
    await readTree(repo, { tree: before })
    expect(await readTree(repo, { tree: after, update: true })).toEqual({ tree: after, files: 2 })
    expect(await listed(repo, { modified: true, others: true })).toEqual([])
    await writeFile(join(repo.workTree!.root, 'a.csv'), 'n\n7\n')
    await expect(readTree(repo, { tree: before, update: true })).rejects.toMatchObject({
      code: 'refused',
    })
    expect(await writeTree(repo)).toEqual({ id: after })
    await readTree(repo, { tree: before, update: true, force: true })
    expect(await listed(repo, { modified: true, cached: true })).toEqual(['cached a', 'cached b'])
  })
})
