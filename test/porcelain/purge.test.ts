import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCommit } from '../../src/core/commit.ts'
import { hasCode, VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { lookupPath } from '../../src/core/tree.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { log } from '../../src/porcelain/log.ts'
import { removeSeries } from '../../src/porcelain/move-series.ts'
import { purge } from '../../src/porcelain/purge.ts'
import { createTag } from '../../src/porcelain/tag.ts'
import { trim } from '../../src/porcelain/trim.ts'
import { undo } from '../../src/porcelain/undo.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { controlStorage } from '../support/controlled-storage.ts'
import { ann, collect, newRepository, setRefs } from '../support/repositories.ts'
import { materialise } from '../support/staging.ts'
import { table } from '../support/tables.ts'

const now = 900_000
const options = { who: ann(900), now }
const SECRET = 'a secret that nobody may read'

async function write(
  repo: Repository,
  series: string,
  at: number,
  rows: string,
  staged = false,
): Promise<Id> {
  const commit = { author: ann(at), committer: ann(at), message: `at ${at}\n` }
  const input = table(`n,v\n${rows}\n`)
  const how = { series, input, create: true, ...(!staged && { commit }) }
  return (await writeSeries(repo, how)).commit!
}

/** Five commits; the third has the secret, the fourth too, the fifth takes it out again. */
async function history(workTree = false) {
  const repo = await newRepository({ workTree })
  const ids = [
    await write(repo, 'a/one', 1, '1,x\n2,y'),
    await write(repo, 'a/two', 2, '1,x\n2,y'),
    await write(repo, 'a/two', 3, `3,${SECRET}`),
    await write(repo, 'a/one', 4, '3,z'),
    await write(repo, 'a/two', 5, '3,other'),
  ]
  await setRefs(repo, { 'refs/heads/old': ids[2] })
  return { repo, ids }
}

/** All bytes that storage has, decoded as far as they are objects. */
async function holdsSecret({ storage }: Repository): Promise<boolean> {
  const { objects } = assembleRepository({ storage })
  for await (const { id } of objects.objects()) {
    const { bytes } = await objects.readAny(id)
    if (Buffer.from(bytes).includes(SECRET)) return true
  }
  return false
}

async function problemsOf({ storage, ...rest }: Repository): Promise<unknown[]> {
  const { privateFiles, workTree } = rest
  const found = await collect(fsck(assembleRepository({ storage, privateFiles, workTree })))
  return found.filter(({ kind }) => kind === 'problem')
}

const logOf = async (repo: Repository, word: string) => collect(log(repo, { words: [word] }))

describe('purge', () => {
  it('removes rows from every commit, and their bytes from storage', async () => {
    const { repo, ids } = await history()
    expect(await holdsSecret(repo)).toBe(true)
    const dry = await purge(repo, { ...options, series: 'a/two', at: '3', dryRun: true })
    expect(await holdsSecret(repo)).toBe(true)
    const result = await purge(repo, { ...options, series: 'a/two', at: '3' })
    expect(result.rewritten).toEqual(dry.rewritten)
    expect(result).toMatchObject({ commits: 5, refs: [{}, {}] })
    // The first two had nothing of it.
    expect(result.rewritten.map(({ old }) => old)).toEqual(ids.slice(2))
    expect(await holdsSecret(repo)).toBe(false)
    expect(await problemsOf(repo)).toEqual([])
    const commits = await logOf(repo, 'main')
    expect(commits.map(({ commit }) => commit.message)).toEqual(
      [5, 4, 3, 2, 1].map((at) => `at ${at}\n`),
    )
    expect(commits.map(({ commit }) => commit.author.seconds)).toEqual([5, 4, 3, 2, 1])
    expect(commits.slice(3).map(({ id }) => id)).toEqual([ids[1], ids[0]])
    expect((await logOf(repo, 'old'))[0]!.commit.message).toBe('at 3\n')
  })

  it('removes a whole series, with its annotated tags made again', async () => {
    const { repo, ids } = await history()
    await createTag(repo, { name: 'v1', target: ids[3]!, message: 'one', who: ann(6) })
    const { refs } = await purge(repo, { ...options, series: 'a/two' })
    expect(refs.map(({ name }) => name).sort()).toEqual([
      'refs/heads/main',
      'refs/heads/old',
      'refs/tags/v1',
    ])
    expect(await holdsSecret(repo)).toBe(false)
    expect(await problemsOf(repo)).toEqual([])
    expect(await logOf(repo, 'v1')).toHaveLength(4)
  })

  it('removes a collection, with files and index following', async () => {
    const { repo } = await history(true)
    await purge(repo, { ...options, series: 'a/' })
    expect(await holdsSecret(repo)).toBe(false)
    expect(await problemsOf(repo)).toEqual([])
    expect(await logOf(repo, 'main')).toHaveLength(5)
  })

  it('leaves nothing to remote-tracking branches', async () => {
    const { repo, ids } = await history()
    const tracking = 'refs/remotes/origin/main'
    await setRefs(repo, { [tracking]: ids[3], 'refs/remotes/origin/early': ids[1] })

    const { refs } = await purge(repo, { ...options, series: 'a/two', at: '3' })

    expect(refs.map(({ name }) => name)).toContain(tracking)
    expect((await repo.refs.state()).refs.get(tracking)).not.toBe(ids[3])
    expect((await repo.refs.state()).refs.get('refs/remotes/origin/early')).toBe(ids[1])
    expect(await logOf(repo, 'origin/main')).toHaveLength(4)
    expect(await holdsSecret(repo)).toBe(false)
    expect(await problemsOf(repo)).toEqual([])
  })

  it('is not undone', async () => {
    const { repo } = await history()
    await purge(repo, { ...options, series: 'a/two' })
    await expect(undo(repo, { who: ann(901) })).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringMatching(/^purge /),
    })
  })

  it('takes a name for a series, and with a slash for a collection, and says what it means', async () => {
    const { repo, ids } = await history()
    await createTag(repo, { name: 'v1', target: ids[1]!, message: 'one', who: ann(6) })
    const dryRun = true
    const all = await purge(repo, { ...options, series: 'a/', dryRun })
    expect(all.purged).toEqual([
      { series: 'a/one', versions: 2, rows: 3 },
      { series: 'a/two', versions: 3, rows: 3 },
    ])
    expect(all.commits).toBe(5)
    const kinds = all.rewritten.map(({ kind }) => kind).sort()
    expect(kinds).toEqual([...Array<string>(5).fill('commit'), 'tag'])
    const range = await purge(repo, { ...options, series: 'a/two', from: '2', dryRun })
    expect(range.purged).toEqual([{ series: 'a/two', versions: 3, rows: 2 }])
    for (const [series, other] of [
      ['a', 'a/'],
      ['a/one/', 'a/one'],
    ] as const) {
      await expect(purge(repo, { ...options, series })).rejects.toMatchObject({
        code: 'series-not-found',
        hint: `there is ${other}: varve purge ${other}`,
      })
    }
  })

  it('leaves a collection that has the name now which a series had', async () => {
    const repo = await newRepository({ workTree: false })
    await write(repo, 'a', 1, `1,${SECRET}`)
    await removeSeries(repo, {
      names: ['a'],
      commit: { author: ann(2), committer: ann(2), message: 'gone\n' },
    })
    await write(repo, 'a/b', 3, '1,x')
    const { purged } = await purge(repo, { ...options, series: 'a' })
    expect(purged).toEqual([{ series: 'a', versions: 1, rows: 1 }])
    expect(await holdsSecret(repo)).toBe(false)
    const last = (await logOf(repo, 'main'))[0]!.commit
    expect(await lookupPath(repo.objects, last.tree, 'a/b')).toBeDefined()
  })

  it('stores what was rewritten as differences, as gc does', async () => {
    const repo = await newRepository({ workTree: false })
    let value = 1
    const rows = Array.from({ length: 3000 }, (_, at) => {
      value = (value * 16807) % 2147483647
      return `${at},${value}`
    })
    for (let version = 1; version <= 20; version++) {
      rows[version * 140] = `${version * 140},${-version}`
      await write(repo, 'a', version, rows.join('\n'))
    }
    const { after } = await gc(repo, { ...options, prune: 'now', reflogExpire: 'now' })
    const purged = await purge(repo, { ...options, series: 'a', from: '1000', to: '1010' })
    expect(purged.rewritten).toHaveLength(20)
    expect(purged.gc!.after!.packBytes).toBeLessThan(1.2 * after!.packBytes)
    expect(await problemsOf(repo)).toEqual([])
  })

  it('says that it rewrote history where it fails then, and is finished after other changes too', async () => {
    for (const series of ['a/two', 'a/one']) {
      const { repo } = await history()
      let isMoved = false
      const fail = (call: string, name?: string): void => {
        if (isMoved && call === 'putIfAbsent') throw new VarveError('disk-full', 'no room')
        if (call === 'putIfAbsent' && name?.startsWith('log/')) isMoved = true
      }
      const storage = controlStorage(repo.storage, { before: fail })
      const full = assembleRepository({ ...repo, storage })
      const range = { ...options, series: 'a/two', at: '3' }
      await expect(purge(full, range)).rejects.toMatchObject({
        code: 'disk-full',
        message: expect.stringMatching(/^history was rewritten, but the data is still stored: /),
        data: { rewritten: true },
        hint: expect.stringContaining('the same command removes it'),
      })
      expect(await holdsSecret(repo)).toBe(true)
      const fresh = assembleRepository(repo)
      await write(fresh, series, 6, '7,x')
      expect(await purge(fresh, { ...range, dryRun: true })).toMatchObject({ finishes: true })
      expect(await purge(fresh, range)).toMatchObject({ finishes: true, refs: [] })
      expect(await holdsSecret(repo)).toBe(false)
      expect(await problemsOf(repo)).toEqual([])
      expect(await purge(fresh, range)).toMatchObject({ finishes: false, refs: [] })
    }
  })

  it('that is interrupted before refs move changes nothing, and says nothing else', async () => {
    const { repo, ids } = await history()
    const signal = AbortSignal.abort()
    await expect(purge(repo, { ...options, series: 'a/two', signal })).rejects.toMatchObject({
      code: 'interrupted',
      data: {},
    })
    expect((await logOf(repo, 'main'))[0]!.id).toBe(ids[4])
  })

  it('leaves the beginning of a trimmed history where it is', async () => {
    const { repo } = await history()
    await setRefs(repo, { 'refs/heads/old': undefined })
    await trim(repo, { limit: { keep: 2 }, who: ann(10) })
    await gc(repo, { ...options, prune: 'now', reflogExpire: 'now' })
    await purge(repo, { ...options, series: 'a/one', at: '1' })
    expect(await logOf(repo, 'main')).toHaveLength(2)
    expect(await problemsOf(repo)).toEqual([])
  })

  it('is finished by the next one where it was stopped on the way', async () => {
    let isOver = false
    for (let stop = 0; !isOver; stop++) {
      const { repo } = await history(true)
      await materialise(repo, 'a/two')
      let calls = 0
      const die = (call: string): void => {
        const changes = call === 'putIfAbsent' || call === 'delete'
        if (changes && calls++ >= stop) throw new VarveError('io', 'the machine has stopped')
      }
      const storage = controlStorage(repo.storage, { before: die })
      isOver = await purge(assembleRepository({ ...repo, storage }), {
        ...options,
        series: 'a/two',
      }).then(
        () => true,
        () => false,
      )
      const again = purge(assembleRepository(repo), { ...options, series: 'a/two' })
      // Where nothing was left to do, no commit has it.
      await again.catch((error: unknown) => {
        if (!hasCode(error, 'series-not-found')) throw error
      })
      expect({ stop, holds: await holdsSecret(repo) }).toEqual({ stop, holds: false })
      expect(existsSync(join(repo.workTree!.root, 'a/two.csv'))).toBe(false)
      expect(await problemsOf(repo)).toEqual([])
      await expect(
        purge(assembleRepository(repo), { ...options, series: 'a/two' }),
      ).rejects.toMatchObject({ code: 'series-not-found' })
    }
  }, 60_000)

  it('says where it did not look: what fsck moved aside, and tags of data itself', async () => {
    const { repo, ids } = await history()
    await repo.storage.putIfAbsent('damaged/packs/x.pack', Buffer.from(SECRET))
    const { tree } = await readCommit(repo.objects, ids[3]!)
    const target = (await lookupPath(repo.objects, tree, 'a/two'))!.id
    await createTag(repo, { name: 'raw', target, who: ann(6), now: ann(6) })
    const { left } = await purge(repo, { ...options, series: 'a/two' })
    expect(left).toEqual(['refs/tags/raw', 'damaged/packs/x.pack'])
  })

  it('refuses beside staged changes, and a name that no commit has', async () => {
    const { repo } = await history(true)
    await expect(purge(repo, { ...options, series: 'a/three' })).rejects.toMatchObject({
      code: 'series-not-found',
    })
    await write(repo, 'b', 7, '1,x', true)
    await expect(purge(repo, { ...options, series: 'a/two' })).rejects.toMatchObject({
      code: 'refused',
    })
    expect(await holdsSecret(repo)).toBe(true)
  })

  it('changes nothing where no row lies between the bounds', async () => {
    const { repo, ids } = await history()
    const { refs, rewritten } = await purge(repo, { ...options, series: 'a/two', at: '9' })
    expect({ refs, rewritten }).toEqual({ refs: [], rewritten: [] })
    expect((await logOf(repo, 'main'))[0]!.id).toBe(ids[4])
  })
})
