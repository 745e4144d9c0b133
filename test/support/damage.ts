import { createHash } from 'node:crypto'
import type { ColumnType } from '../../src/core/column.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { decodeCommit } from '../../src/core/commit.ts'
import { VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { readSeries } from '../../src/core/series.ts'
import { readRows } from '../../src/core/series-read.ts'
import { walkTree } from '../../src/core/tree.ts'
import { rowsTable } from '../../src/library/tables.ts'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository, type Repository } from '../../src/plumbing/repository.ts'
import { type FsckProblem, fsck } from '../../src/porcelain/fsck.ts'
import { gc } from '../../src/porcelain/gc.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { ann } from './repositories.ts'
import { seededRandom } from './seeded-random.ts'

/** What a repository's storage holds, by name. */
export type Files = ReadonlyMap<string, Uint8Array>

export async function filesOf(storage: Storage): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const folder of ['packs/', 'log/', 'checkpoints/', 'archive/']) {
    for (const { name } of await storage.list(folder)) files.set(name, (await storage.get(name))!)
  }
  return files
}

/** A repository, opened anew, over copies of files; those in `changed` are in place of theirs. */
export async function repositoryWith(
  files: Files,
  changed: Files = new Map(),
): Promise<Repository> {
  return assembleRepository({ storage: await storageWith(files, changed) })
}

export async function storageWith(files: Files, changed: Files = new Map()): Promise<Storage> {
  const storage = createMemoryStorage()
  for (const [name, bytes] of files) await storage.putIfAbsent(name, changed.get(name) ?? bytes)
  return storage
}

/** What a repository says: refs, commits and values, by a name; or how it says that it cannot. */
export type Reading = Map<string, string>

/** Reads refs and the reflog. An error that is not varve's own is thrown. */
export async function readLog(repo: Repository): Promise<Reading> {
  const reading: Reading = new Map()
  await attempt(reading, 'refs', async () => {
    const state = await repo.refs.state()
    return JSON.stringify([state.head, [...state.refs].sort(), state.number])
  })
  await attempt(reading, 'reflog', async () => {
    const digest = createHash('sha256')
    for await (const { packs: _, retiredPacks: __, ...entry } of repo.refs.entries()) {
      digest.update(JSON.stringify(entry))
    }
    return digest.digest('hex')
  })
  return reading
}

async function attempt(reading: Reading, name: string, read: () => Promise<string>): Promise<void> {
  try {
    reading.set(name, await read())
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    reading.set(name, `error ${error.code}`)
  }
}

/**
 * Reads all that anybody could want to know: refs, the reflog, every commit that a ref leads to, and all values of
 * all its series. An error that is not varve's own is thrown.
 */
export async function readEverything(repo: Repository): Promise<Reading> {
  const reading = await readLog(repo)
  const isRead = !reading.get('refs')!.startsWith('error ')
  const pending = isRead ? [...(await repo.refs.state()).refs.values()] : []
  const series = new Map<Id, string>()
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const commit = id
    if (reading.has(commit)) continue
    await attempt(reading, commit, async () => {
      const { tree, parents, message, author } = decodeCommit(
        await repo.objects.read(commit, 'commit'),
      )
      pending.push(...parents)
      const paths: string[] = []
      for await (const { path, entry } of walkTree(repo.objects, tree)) {
        paths.push(path)
        await attempt(reading, `${commit}:${path}`, async () => {
          const found = series.get(entry.id) ?? (await valuesOf(repo, entry.id))
          series.set(entry.id, found)
          return found
        })
      }
      return JSON.stringify([message, author, paths])
    })
  }
  return reading
}

async function valuesOf(repo: Repository, id: Id): Promise<string> {
  const digest = createHash('sha256')
  const found = await readSeries(repo.objects, id)
  digest.update(JSON.stringify(found.schema))
  for await (const frame of readRows(repo.objects, found)) {
    for (const column of frame.columns) digest.update(encodeColumn(column))
  }
  return digest.digest('hex')
}

