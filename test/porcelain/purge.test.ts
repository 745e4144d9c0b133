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

  it('is not undone', async () => {
    const { repo } = await history()
    await purge(repo, { ...options, series: 'a/two' })
    await expect(undo(repo, { who: ann(901) })).rejects.toMatchObject({ code: 'refused' })
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
