import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readIndex } from '../../src/plumbing/index-state.ts'
import { refreshIndex } from '../../src/plumbing/refresh-index.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { newRepository } from '../support/repositories.ts'
import { materialise, stage } from '../support/staging.ts'

let repo: Repository
const file = (name: string) => join(repo.workTree!.root, name)

beforeEach(async () => {
  repo = await newRepository({ workTree: true })
  await stage(repo, { a: [1], b: [2], c: [3], d: [4] })
  await materialise(repo, 'a', 'b', 'c', 'd')
})

describe('refreshIndex', () => {
  it('names files that changed, are behind the index or gone, in order', async () => {
    expect(await refreshIndex(repo)).toEqual({ needUpdate: [] })
    rmSync(file('d.csv'))
    await stage(repo, { c: [3, 3] })
    writeFileSync(file('b.csv'), 't,v\n0,99\n')
    expect(await refreshIndex(repo)).toEqual({ needUpdate: ['b.csv', 'c.csv', 'd.csv'] })
    writeFileSync(file('a.csv'), 'no table')
    expect((await refreshIndex(repo)).needUpdate).toContain('a.csv')
  })

  it('remembers how a file looks that was only touched, and one that shows the index by now', async () => {
    utimesSync(file('a.csv'), 1, 1)
    await stage(repo, { b: [5] })
    writeFileSync(file('b.csv'), 't,v\n0,5\n')
    const { tree } = (await readIndex(repo)).state
    expect(await refreshIndex(repo)).toEqual({ needUpdate: [] })
    const { state } = await readIndex(repo)
    expect(state.tree).toBe(tree)
    expect(state.files.get('a')!.stamp.mtimeNs).toBe(1_000_000_000n)
    const known = { file: 'b.csv', stamp: { size: 8 } }
    expect(state.files.get('b')).toMatchObject(known)
  })

  it('is refused where there is no work tree', async () => {
    await expect(refreshIndex(await newRepository())).rejects.toMatchObject({ code: 'refused' })
  })
})
