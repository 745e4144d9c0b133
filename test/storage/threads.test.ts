import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { hashObject } from '../../src/core/id.ts'
import { rowsTable } from '../../src/library/tables.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository } from '../../src/plumbing/repository.ts'
import { fsck } from '../../src/porcelain/fsck.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { checkColumn, type WholeColumn } from '../../src/storage/check-column.ts'
import { EncodeWorkers } from '../../src/storage/encode-workers.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { encodeBody } from '../../src/storage/pack-encoding.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { bundleChild } from '../support/child.ts'
import { hasThreads } from '../support/optional-tool.ts'
import { ann, collect } from '../support/repositories.ts'
import { temporaryFolder } from '../support/temporary.ts'

const LEVEL = 1
const folder = temporaryFolder()
let file: string

beforeAll(async () => {
  file = await bundleChild('../../src/storage/encode-worker.ts')
  await loadZstd()
})
afterEach(() => vi.unstubAllGlobals())

/** What the build says where threads' file is. */
function built(path = file): void {
  vi.stubGlobal('VARVE_ENCODE_WORKER', pathToFileURL(path).href)
}

/** A file for threads that do something else. */
function script(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Columns that no other is like, of some 64 KiB each. */
const columns = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) =>
    encodeColumn(
      columnOf(
        'int64',
        Array.from({ length: 8192 }, (_, row) => BigInt(row * (i + 7))),
      ),
    ),
  )

async function ready(workers: EncodeWorkers): Promise<EncodeWorkers> {
  // Asking a thread for something takes what it has said.
  while (!workers.isReady) {
    await new Promise((resolve) => setImmediate(resolve))
    workers.check([], { withSum: false })
  }
  return workers
}

describe.skipIf(!hasThreads())('threads beside the one that reads and writes', () => {
  it('make the same pack as this one alone', async () => {
    const given = [...columns(90), ...columns(3)]
    const write = async (): Promise<string | undefined> => {
      const batch = await openObjectStore(createMemoryStorage()).begin()
      const puts: Promise<string>[] = []
      for (const canonical of given) {
        puts.push(batch.put('column', canonical, { later: true }))
        // A thread takes a while to start: it is the pack that must not depend on whether it has.
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      expect(await Promise.all(puts)).toEqual(given.map((bytes) => hashObject('column', bytes)))
      return batch.publish()
    }
    const alone = await write()
    built()
    expect(await write()).toBe(alone)
  })

  it('say what is wrong with a column in its place, and look through the others', async () => {
    built()
    const workers = await ready(EncodeWorkers.open()!)
    const [first, second] = columns(2)
    const whole = async (canonical: Uint8Array): Promise<WholeColumn> => ({
      ...(await encodeBody('column', canonical, LEVEL)),
      length: canonical.length,
    })
    const bad = { method: 1, body: randomBytes(5000), length: 60_000 }
    const given = [await whole(first!), bad, await whole(second!)]
    const found = await workers.check(given, { withSum: true })
    expect(found).toEqual([
      checkColumn(await loadZstd(), given[0]!, { withSum: true }),
      expect.objectContaining({ code: 'corrupt-object' }),
      checkColumn(await loadZstd(), given[2]!, { withSum: true }),
    ])
    expect(found).toMatchObject([{ id: hashObject('column', first!) }, {}, {}])
    workers.close()
  })

  it('look through the columns of a repository as this one alone does', async () => {
    const { repo } = await initRepository({ storage: createMemoryStorage(), who: ann(0) })
    for (let i = 0; i < 12; i++) {
      const rows = Array.from({ length: 30_000 }, (_, row) => [
        BigInt(row),
        Math.sin(row * (i + 1)),
      ])
      const commit = { author: ann(i), committer: ann(i), message: `${i}\n` }
      const input = rowsTable('n:int64 v:float64', rows)
      await writeSeries(repo, { series: `s${i}`, create: true, input, commit })
    }
    const check = async () => {
      const items = await collect(fsck(assembleRepository({ storage: repo.storage })))
      return items.map((item) => ({ ...item }))
    }
    const alone = await check()
    built()
    expect(await check()).toEqual(alone)
    expect(alone.filter(({ kind }) => kind === 'problem')).toEqual([])
  }, 60_000)

  it('take no more than they have to do soon, and fail what they have when they are closed', async () => {
    built()
    const workers = await ready(EncodeWorkers.open()!)
    const [canonical] = columns(1)
    const hashOnly = { hashOnly: true }
    const noise = randomBytes(70_000)
    expect(await workers.start(noise, LEVEL, { hashOnly: false })).toMatchObject({
      id: hashObject('column', noise),
      encoded: { method: 0, body: noise },
    })
    expect(await workers.start(canonical!, LEVEL, hashOnly)).toMatchObject({
      id: hashObject('column', canonical!),
      encoded: undefined,
    })
    const given: (Promise<unknown> | undefined)[] = []
    for (let i = 0; i < 200; i++) given.push(workers.start(canonical!, LEVEL, { hashOnly: false }))
    expect(given).toContain(undefined)
    workers.close()
    const results = await Promise.allSettled(given.filter((order) => order !== undefined))
    expect(results.some(({ status }) => status === 'rejected')).toBe(true)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'io' })
    }
    expect(workers.isReady).toBe(false)
    workers.close()
  })

  it('are kept for the next batch, which has them at once', async () => {
    built()
    const [canonical] = columns(1)
    const first = await ready(EncodeWorkers.open()!)
    await first.start(canonical!, LEVEL, { hashOnly: true })
    first.close()
    const next = EncodeWorkers.open()!
    expect([first.isReady, next.isReady]).toEqual([false, true])
    expect(await next.start(canonical!, LEVEL, { hashOnly: true })).toMatchObject({
      id: hashObject('column', canonical!),
      encoded: undefined,
    })
    next.close()
  })

  it('are none where another zstd would be used, and fail what they have where they end', async () => {
    const ready = "workerData.postMessage({ zstd: 'another' })"
    built(script('other.mjs', `import { workerData } from 'node:worker_threads'\n${ready}\n`))
    const others = EncodeWorkers.open()!
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(others.start(columns(1)[0]!, LEVEL, { hashOnly: true })).toBeUndefined()
    others.close()
    const { zstdChoice } = await import('../../src/zstd/load.ts')
    const same = JSON.stringify({ zstd: zstdChoice()?.name })
    const dying = `import { workerData } from 'node:worker_threads'
      workerData.on('message', () => { throw new Error('no more memory') })
      workerData.postMessage(${same})`
    built(script('dying.mjs', dying))
    const workers = await readyToDie()
    const order = workers.start(columns(1)[0]!, LEVEL, { hashOnly: true })
    await expect(order).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('no more memory'),
    })
    workers.close()
  })

  async function readyToDie(): Promise<EncodeWorkers> {
    const workers = EncodeWorkers.open()!
    while (!workers.isReady) await new Promise((resolve) => setImmediate(resolve))
    return workers
  }

  it('do not matter where their file is gone: this one does it all', async () => {
    const alone = await openObjectStore(createMemoryStorage()).begin()
    built(join(folder, 'gone.mjs'))
    const batch = await openObjectStore(createMemoryStorage()).begin()
    for (const canonical of columns(60)) {
      await alone.put('column', canonical)
      await batch.put('column', canonical, { later: true })
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await batch.publish()).toBe(await alone.publish())
  })
})

it('there are no threads where the program was not built', () => {
  expect(EncodeWorkers.open()).toBeUndefined()
})
