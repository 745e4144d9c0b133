import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { commitsOfBisect, readBisect } from '../plumbing/bisect-state.ts'
import { readHead } from '../plumbing/head.ts'
import { hasIndex, type IndexState, readStoredIndex } from '../plumbing/index-state.ts'
import { listRefs } from '../plumbing/list-refs.ts'
import { commitsOf, readMergeState } from '../plumbing/merge-state.ts'
import { type LogReading, type LogState, readLogLeniently } from '../plumbing/read-log.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type FsckDangling, findDangling } from './fsck-dangling.ts'
import { asFault } from './fsck-fault.ts'
import { type Found, type FsckCounts, ReachableObjects } from './fsck-objects.ts'
import { type FsckProblem, problemFound, problemOf, problemOfLog } from './fsck-problem.ts'

export type { FsckDangling } from './fsck-dangling.ts'
export type { FsckProblem } from './fsck-problem.ts'

export interface FsckOptions {
  /** Told how many bytes of the packs were read, and how many there are. */
  readonly onPack?: ((progress: { read: number; total: number }) => void) | undefined
  /** Told how many reachable objects were looked at. */
  readonly onObjects?: ((count: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface FsckSummary extends FsckCounts {
  readonly kind: 'summary'
  readonly packs: number
  /** Objects in all packs; one that is in two counts twice. */
  readonly stored: number
  /** Bytes of all packs. */
  readonly packBytes: number
  /** Canonical bytes of the reachable objects. */
  readonly bytes: number
  readonly logEntries: number
  readonly refs: number
  readonly problems: number
}

/**
 * Checks a repository whole: the ref log (each checkpoint, archive and entry, and that each follows from those
 * before); that all that refs, the ref log and the index lead to is there, has the SHA-256 that its id says, and is as
 * the format says; every pack, and what is in it that nothing leads to. Gives what is wrong as it is found, then commits and
 * tags that nothing leads to, which are no problem, and a summary at the end. Nothing is changed.
 *
 * @param repo may be one whose ref log is damaged. `not-a-repository` where there is no log at all.
 */
export async function* fsck(
  repo: Repository,
  options: FsckOptions = {},
): AsyncGenerator<FsckProblem | FsckDangling | FsckSummary> {
  let problems = 0
  for await (const item of examine(repo, options)) {
    if (item.kind === 'problem') problems++
    yield item.kind === 'summary' ? { ...item, problems } : item
  }
}

async function* examine(
  repo: Repository,
  options: FsckOptions,
): AsyncGenerator<FsckProblem | FsckDangling | Omit<FsckSummary, 'problems'>> {
  const { signal, onObjects } = options
  const log = await readLogLeniently(repo)
  for (const error of log.problems) yield problemOfLog(error)
  const readState = log.readable ? () => repo.refs.state() : async () => log.state
  const state = await readState()
  const objects = new ReachableObjects(repo, state, readState, { signal, onObjects })
  const reported = new Set<string>()
  try {
    for await (const found of reachable(repo, objects, state, log)) {
      const problem = problemFound(found)
      if (problem.object !== undefined) reported.add(problem.object)
      yield problem
    }
  } finally {
    objects.close()
  }
  const packs = yield* examinePacks(repo, readState, {
    ...options,
    isVerified: (id) => objects.reader.hasVerified(id),
    isReported: (id) => reported.has(id),
  })
  yield* await findDangling(repo, await readState(), {
    isReachable: (id) => objects.reader.hasVerified(id) || reported.has(id),
    signal,
  })
  yield {
    kind: 'summary',
    ...packs,
    bytes: objects.reader.bytes,
    logEntries: log.count,
    refs: state.refs.size,
    ...objects.counts,
  }
}

/** What is wrong with all that anything leads to. */
async function* reachable(
  repo: Repository,
  objects: ReachableObjects,
  state: LogState,
  log: LogReading,
): AsyncGenerator<Found> {
  // Which packs count is not known where the log cannot be read.
  const published = log.readable
  for (const { name, id } of listRefs(state)) {
    yield* objects.walk({ id, from: name, published })
  }
  const roots = [...log.roots].sort(([, a], [, b]) => b.number - a.number)
  for (const [id, { number, kind }] of roots) {
    if (published && (await isLetGo(repo, state, id))) continue
    yield* objects.walk({
      id,
      ...(kind && { kind }),
      from: `entry ${number} of the ref log`,
      published,
    })
  }
  yield* privateProblems(repo, objects, published)
}

/** Whether an object that an entry of the log leads to counts no more: `gc` lets go what only old entries lead to. */
async function isLetGo(repo: Repository, state: LogState, id: Id): Promise<boolean> {
  try {
    const pack = await repo.objects.packOf(id, state)
    return pack === undefined || !state.packs.has(pack)
  } catch (error) {
    asFault(error)
    return false
  }
}

const MERGE = 'the merge that is going on'
const SEARCH = 'the search that is going on'

/**
 * HEAD, a merge or a search that is going on, and what the index holds: what is staged may still be in packs that the
 * log does not name.
 */
async function* privateProblems(
  repo: Repository,
  objects: ReachableObjects,
  published: boolean,
): AsyncGenerator<Found> {
  try {
    if (repo.privateFiles !== undefined) {
      const head = await readHead(repo)
      if ('id' in head) yield* objects.walk({ id: head.id, from: 'HEAD', published })
    }
  } catch (error) {
    yield { error: asFault(error), from: 'HEAD' }
  }
  try {
    const merge = await readMergeState(repo)
    if (merge !== undefined) {
      for (const id of commitsOf(merge)) yield* objects.walk({ id, from: MERGE, published })
      yield* objects.walk({ id: merge.tree, kind: 'tree', from: MERGE, published: false })
    }
  } catch (error) {
    yield { error: asFault(error), from: MERGE }
  }
  try {
    const search = await readBisect(repo)
    for (const id of search === undefined ? [] : commitsOfBisect(search)) {
      yield* objects.walk({ id, from: SEARCH, published })
    }
  } catch (error) {
    yield { error: asFault(error), from: SEARCH }
  }
  const from = 'the index'
  let index: IndexState | undefined
  try {
    if (hasIndex(repo)) index = (await readStoredIndex(repo)).state
  } catch (error) {
    yield { error: asFault(error), from }
  }
  if (index === undefined) return
  yield* objects.walk({ id: index.tree, kind: 'tree', from, published: false })
  if (index.base !== undefined) yield* objects.walk({ id: index.base, from, published })
  for (const [path, { id }] of index.files) {
    yield* objects.walk({ id, kind: 'series', path, from, published: false })
  }
}

interface PackOptions extends FsckOptions {
  /** Whether an object was read, and is what its id says. */
  readonly isVerified: (id: Parameters<ReachableObjects['reader']['hasVerified']>[0]) => boolean
  /** Whether it was said of an object that it cannot be read. */
  readonly isReported: (id: string) => boolean
}

async function* examinePacks(
  repo: Repository,
  readState: () => Promise<LogState>,
  { signal, onPack, isVerified, isReported }: PackOptions,
): AsyncGenerator<FsckProblem, Pick<FsckSummary, 'packs' | 'stored' | 'packBytes'>> {
  await repo.objects.refresh()
  const packs = await repo.objects.knownPacks()
  const packBytes = packs.reduce((sum, { size }) => sum + size, 0)
  const { stored, isTwice } = await countObjects(repo, packs)
  let read = 0
  const onBytes = (count: number): void => {
    if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
    read += count
    onPack?.({ read, total: packBytes })
  }
  onBytes(0)
  for (const { name: pack } of packs) {
    // Of an object that lies in two packs, one record was read.
    const verified = (id: Parameters<typeof isVerified>[0]) => isVerified(id) && !isTwice(id)
    for (const error of await verifyIfThere(repo, pack, { onBytes, isVerified: verified })) {
      const problem = problemOf(error, error.data.pack === undefined ? { pack } : {})
      const { object, message } = problem
      if (object === undefined) yield problem
      else if (isVerified(object as never)) {
        yield { ...problem, message: `${message}; another pack has it` }
      } else if (!isReported(object)) yield problem
    }
  }
  const names = new Set(packs.map(({ name }) => name))
  for (const pack of (await readState()).packs) {
    if (names.has(pack) || (await isThere(repo, pack))) continue
    if ((await readState()).packs.has(pack)) {
      yield problemOf(new VarveError('corrupt-pack', `pack ${pack} is missing`), { pack })
    }
  }
  return { packs: packs.length, stored, packBytes }
}

/** How many objects there are in packs, as far as those can be opened, and which are perhaps in several. */
async function countObjects(repo: Repository, packs: readonly { readonly name: string }[]) {
  const seen = new Set<number>()
  const twice = new Set<number>()
  // By some digits: that two ids have the same of them costs a second look.
  const digitsOf = (id: string): number => Number.parseInt(id.slice(0, 12), 16)
  let stored = 0
  for (const { name } of packs) {
    try {
      const pack = await repo.objects.openPack(name)
      stored += pack?.records ?? 0
      if (packs.length === 1 || pack === undefined) continue
      for await (const id of pack.ids()) {
        const digits = digitsOf(id)
        if (seen.has(digits)) twice.add(digits)
        seen.add(digits)
      }
    } catch (error) {
      // It is met again when it is verified, unless it has gone.
      if (!hasCode(error, 'io')) asFault(error)
    }
  }
  return { stored, isTwice: (id: string) => twice.has(digitsOf(id)) }
}

/** What is wrong with a pack; nothing where it has gone, as others took its place. */
async function verifyIfThere(
  repo: Repository,
  name: string,
  options: Parameters<Repository['objects']['verifyPack']>[1],
): Promise<VarveError[]> {
  try {
    const problems = await repo.objects.verifyPack(name, options)
    return problems.length === 0 || (await isThere(repo, name)) ? problems : []
  } catch (error) {
    if (!(error instanceof VarveError) || hasCode(error, 'interrupted')) throw error
    if (await isThere(repo, name)) throw error
    return []
  }
}

async function isThere(repo: Repository, pack: string): Promise<boolean> {
  return (await repo.storage.size(`packs/${pack}.pack`)) !== undefined
}
