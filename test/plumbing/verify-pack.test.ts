import { beforeEach, describe, expect, it } from 'vitest'
import type { Repository } from '../../src/plumbing/repository.ts'
import { verifyPack } from '../../src/plumbing/verify-pack.ts'
import { filesOf, repositoryWith } from '../support/damage.ts'
import { collect, newRepository } from '../support/repositories.ts'
import { storeValues } from '../support/staging.ts'

let repo: Repository
let name: string

beforeEach(async () => {
  repo = await newRepository()
  await storeValues(repo, [1.5, 2.5])
  name = (await repo.objects.packNames())[0]!
})

describe('verifyPack', () => {
  it('says how many objects there are and that nothing is wrong', async () => {
    const [summary] = await collect(verifyPack(repo, { pack: name }))
    expect(summary).toMatchObject({ kind: 'pack', pack: name, objects: 3, faults: 0 })
  })

  it('takes the path of a file, and the first digits of a name', async () => {
    for (const pack of [`.varve/packs/${name}.pack`, name.slice(0, 6), name.toUpperCase()]) {
      expect(await collect(verifyPack(repo, { pack }))).toMatchObject([{ pack: name, faults: 0 }])
    }
    for (const [pack, code] of [
      ['beef', 'file-not-found'],
      ['nothing', 'file-not-found'],
      ['abc', 'usage'],
    ] as const) {
      await expect(collect(verifyPack(repo, { pack }))).rejects.toMatchObject({ code })
    }
  })

  it('lists the objects in the order of the file', async () => {
    const items = await collect(verifyPack(repo, { pack: name, objects: true }))
    const listed = items.filter((item) => item.kind === 'object')
    expect(listed.map(({ type }) => type).sort()).toEqual(['column', 'column', 'series'])
    const stored = listed.reduce((sum, item) => sum + item.stored, 0)
    const { size } = (await repo.objects.packs())[0]!
    expect(stored).toBeLessThan(size)
  })

  it('says what is wrong, and lists what can be read all the same', async () => {
    const files = await filesOf(repo.storage)
    const bytes = files.get(`packs/${name}.pack`)!
    bytes[12]! ^= 1
    const damaged = await repositoryWith(files)
    const items = await collect(verifyPack(damaged, { pack: name, objects: true }))
    expect(items.filter(({ kind }) => kind === 'object')).toHaveLength(2)
    const faults = items.filter((item) => item.kind === 'fault')
    expect(faults.map(({ code }) => code)).toEqual(['corrupt-pack', 'corrupt-object'])
    expect(items.at(-1)).toMatchObject({ kind: 'pack', faults: 2 })
  })
})
