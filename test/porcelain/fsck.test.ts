import { beforeEach, describe, expect, it } from 'vitest'
import { writeCommit } from '../../src/core/commit.ts'
import type { Id } from '../../src/core/id.ts'
import { buildTree } from '../../src/core/prolly.ts'
import { formatOf, readSeries, writeSeries } from '../../src/core/series.ts'
import { EMPTY_TREE, updatePaths } from '../../src/core/tree.ts'
import { writeBisect } from '../../src/plumbing/bisect-state.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import { writeMergeState } from '../../src/plumbing/merge-state.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { type FsckProblem, type FsckSummary, fsck } from '../../src/porcelain/fsck.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { createTag } from '../../src/porcelain/tag.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { packPath } from '../../src/storage/pack-writer.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { ann, collect, newRepository, putCommit, setRefs } from '../support/repositories.ts'
import { build, schemaOf } from '../support/series.ts'
import { commitStaged, stage, storeValues } from '../support/staging.ts'

let repo: Repository

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
})

async function check(checked: Repository = repo) {
  const items = await collect(fsck(checked))
  const problems = items.filter((item): item is FsckProblem => item.kind === 'problem')
  return { problems, summary: items.at(-1) as FsckSummary }
}

/** The same repository, opened anew on storage with some packs changed or left out. */
async function withPacks(
  change: (name: string, bytes: Uint8Array) => Uint8Array | undefined,
): Promise<Repository> {
  const storage = createMemoryStorage()
  const folders = ['packs/', 'log/', 'checkpoints/', 'archive/']
  const names = await Promise.all(folders.map((folder) => repo.storage.list(folder)))
  for (const { name } of names.flat()) {
    const bytes = (await repo.storage.get(name))!
    const kept = name.startsWith('packs/') ? change(name, bytes.slice()) : bytes
    if (kept !== undefined) await storage.putIfAbsent(name, kept)
  }
  const { privateFiles, workTree } = repo
  return assembleRepository({ storage, privateFiles, workTree })
}

