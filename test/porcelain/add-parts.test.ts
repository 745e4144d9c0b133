import { describe, expect, it } from 'vitest'
import type { VarveError } from '../../src/core/errors.ts'
import { walkTree } from '../../src/core/tree.ts'
import { readIndex } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { type AddFilesOptions, addFiles } from '../../src/porcelain/add-files.ts'
import { ann, newRepository } from '../support/repositories.ts'
import { everythingOf, table } from '../support/tables.ts'

const COUNT = 1_100
const request = { author: ann(10), committer: ann(20) }

const tables = (bad?: number) =>
  Array.from({ length: COUNT }, (_, at) => {
    const text = at === bad ? 'k,v\n1,2,3\n' : `k,v\n1,${at}\n2,${at % 7}\n`
    return { series: `s/${String(at).padStart(4, '0')}`, input: table(text, `${at}.csv`) }
  })

async function stagedIn(repo: Repository): Promise<string[]> {
  const { state } = await readIndex(repo)
  const paths: string[] = []
  for await (const { path } of walkTree(repo.objects, state.tree)) paths.push(path)
  return paths
}

async function faultOf(repo: Repository, options: AddFilesOptions): Promise<VarveError> {
  try {
    await addFiles(repo, tables(700), options)
  } catch (error) {
    return error as VarveError
  }
  throw new Error('there was no fault')
}

describe('addFiles in parts', () => {
  it('holds in the end what adding them together does', async () => {
    const [one, other] = [
      await newRepository({ workTree: true }),
      await newRepository({ workTree: true }),
    ]
    const told: number[] = []
    const result = await addFiles(one, tables(), { inParts: true, onStaged: (n) => told.push(n) })
    expect(result.series.length).toBe(COUNT)
    expect(told).toEqual([500, 1_000, COUNT])
    await addFiles(other, tables())
    expect((await readIndex(one)).state.tree).toBe((await readIndex(other)).state.tree)
  })

  it('leaves the parts before one that fails staged, and says so', async () => {
    const repo = await newRepository({ workTree: true })
    const fault = await faultOf(repo, { inParts: true })
    expect(fault).toMatchObject({ code: 'bad-input', data: { file: '700.csv', staged: 500 } })
    expect(fault.hint).toMatch('500 files before are staged and stay so')
    expect(await stagedIn(repo)).toEqual(
      tables()
        .slice(0, 500)
        .map(({ series }) => series),
    )
    const again = await addFiles(repo, tables(), { inParts: true })
    const states = again.series.map(({ state }) => state)
    expect([states.slice(0, 500), states.slice(500)].map((some) => new Set(some))).toEqual([
      new Set(['unchanged']),
      new Set(['new']),
    ])
  })

  it.each([
    ['together', {}],
    ['as one commit', { inParts: true, commit: request }],
    ['for a dry run', { inParts: true, dryRun: true }],
  ])('does nothing of them where they are added %s and one is bad', async (_, options) => {
    const repo = await newRepository({ workTree: true })
    const before = await everythingOf(repo)
    const fault = await faultOf(repo, options)
    expect(fault).toMatchObject({ code: 'bad-input', data: { file: '700.csv' } })
    expect(fault.data.staged).toBeUndefined()
    expect(await everythingOf(repo)).toEqual(before)
  })

  it('does not read files from elsewhere again that were staged before an interruption', async () => {
    const repo = await newRepository({ workTree: true })
    const read: string[] = []
    const elsewhere = (mtimeNs = 1n) =>
      tables().map((added, at) => ({
        ...added,
        input: {
          ...added.input,
          open: () => {
            read.push(added.series)
            return added.input.open()
          },
        },
        source: {
          file: `/elsewhere/${at}.csv`,
          stamp: { size: 1, mtimeNs: at === 7 ? mtimeNs : 1n, inode: BigInt(at) },
        },
      }))
    const abort = new AbortController()
    const onStaged = () => abort.abort()
    const options = { inParts: true, onStaged, signal: abort.signal }
    await expect(addFiles(repo, elsewhere(), options)).rejects.toMatchObject({ hint: /^500 files/ })

    read.length = 0
    expect((await addFiles(repo, elsewhere(), { inParts: true })).known).toBe(500)
    expect(new Set(read).size).toBe(600)
    read.length = 0
    expect((await addFiles(repo, elsewhere(2n), { inParts: true })).known).toBe(COUNT - 1)
    expect(new Set(read)).toEqual(new Set(['s/0007']))
    const said = await addFiles(repo, elsewhere(2n).slice(0, 1), {
      types: new Map([['v', 'int64']]),
    }).catch((error: VarveError) => error.code)
    expect(said).toBe('schema-mismatch')
  })

  it('keeps the parts that were staged when it is interrupted', async () => {
    const repo = await newRepository({ workTree: true })
    const abort = new AbortController()
    const onSeries = (path: string) => {
      if (path === 's/0800') abort.abort()
    }
    const options = { inParts: true, onSeries, signal: abort.signal }
    await expect(addFiles(repo, tables(), options)).rejects.toMatchObject({
      code: 'interrupted',
      message: 'interrupted',
      hint: '500 files before are staged and stay so',
    })
    expect((await stagedIn(repo)).length).toBe(500)
  })
})
