import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Id } from '../../src/core/id.ts'
import { headState } from '../../src/plumbing/head.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import { lostWithPack } from '../../src/plumbing/lost-pack.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { reopened } from '../../src/plumbing/salvage.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { reset } from '../../src/porcelain/reset.ts'
import { packPath } from '../../src/storage/pack-writer.ts'
import { ann, collect, newRepository } from '../support/repositories.ts'
import { commitStaged, materialise, stage } from '../support/staging.ts'

let repo: Repository
let tip: Id

/** One commit; a change of it and another series staged, of which the packs are gone. */
beforeEach(async () => {
  const whole = await newRepository({ workTree: true })
  await stage(whole, { a: [1, 2], b: [5] })
  await materialise(whole, 'a', 'b')
  await commitStaged(whole, 'one')
  tip = (await headState(whole)).id!
  await stage(whole, { a: [1, 3], c: [7] })
  await materialise(whole, 'a', 'c')
  const { packs } = (await readIndex(whole)).state
  expect(packs).not.toEqual([])
  for (const pack of packs) await whole.storage.delete(packPath(pack))
  repo = reopened(whole)
})

const bytesOf = (file: string): string => readFileSync(join(repo.workTree!.root, file), 'utf8')

describe('what is staged and lost', () => {
  it('is said to be that, with the way out, in place of an object that nobody has heard of', async () => {
    const { tree, packs } = (await readIndex(repo)).state
    const error = await repo.objects.read(tree, 'tree').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'object-not-found' })
    const told = await lostWithPack(repo, error)
    expect(told).toMatchObject({
      code: 'corrupt-pack',
      message: `no object ${tree}; pack ${packs[0]}, with what is staged, is missing`,
      data: { id: tree, pack: packs[0] },
      hint: expect.stringContaining('`varve reset`'),
    })
  })

  it('is forgotten by a reset, after which files can be added again and all is sound', async () => {
    const file = bytesOf('a.csv')
    const { unstaged } = await reset(repo, { to: tip, mode: 'mixed', who: ann(9) })
    expect(unstaged).toEqual(['a', 'b'])
    expect(bytesOf('a.csv')).toBe(file)
    const { state } = await readIndex(repo)
    expect([...state.files.keys()]).toEqual(['a', 'b'])
    expect(state.packs).toEqual([])
    const found = await collect(fsck(repo, {}))
    expect(found.filter(({ kind }) => kind === 'problem')).toEqual([])
    await stage(repo, { a: [1, 3], c: [7] })
    await commitStaged(repo, 'two')
  })

  it('is not waited for by reset --hard, which leaves a file alone that it has no series of', async () => {
    await reset(repo, { to: tip, mode: 'hard', who: ann(9) })
    expect(bytesOf('a.csv')).toContain('1,2')
    expect(bytesOf('c.csv')).toContain('0,7')
    const found = await collect(fsck(repo, {}))
    expect(found.filter(({ kind }) => kind === 'problem')).toEqual([])
  })
})
