import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { compress } from 'zstd-napi'
import { writeCommit } from '../../src/core/commit.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import { EMPTY_TREE } from '../../src/core/tree.ts'
import { openRepository } from '../../src/index.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { COLUMN, RAW, ZSTD } from '../../src/storage/pack-encoding.ts'
import type { PackRecord } from '../../src/storage/pack-record.ts'
import { PackWriter } from '../../src/storage/pack-writer.ts'
import { openRefLog } from '../../src/storage/ref-log.ts'
import { openDuckDb } from '../formats/parquet/support.ts'
import { measured } from '../support/measure.ts'
import { someone, varve } from '../support/program.ts'
import { ann } from '../support/repositories.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** A process that does nothing much takes some 100 MiB; a decoder may take 256. */
const MOST_MIB = 400

async function storeOf(records: readonly PackRecord[]) {
  const storage = createMemoryStorage()
  const places = new Map(records.map(({ id }, position) => [id, position]))
  const writer = new PackWriter(storage, places)
  for (const record of records) await writer.addRecord(record)
  await writer.publish()
  return openObjectStore(storage)
}

describe('an object that says it is more than it can be', () => {
  const id = hashObject('blob', new Uint8Array())
  const frame = new Uint8Array(compress(Buffer.alloc(1 << 24)))
  const rows = [0xff, 0xff, 0xff, 0xff, 0x07]

  it.each([
    ['a frame that stands for 2 GiB', { kind: 'blob', method: ZSTD, length: 2 ** 31, body: frame }],
    ['a frame of more than it says', { kind: 'blob', method: ZSTD, length: 1000, body: frame }],
    [
      'a frame that could, at most, be 256 MiB and one byte',
      { kind: 'blob', method: ZSTD, length: 2 ** 28 + 1, body: new Uint8Array(20_000) },
    ],
    [
      '2^31 rows of one value',
      {
        kind: 'column',
        method: COLUMN,
        length: 2 ** 31 * 8 + 8,
        body: Uint8Array.of(0x05, ...rows, 1, 1, 0),
      },
    ],
    ['2^31 bytes as they are', { kind: 'blob', method: RAW, length: 2 ** 31, body: frame }],
    ['a commit of 2 GiB', { kind: 'commit', method: ZSTD, length: 2 ** 31, body: frame }],
  ] as const)('is refused before there is room for it: %s', async (_, record) => {
    const store = await storeOf([{ id, ...record }])
    const before = process.memoryUsage().arrayBuffers

    await expect(store.readAny(id)).rejects.toMatchObject({ code: 'corrupt-object' })

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })
})

describe('ids that begin with the same 8 bytes', () => {
  const ids = Array.from(
    { length: 300 },
    (_, at) => `${'c0ffee5e'.repeat(2)}${at.toString(16).padStart(48, '0')}` as Id,
  )

  it('are told apart', async () => {
    const bodyOf = (at: number): Uint8Array => Buffer.from(`object ${at}`)
    const store = await storeOf(
      ids.map((id, at) => {
        const body = bodyOf(at)
        return { id, kind: 'blob', method: RAW, length: body.length, body }
      }),
    )
    for (const [at, id] of ids.entries()) {
      expect(Buffer.from((await store.readAny(id)).bytes)).toEqual(bodyOf(at))
    }
    const missing = `${'c0ffee5e'.repeat(2)}${'f'.repeat(48)}` as Id
    expect(await store.readIfPresent(missing)).toBeUndefined()
    expect(await store.find('c0ffee5ec0ffee5e')).toEqual(ids)
    expect(await store.find(ids[7]!.slice(0, 63))).toHaveLength(16)
  })
})

describe('a history that leads nowhere', () => {
  it('is named by fsck, and no command ends as a bug', async () => {
    const work = temporaryFolder()
    await varve(['init', work])
    {
      await using repo = await openRepository(work)
      const batch = await repo.objects.begin()
      await batch.put('tree', Uint8Array.of(0, 0))
      const missing = 'ab'.repeat(32) as Id
      const commit = await writeCommit(batch, {
        tree: EMPTY_TREE,
        parents: [missing],
        author: ann(1),
        committer: ann(1),
        message: 'orphan\n',
      })
      const pack = await batch.publish()
      await openRefLog(repo.storage).append({
        updates: [{ name: 'refs/heads/main', old: undefined, new: commit }],
        who: ann(1),
        message: 'planted',
        packs: [pack!],
      })
    }
    const run = (...args: string[]) => varve(args, { cwd: work, env: someone })
    const fsck = await run('fsck')
    expect(fsck.exitCode).toBe(7)
    expect(fsck.stdout + fsck.stderr).toContain('abababab')
    for (const args of [
      ['log'],
      ['show'],
      ['status'],
      ['gc'],
      ['rev-list', 'HEAD'],
      ['diff', 'HEAD~'],
    ]) {
      const { exitCode, stderr } = await run(...args)
      expect({ args, isBug: exitCode === 70, stderr }).toMatchObject({ isBug: false })
    }
  })
})

describe('a small file that unpacks to much', () => {
  const work = temporaryFolder()
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(work, name), bytes)
    return name
  }
  const a = Buffer.alloc(300 * 1024 * 1024, 'a')
  beforeAll(async () => {
    await varve(['init', work])
  })

  it.each([
    [
      'one cell of 300 MiB',
      () => file('cell.csv.gz', gzipSync(Buffer.concat([Buffer.from('t,v\n1,'), a]), { level: 1 })),
    ],
    [
      'nothing but zeros',
      () => file('zeros.csv.gz', gzipSync(Buffer.alloc(300 << 20), { level: 1 })),
    ],
    ['a header of 300 MiB', () => file('header.csv.zst', compress(a))],
    [
      '300 million levels of JSON',
      () => file('deep.ndjson.zst', compress(Buffer.alloc(300 << 20, '['))),
    ],
    [
      'one name of 300 MiB',
      () => file('name.ndjson.zst', compress(Buffer.concat([Buffer.from('{"'), a]))),
    ],
  ])('is refused in bounded memory: %s', async (_, make) => {
    const { exitCode, peak, stderr } = await measured(['add', make()], { cwd: work })
    expect({ exitCode, stderr: stderr.slice(0, 300) }).toMatchObject({ exitCode: 4 })
    expect(peak).toBeLessThan(MOST_MIB)
  })

  it('is refused in bounded memory: a page of Parquet', async () => {
    const duckdb = await openDuckDb()
    const path = join(work, 'page.parquet')
    await duckdb.run(
      `COPY (SELECT 1 AS k, repeat('a', 300000000) AS v) TO '${path}' (FORMAT parquet, COMPRESSION gzip)`,
    )
    const { exitCode, peak } = await measured(['add', 'page.parquet'], { cwd: work })
    expect(exitCode).toBe(4)
    expect(peak).toBeLessThan(MOST_MIB)
  })
})