/** What is read otherwise than it was written, without an error. */
export function wrongIn(truth: Reading, reading: Reading): string[] {
  const wrong: string[] = []
  for (const [name, text] of reading) {
    if (!text.startsWith('error ') && truth.get(name) !== text) wrong.push(name)
  }
  // What is not reached is not read: there must be an error on the way.
  const failed = [...reading.values()].some((text) => text.startsWith('error '))
  if (reading.size !== truth.size && !failed) wrong.push('less than there is')
  return wrong
}

export async function problemsOf(repo: Repository): Promise<FsckProblem[]> {
  const problems: FsckProblem[] = []
  for await (const item of fsck(repo)) if (item.kind === 'problem') problems.push(item)
  return problems
}

/** Whether a problem says which file it is about, by its name. */
export function names(problem: FsckProblem, file: string): boolean {
  return problem.file === file || (problem.pack !== undefined && file.includes(problem.pack))
}

const TYPES: readonly (readonly [string, ColumnType])[] = [
  ['time', 'timestamp_s'],
  ['noise', 'float64'],
  ['price', 'float64'],
  ['count', 'int64'],
  ['name', 'string'],
  ['flag', 'bool'],
]

export interface SampleOptions {
  /** Of the series of random numbers, which hardly get shorter when they are packed. */
  readonly rows: number
  /** Small series, each of which the commits change in turn. */
  readonly series: number
  /** Commits before everything is packed, and after that. */
  readonly commits: number
}

/**
 * A repository as time leaves it: commits that gc has put into one pack, with older versions as differences, in a log of
 * a checkpoint and an archive; then commits in packs of their own, and log entries.
 */
export async function sampleRepository(options: SampleOptions): Promise<Repository> {
  const random = seededRandom(options.rows)
  const { repo } = await initRepository({ storage: createMemoryStorage(), who: ann(0) })
  let clock = 1_700_000_000
  const schema = TYPES.map(([name, type]) => `${name}:${type}`).join(' ')
  const rowsFrom = (start: number, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const row = start + i
      return [
        BigInt(1_600_000_000 + row * 60),
        random() + random() * 2 ** -32,
        Math.round(random() * 10_000) / 100,
        BigInt(row) ** 3n,
        row % 7 === 0 ? null : `name ${row % 11}`,
        row % 3 === 0,
      ]
    })
  const write = async (series: string, rows: ReturnType<typeof rowsFrom>): Promise<void> => {
    const who = ann(clock++)
    await writeSeries(repo, {
      series,
      create: true,
      input: rowsTable(schema, rows),
      commit: { author: who, committer: who, message: `${series} ${clock}\n` },
    })
  }
  const change = async (commits: number): Promise<void> => {
    for (let i = 0; i < commits; i++) {
      await write('large', rowsFrom(Math.floor(random() * options.rows), 3))
      if (options.series > 0) await write(`small/${i % options.series}`, rowsFrom(i * 10, 20))
    }
  }
  await write('large', rowsFrom(0, options.rows))
  for (let i = 0; i < options.series; i++) await write(`small/${i}`, rowsFrom(0, 20))
  await change(options.commits)
  await gc(repo, { who: ann(clock++), now: clock * 1000 })
  await change(options.commits)
  return repo
}

/** Tells an object's kind and bytes from all others. */
export function digestOf({ kind, bytes }: { kind: string; bytes: Uint8Array }): string {
  return createHash('sha256').update(kind).update(bytes).digest('base64')
}

/** A storage of which a bit of one file was flipped, at a byte. */
export function flipping(storage: Storage, flipped: string, at: number, bit: number): Storage {
  return {
    location: storage.location,
    async get(name) {
      const bytes = await storage.get(name)
      if (name === flipped && bytes !== undefined) bytes[at]! ^= bit
      return bytes
    },
    async range(name, offset, length) {
      const bytes = await storage.range(name, offset, length)
      if (name === flipped && offset <= at && at < offset + length) bytes[at - offset]! ^= bit
      return bytes
    },
    size: (name) => storage.size(name),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
    create: () => storage.create(),
    list: (prefix) => storage.list(prefix),
    delete: (name) => storage.delete(name),
    sweep: (before) => storage.sweep(before),
    close: async () => undefined,
  }
}