describe('fsck', () => {
  it('finds nothing wrong with a new repository', async () => {
    const { problems, summary } = await check()
    expect(problems).toEqual([])
    expect(summary).toMatchObject({ packs: 0, commits: 0, objects: 0, refs: 0, problems: 0 })
  })

  it('looks at everything once', async () => {
    await stage(repo, { a: [1, 2], 'b/c': [3] })
    await commitStaged(repo, 'one')
    await stage(repo, { a: [1, 5] })
    const second = await commitStaged(repo, 'two')
    await createTag(repo, { name: 'v1', message: 'hey', who: ann(5) })
    await setRefs(repo, { 'refs/heads/again': second })
    await stage(repo, { d: [9] })
    const { problems, summary } = await check()
    expect(problems).toEqual([])
    expect(summary).toMatchObject({ commits: 2, trees: 4, series: 4, tags: 1, refs: 3 })
  })

  it('names each object that is damaged, its pack and what it belongs to', async () => {
    const series = await storeValues(repo, [1.5, 2.5])
    await stage(repo, { 'b/c': [1.5, 2.5] })
    const id = await commitStaged(repo, 'one')
    const damaged = packPath((await repo.objects.packOf(series))!)
    const flipped = await withPacks((name, bytes) => {
      if (name === damaged) bytes[60] = bytes[60]! ^ 1
      return bytes
    })
    const { problems } = await check(flipped)
    expect(problems.length).toBeGreaterThan(1)
    expect(problems[0]).toMatchObject({ pack: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const inside = problems.filter(({ path }) => path === 'b/c')
    expect(inside).not.toEqual([])
    expect(inside[0]).toMatchObject({
      commit: id,
      from: 'refs/heads/main',
      object: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('says what is missing with a pack', async () => {
    await stage(repo, { a: [1] })
    await commitStaged(repo, 'one')
    const before = new Set(await repo.objects.packNames())
    await stage(repo, { b: [2] })
    await commitStaged(repo, 'two')
    const lost = await withPacks((name, bytes) =>
      before.has(name.slice('packs/'.length, -'.pack'.length)) ? bytes : undefined,
    )
    const { problems, summary } = await check(lost)
    expect(problems.some(({ message }) => /^pack [0-9a-f]{64} is missing$/.test(message))).toBe(
      true,
    )
    expect(problems.some(({ code }) => code === 'object-not-found')).toBe(true)
    expect(summary.problems).toBe(problems.length)
  })

  it('believes no pack to be unnamed that others have put together meanwhile', async () => {
    await stage(repo, { a: [1] })
    await commitStaged(repo, 'one')
    const { privateFiles, workTree, storage } = repo
    const known = new Set(await repo.objects.packNames().then((names) => names.map(packPath)))
    let commits = 0
    const packAgain = async (): Promise<void> => {
      const writer = assembleRepository({ storage, privateFiles, workTree })
      await stage(writer, { a: [10 + ++commits] })
      await commitStaged(writer, `${commits}`)
      await gc(writer, { who: ann(900), now: 900_000 })
    }
    let work: Promise<void> | undefined
    const watched = controlStorage(storage, {
      before: async (call) => {
        if (call === 'range') await work
      },
      after: async (call, name) => {
        if (call !== 'range' || !name.startsWith('packs/') || known.has(name) || commits > 3) return
        known.add(name)
        await packAgain()
      },
    })
    const items = await collect(
      fsck(assembleRepository({ storage: watched, privateFiles, workTree }), {
        onObjects: () => {
          work ??= packAgain()
        },
      }),
    )
    const problems = items.filter(({ kind }) => kind === 'problem')
    expect(problems).toEqual([])
    expect(commits).toBeGreaterThan(3)
  })

  it('finds what a ref needs and no log entry keeps', async () => {
    await stage(repo, { a: [1] })
    const batch = await repo.objects.begin()
    const { state } = await readIndex(repo)
    const commit = await writeCommit(batch, {
      tree: state.tree,
      parents: [],
      author: ann(1),
      committer: ann(1),
      message: 'x\n',
    })
    const pack = await batch.publish()
    const updates = [{ name: 'refs/heads/main', old: undefined, new: commit }]
    // Without the rules that name what a transaction needs.
    const refs = openRefLog(repo.storage)
    await refs.append({ updates, who: ann(1), message: 'x', packs: [pack!] })
    const { problems } = await check()
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.every(({ code }) => code === 'corrupt-log')).toBe(true)
    expect(problems.some(({ path }) => path === 'a')).toBe(true)
  })

  it('finds commits that are older than their parents', async () => {
    const batch = await repo.objects.begin()
    await batch.put('tree', Uint8Array.of(0, 0))
    const first = await putCommit(batch, { seconds: 2000 })
    const second = await putCommit(batch, { seconds: 1000, parents: [first] })
    await batch.publish()
    await setRefs(repo, { 'refs/heads/main': second })
    const { problems } = await check()
    expect(problems).toMatchObject([{ object: second, code: 'corrupt-object' }])
    expect(problems[0]!.message).toContain('dated before its parent')
  })

  it('finds series that are cut in other places than the format says', async () => {
    const batch = await repo.objects.begin()
    const schema = schemaOf('t:int64 v:float64')
    const rows = Array.from({ length: 9 }, (_, i) => [BigInt(i), i / 2])
    // Cut for at most 4 rows a segment: right in itself, and not what the format says.
    const small = await build(batch, schema, rows)
    await commitSeries(batch, small)
    const { problems } = await check()
    expect(problems).toMatchObject([{ object: small, path: 'x', code: 'corrupt-object' }])
    expect(problems[0]!.message).toContain('apart')
  })

  it('finds entries that are not what their columns say', async () => {
    const batch = await repo.objects.begin()
    const schema = schemaOf('t:int64 v:float64')
    const right = await build(
      batch,
      schema,
      [
        [1n, 1],
        [2n, 2],
      ],
      undefined,
    )
    const other = await build(
      batch,
      schema,
      [
        [5n, 1],
        [6n, 2],
      ],
      undefined,
    )
    const { root } = await readSeries(batch, right)
    const { root: otherRoot } = await readSeries(batch, other)
    const entry = root.entries[0] as never as { value: unknown }
    const swapped = { ...entry, value: (otherRoot.entries[0] as never as typeof entry).value }
    const tree = await buildTree(batch, formatOf(schema), [swapped as never])
    const { id } = await writeSeries(batch, schema, tree)
    await commitSeries(batch, id)
    const { problems } = await check()
    expect(problems).toMatchObject([{ object: id, path: 'x' }])
    expect(problems[0]!.message).toContain('keys of a segment')
  })

  it('finds a damaged index', async () => {
    await stage(repo, { a: [1] })
    await commitStaged(repo, 'one')
    const index = repo.privateFiles!.versioned('index')
    const { version } = (await index.read())!
    await index.replace(version, Buffer.from('varve index 1 nonsense'))
    const { problems } = await check()
    expect(problems).toMatchObject([{ code: 'corrupt-file', from: 'the index' }])
    expect(problems[0]!.hint).toContain('remove')
  })

  it('goes through what a search and a merge that are going on need', async () => {
    await stage(repo, { a: [1] })
    const good = await commitStaged(repo, 'one')
    const gone = 'ab'.repeat(32) as Id
    const search = {
      start: 'refs/heads/main',
      terms: { old: 'good', new: 'bad' },
      good: [good],
      bad: gone,
      skipped: [],
      paths: [],
      firstParent: false,
      noCheckout: true,
      log: [],
    }
    await writeBisect(repo, search)
    const merge = { action: 'merge' as const, ours: good, theirs: good, shown: 'side' }
    const made = { squash: false, message: 'x', staged: true, paths: [], settled: [] }
    await writeMergeState(repo, { ...merge, ...made, tree: 'cd'.repeat(32) as Id })
    expect((await check()).problems).toMatchObject([
      { code: 'object-not-found', object: 'cd'.repeat(32), from: 'the merge that is going on' },
      { code: 'object-not-found', object: gone, from: 'the search that is going on' },
    ])
    await repo.privateFiles!.write('BISECT_STATE', Buffer.from('{"good":['))
    expect((await check()).problems.at(-1)).toMatchObject({
      code: 'corrupt-file',
      from: 'the search that is going on',
      hint: expect.stringContaining('bisect reset'),
    })
  })

  it('lists the commit of a log whose last entry is gone, and what it follows, as no problem', async () => {
    await stage(repo, { a: [1] })
    await commitStaged(repo, 'one')
    await stage(repo, { a: [2] })
    const lost = await commitStaged(repo, 'two')
    const { number } = await repo.refs.state()
    await repo.storage.delete(`log/${String(number).padStart(12, '0')}`)
    const bare = assembleRepository({ storage: repo.storage })
    expect(await collect(fsck(bare))).toMatchObject([
      { kind: 'dangling', type: 'commit', object: lost, follows: ['refs/heads/main'] },
      { kind: 'summary', problems: 0 },
    ])
  })
})

/** Commits a series as `x` on main, and publishes the batch. */
async function commitSeries(
  batch: Awaited<ReturnType<Repository['objects']['begin']>>,
  id: Id,
): Promise<void> {
  const tree = await updatePaths(batch, EMPTY_TREE, new Map([['x', { kind: 'series', id }]]))
  const commit = await writeCommit(batch, {
    tree,
    parents: [],
    author: ann(1),
    committer: ann(1),
    message: 'x\n',
  })
  await batch.publish()
  await setRefs(repo, { 'refs/heads/main': commit })
}
