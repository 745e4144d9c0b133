import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  addFiles,
  bytesTable,
  commit,
  listSeries,
  log,
  openRepository,
  rowsTable,
  status,
  writeSeries,
} from '../../src/index.ts'
import { temporaryFolder } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const now = () => new Date('2026-08-17T10:00:00.999Z')
const prices = () => rowsTable('t:int32 price:float64', [[1, 65.1]])

async function messages(repo: Parameters<typeof log>[0]): Promise<string[]> {
  const found: string[] = []
  for await (const { commit } of log(repo)) found.push(commit.message.trim())
  return found
}

describe('openRepository', () => {
  it('makes a repository with a work tree, where changes are staged until they are committed', async () => {
    const folder = join(temporaryFolder(), 'prices')
    const made = await openRepository(folder, { create: true, author, now })
    await writeSeries(made, { series: 'brent', input: prices(), create: true })
    expect((await status(made)).staged).toHaveLength(1)
    const { commit: recorded } = await commit(made, made.signed('first'))
    await made.close()

    expect(recorded.author).toEqual({ ...author, seconds: 1786960800, offsetMinutes: 0 })
    const again = await openRepository(pathToFileURL(folder))
    expect(await messages(again)).toEqual(['first'])
  })

  it('makes a bare one where the name says so, where every change is a commit', async () => {
    const folder = join(temporaryFolder(), 'prices.varve')
    const repo = await openRepository(folder, { create: true, author, now, initialBranch: 'trunk' })
    await writeSeries(repo, { series: 's', input: prices(), create: true, commit: repo.signed() })
    expect(existsSync(join(folder, 'packs'))).toBe(true)
    expect((await repo.refs.state()).head).toBe('refs/heads/trunk')
    const named = await openRepository(folder.replace(/\.varve$/, ''))
    expect(await messages(named)).toEqual(['s: +1 ~0 -0'])
  })

  it('opens the one that is there, also when it may make one and nobody said who', async () => {
    const folder = join(temporaryFolder(), 'prices')
    const first = await openRepository(folder, { create: true, author, now })
    await writeSeries(first, {
      series: 's',
      input: prices(),
      create: true,
      commit: first.signed('kept'),
    })
    expect(await messages(await openRepository(folder, { create: true }))).toEqual(['kept'])
  })

  it('gives each caller a memory of its own', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(() => openRepository('memory:', { author, now })),
    )
    await addFiles(one!, [{ series: 's', input: bytesTable('s.csv', 't,v\n1,2\n') }], {
      commit: one!.signed(),
    })
    expect(await messages(one!)).toHaveLength(1)
    const inOther: string[] = []
    for await (const { path } of listSeries(other!, {})) inOther.push(path)
    expect(inOther).toEqual([])
  })

  it('reads the configuration of the repository, and what the caller says before it', async () => {
    const folder = join(temporaryFolder(), 'prices')
    const made = await openRepository(folder, { create: true, author })
    const config = '[branch "main"]\n\tremote = origin\n\tmerge = refs/heads/main\n'
    await made.privateFiles!.write('config', Buffer.from(config))
    const own = await openRepository(folder)
    const told = await openRepository(folder, {
      config: new Map([['Branch.main.Remote', 'other']]),
    })
    expect(own.config.get('branch.main.remote')).toBe('origin')
    expect(told.config.get('branch.main.remote')).toBe('other')
    expect(told.config.get('branch.main.merge')).toBe('refs/heads/main')
  })

  it('says what is missing, and makes nothing then', async () => {
    const folder = join(temporaryFolder(), 'prices')
    await expect(openRepository(folder)).rejects.toMatchObject({ code: 'not-a-repository' })
    await expect(openRepository(folder, { create: true })).rejects.toMatchObject({
      code: 'identity-unknown',
    })
    await expect(
      openRepository(folder, { create: true, author, initialBranch: 'a b' }),
    ).rejects.toMatchObject({ code: 'invalid-name' })
    await expect(openRepository('https://example.org/prices')).rejects.toMatchObject({
      code: 'refused',
    })
    expect(existsSync(folder)).toBe(false)
  })

  it('goes on where making one was interrupted', async () => {
    const folder = join(temporaryFolder(), 'prices')
    for (const name of ['log', 'packs', 'checkpoints', 'tmp', 'archive']) {
      mkdirSync(join(folder, '.varve', name), { recursive: true })
    }
    await expect(openRepository(folder)).rejects.toMatchObject({ code: 'not-a-repository' })
    const repo = await openRepository(folder, { create: true, author })
    expect((await repo.refs.state()).number).toBe(1)
  })

  it('asks the clock of the machine where nobody gives one', async () => {
    const before = Math.floor(Date.now() / 1000)
    const repo = await openRepository('memory:', { author })
    const { seconds } = repo.who()
    expect(seconds).toBeGreaterThanOrEqual(before)
    expect(seconds).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000))
  })
})
