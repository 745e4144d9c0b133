import type { ErrorCode } from '../core/errors.ts'
import { VarveError } from '../core/errors.ts'
import { isId } from '../core/id.ts'
import { readHead } from '../plumbing/head.ts'
import { hasIndex, type IndexState, readStoredIndex } from '../plumbing/index-state.ts'
import { listRefs } from '../plumbing/list-refs.ts'
import type { Repository } from '../plumbing/repository.ts'
import { asFault } from './fsck-fault.ts'
import { type Found, type FsckCounts, ReachableObjects } from './fsck-objects.ts'

export interface FsckOptions {
  /** Told of each pack before it is read, with the bytes of all packs and of those before it. */
  readonly onPack?: ((progress: { read: number; total: number }) => void) | undefined
  /** Told how many reachable objects were looked at. */
  readonly onObjects?: ((count: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Something that is wrong. */
export interface FsckProblem {
  readonly kind: 'problem'
  readonly code: ErrorCode
  readonly message: string
  /** The object that is damaged or missing, as far as it is known. */
  readonly object?: string
  readonly pack?: string
  /** The commit in which it was met first. */
  readonly commit?: string
  /** The series or collection, as that commit calls it. */
  readonly path?: string
  /** What leads there: a ref, the ref log, the index. */
  readonly from?: string
}

export interface FsckSummary extends FsckCounts {
  readonly kind: 'summary'
  readonly packs: number
  /** Objects in all packs; one that is in two counts twice. */
  readonly stored: number
  readonly logEntries: number
  readonly refs: number
  readonly problems: number
}

/**
 * Checks a repository whole: every pack (checksums, and the SHA-256 of each object), the ref log,
 * and that all that refs, the ref log and the index lead to is there and is as the format says.
 * Gives what is wrong as it is found, and a summary at the end. Nothing is changed.
 */
export async function* fsck(
  repo: Repository,
  options: FsckOptions = {},
): AsyncGenerator<FsckProblem | FsckSummary> {
  const { signal } = options
  let problems = 0
  const problem = (error: unknown, where: Partial<FsckProblem> = {}): FsckProblem => {
    problems++
    return problemOf(error, where)
  }
  const packs = await repo.objects.packNames()
  const sizes = await packSizes(repo, packs)
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  let read = 0
  let stored = 0
  for (const name of packs) {
    throwIfAborted(signal)
    options.onPack?.({ read, total })
    for (const error of await verifyIfThere(repo, name)) yield problem(error, { pack: name })
    read += sizes.get(name) ?? 0
  }
  options.onPack?.({ read, total })
  const state = await repo.refs.state()
  for (const name of state.packs) {
    if (packs.includes(name) || (await isThere(repo, name))) continue
    if ((await repo.refs.state()).packs.has(name)) {
      yield problem(missingPack(name), { pack: name })
    }
  }
  const objects = new ReachableObjects(repo, state, {
    signal,
    onObjects: options.onObjects,
  })
  for (const { name, id } of listRefs(state)) {
    for await (const found of objects.walk({ id, from: name, published: true })) {
      yield problem(found.error, whereOf(found))
    }
  }
  let logEntries = 0
  try {
    for await (const entry of repo.refs.entries({ newestFirst: true })) {
      logEntries++
      for (const root of rootsOf(entry)) {
        const from = `entry ${entry.number} of the ref log`
        for await (const found of objects.walk({ ...root, from, published: true })) {
          yield problem(found.error, whereOf(found))
        }
      }
    }
  } catch (error) {
    yield problem(error)
  }
  for await (const found of privateProblems(repo, objects)) {
    yield problem(found.error, whereOf(found))
  }
  for (const pack of await openPacks(repo)) stored += pack.objects
  yield {
    kind: 'summary',
    packs: packs.length,
    stored,
    logEntries,
    refs: state.refs.size,
    ...objects.counts,
    problems,
  }
}

/** What is wrong with a pack; nothing where it has gone, as others took its place. */
async function verifyIfThere(repo: Repository, name: string): Promise<VarveError[]> {
  try {
    const problems = await repo.objects.verifyPack(name)
    return problems.length === 0 || (await isThere(repo, name)) ? problems : []
  } catch (error) {
    if (error instanceof VarveError && !(await isThere(repo, name))) return []
    throw error
  }
}

async function isThere(repo: Repository, pack: string): Promise<boolean> {
  return (await repo.storage.size(`packs/${pack}.pack`)) !== undefined
}

/** HEAD, and what the index holds: that may still be in packs that the log does not name. */
async function* privateProblems(
  repo: Repository,
  objects: ReachableObjects,
): AsyncGenerator<Found> {
  let index: IndexState | undefined
  try {
    const head = await readHead(repo)
    if ('id' in head) yield* objects.walk({ id: head.id, from: 'HEAD', published: true })
    if (hasIndex(repo)) index = (await readStoredIndex(repo)).state
  } catch (error) {
    yield { error: asFault(error), from: 'the work tree' }
  }
  if (index === undefined) return
  const from = 'the index'
  yield* objects.walk({ id: index.tree, kind: 'tree', from, published: false })
  if (index.base !== undefined) yield* objects.walk({ id: index.base, from, published: true })
  for (const [path, { id }] of index.files) {
    yield* objects.walk({ id, kind: 'series', path, from, published: false })
  }
}

type LogEntry = Awaited<ReturnType<Repository['refs']['append']>>

function rootsOf({ updates, head, index }: LogEntry) {
  const ids = updates.flatMap(({ old, new: next }) => [old, next])
  for (const text of [head?.old, head?.new]) if (text !== undefined && isId(text)) ids.push(text)
  const commits = ids.filter((id) => id !== undefined).map((id) => ({ id }))
  return index?.old === undefined ? commits : [...commits, { id: index.old, kind: 'tree' as const }]
}

async function packSizes(repo: Repository, names: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const name of names) sizes.set(name, (await repo.storage.size(`packs/${name}.pack`)) ?? 0)
  return sizes
}

/** How many objects packs hold, as far as they can be opened: what cannot was found before. */
async function openPacks(repo: Repository) {
  try {
    return await repo.objects.packs()
  } catch (error) {
    asFault(error)
    return []
  }
}

function missingPack(name: string): VarveError {
  return new VarveError('corrupt-pack', `pack ${name} is missing`, { data: { pack: name } })
}

function whereOf({ from, commit, path }: Found): Partial<FsckProblem> {
  return {
    ...(from !== undefined && { from }),
    ...(commit !== undefined && { commit }),
    ...(path !== undefined && { path }),
  }
}

function problemOf(error: unknown, where: Partial<FsckProblem>): FsckProblem {
  const { code, message, data } = asFault(error)
  return {
    kind: 'problem',
    code,
    message,
    ...(typeof data.id === 'string' && { object: data.id }),
    ...(typeof data.pack === 'string' && { pack: data.pack }),
    ...where,
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
}
