import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { walkReferences } from '../core/references.ts'
import { copyObjects, type MergedPack } from '../storage/merge-packs.ts'
import { type RepackOptions, repack } from '../storage/repack.ts'
import { type ReachableOptions, reachable, rootsOf } from './reachable.ts'
import type { Repository } from './repository.ts'

export interface RepackAllOptions
  extends Pick<RepackOptions, 'signal' | 'onObjects'>,
    ReachableOptions {
  readonly who: Signature
  /** Of the entry in the ref log, after `gc: `; how many packs there were unless told. */
  readonly message?: string | undefined
}

export interface RepackAllResult {
  /** In the one pack that counts now. */
  readonly objects: number
  /** Objects that nothing leads to: they are in a pack that does not count, for `prune`. */
  readonly unreachable: number
  /** Whether one pack counts now instead of those before; not where they were just that already. */
  readonly changed: boolean
}

/**
 * Stores every object of the packs that count, and that is reachable, in one pack: the newest versions whole, older
 * ones as differences to them. What is not reachable goes to a pack that does not count. Packs that others publish
 * meanwhile, or put together, stay beside it.
 *
 * What nothing led to may be needed again before this is done: a writer finds it stored already, and leads a ref
 * there. If its entry in the log is first, it is looked through here, and all begins again. If it is second, the
 * rules of transactions refuse it, and the writer stores the object again.
 */
export async function repackAll(
  repo: Repository,
  options: RepackAllOptions,
): Promise<RepackAllResult> {
  const late: string[] = []
  let isNew = false
  for (;;) {
    const attempt = await prepare(repo, isNew, options)
    if (attempt === undefined) continue
    const { names, dropped, merged, other } = attempt
    const result = { objects: merged?.objects ?? 0, unreachable: dropped.size }
    if (merged === undefined || (names.length === 1 && names[0] === merged.name)) {
      return { ...result, changed: false }
    }
    const outcome = await publish(repo, attempt, late, options)
    if (outcome !== 'again') return { ...result, changed: outcome === 'published' }
    const { retired } = await repo.refs.state()
    isNew = retired.has(merged.name)
    for (const pack of [merged, other]) if (pack !== undefined) late.push(pack.name)
  }
}

/** How many objects of the packs that count are not reachable. */
export async function countUnreachable(
  repo: Repository,
  options: ReachableOptions,
): Promise<number> {
  await repo.objects.refresh()
  const names = [...(await repo.refs.state()).packs]
  const { ids } = await reachable(repo, options)
  return (await notAmong(repo, names, ids)).size
}

async function notAmong(
  repo: Repository,
  names: readonly string[],
  kept: ReadonlySet<Id>,
): Promise<Set<Id>> {
  const others = new Set<Id>()
  for (const name of names) {
    for await (const id of (await openPack(repo, name)).ids()) if (!kept.has(id)) others.add(id)
  }
  return others
}

interface Attempt {
  /** The packs that counted, as of entry `after`. */
  readonly names: readonly string[]
  readonly after: number
  readonly kept: Set<Id>
  readonly dropped: ReadonlySet<Id>
  /** Holds what is kept; absent where there was no pack. */
  readonly merged?: MergedPack
  /** Holds what is dropped, where anything is. */
  readonly other?: MergedPack
}

/** Writes the packs; undefined where others put some together meanwhile. */
async function prepare(
  repo: Repository,
  isNew: boolean,
  options: RepackAllOptions,
): Promise<Attempt | undefined> {
  await repo.objects.refresh()
  const { packs, number: after } = await repo.refs.state()
  const names = [...packs].sort()
  const kept = new Set<Id>()
  if (names.length === 0) return { names, after, kept, dropped: new Set() }
  for (const id of (await reachable(repo, options)).ids) kept.add(id)
  try {
    const dropped = await notAmong(repo, names, kept)
    const { signal, onObjects } = options
    const merged = await repack(repo.objects, names, kept, { only: kept, isNew, signal, onObjects })
    const attempt = { names, after, kept, dropped, merged }
    if (dropped.size === 0) return attempt
    return { ...attempt, other: await copyObjects(repo.objects, names, dropped) }
  } catch (error) {
    if (!(await isMerged(repo, names, error))) throw error
    return undefined
  }
}

async function openPack(repo: Repository, name: string) {
  const find = () => repo.objects.openPack(name)
  const pack = (await find()) ?? (await repo.objects.refresh().then(find))
  if (pack !== undefined) return pack
  throw new VarveError('file-not-found', `no pack ${name}`, { data: { pack: name } })
}

/** Lets the packs count, unless something in the log since needs what is dropped: then all has to be done again. */
async function publish(
  repo: Repository,
  { names, after, kept, dropped, merged }: Attempt,
  late: readonly string[],
  { who, message = `${names.length} packs into one` }: RepackAllOptions,
): Promise<'published' | 'again' | 'too late'> {
  const { name } = merged!
  for (let looked = after; ; ) {
    const { number, packs, retired } = await repo.refs.state()
    if (retired.has(name)) return 'again'
    const retiredPacks = names.filter((other) => packs.has(other) && other !== name)
    if (retiredPacks.length === 0) return 'too late'
    if (dropped.size > 0 && !(await isStillDropped(repo, { looked, names, kept, dropped }))) {
      return 'again'
    }
    looked = number
    const left = late.filter((other) => !packs.has(other) && !retired.has(other) && other !== name)
    try {
      const said = { updates: [], who, message: `gc: ${message}`, packs: [name] }
      const all = [...retiredPacks, ...left]
      await repo.refs.append({ ...said, retiredPacks: all }, { after: number })
      await repo.objects.removePacks(all)
      return 'published'
    } catch (error) {
      if (!hasCode(error, 'conflict')) throw error
    }
  }
}

/** Whether nothing that entries of the log after one brought leads to what is dropped, or is made of it. */
async function isStillDropped(
  repo: Repository,
  {
    looked,
    names,
    kept,
    dropped,
  }: {
    readonly looked: number
    readonly names: readonly string[]
    readonly kept: ReadonlySet<Id>
    readonly dropped: ReadonlySet<Id>
  },
): Promise<boolean> {
  const seen = new Set<Id>()
  let isDropped = true
  for await (const entry of repo.refs.entries({ newestFirst: true })) {
    if (entry.number <= looked) break
    for (const { id, kind } of rootsOf(entry)) {
      if (dropped.has(id)) return false
      if (kept.has(id) || seen.has(id)) continue
      const start = { id, kind: kind ?? (await repo.objects.readAny(id)).kind }
      await walkReferences(repo.objects, start, async ({ id: inside }) => {
        if (dropped.has(inside)) isDropped = false
        if (!isDropped || kept.has(inside) || seen.has(inside)) return false
        seen.add(inside)
        return true
      })
      if (!isDropped) return false
    }
  }
  const before = new Set(names)
  const added = [...(await repo.refs.state()).packs].filter((name) => !before.has(name))
  try {
    for (const name of added) {
      const pack = await openPack(repo, name)
      for await (const id of pack.ids()) {
        const base = await pack.baseOf(id)
        if (base !== undefined && dropped.has(base)) return false
      }
    }
  } catch (error) {
    if (!(await isMerged(repo, added, error))) throw error
    return false
  }
  return true
}

/** Whether an error may be that others put some packs together meanwhile. */
async function isMerged(
  repo: Repository,
  names: readonly string[],
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof VarveError) || hasCode(error, 'interrupted')) return false
  const { packs } = await repo.refs.state()
  return !names.every((name) => packs.has(name))
}
