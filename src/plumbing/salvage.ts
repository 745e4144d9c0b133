import type { Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import { hashObject, type Id } from '../core/id.ts'
import { fetchLog } from '../storage/fetch-log.ts'
import { type ObjectStore, openObjectStore } from '../storage/object-store.ts'
import { packPath } from '../storage/pack-writer.ts'
import { type ChainOptions, type ReadObject, readChain } from '../storage/read-chain.ts'
import { salvageLog } from '../storage/salvage-log.ts'
import { SalvagedPack } from '../storage/salvage-pack.ts'
import { copyAside } from '../storage/set-aside.ts'
import type { Storage } from '../storage/storage.ts'
import { withoutPacks } from '../storage/without-packs.ts'
import { type LogReading, readLogLeniently } from './read-log.ts'
import { assembleRepository, type Repository } from './repository.ts'

export interface SalvageOptions {
  /** Names of packs that are damaged or missing. */
  readonly packs: readonly string[]
  /** Names of packs that are to count from now on, as something leads to what is in them. */
  readonly unnamed?: readonly string[] | undefined
  /** Whether damaged packs are moved aside; else they stay, beside what was copied from elsewhere. */
  readonly retire: boolean
  /** Where good copies of objects are looked for that are in no good pack. */
  readonly copies?: { readonly ids: Iterable<Id>; readonly from: Repository['objects'] } | undefined
  /** For the ref log. */
  readonly who: Signature
  readonly message: string
  readonly signal?: AbortSignal | undefined
}

export interface SalvageResult {
  /** The pack with what was copied; none where nothing had to be. */
  readonly pack?: string
  /** Objects in it from damaged packs, and from elsewhere. */
  readonly kept: number
  readonly fetched: number
  /** Names, in the repository's folder, of what was moved aside. */
  readonly aside: readonly string[]
}

/**
 * Ends a ref log that is damaged with a checkpoint of what it says all the same. Nothing is done to one that is as it
 * should be. Refs stay as they are, as far as they are known.
 *
 * @param tags to make where entries are lost
 */
export async function salvageRefLog(
  repo: Repository,
  who: Signature,
  tags: ReadonlyMap<string, Id>,
): Promise<MendedLog> {
  const reading = await readLogLeniently(repo)
  if (reading.damaged.length === 0 && reading.readable) return { repo, aside: [], lost: [] }
  const newer = reading.problems.find(({ code }) => code === 'unsupported-format')
  if (newer !== undefined) throw newer
  const aside = await salvageLog(repo.storage, reading, {
    who,
    packs: await packsOf(repo, reading),
    tags,
    findTarget: (digits) => findTarget(repo, digits),
  })
  return { repo: reopened(repo), aside, lost: reading.lost }
}

/** A repository whose ref log is as it should be. */
export interface MendedLog {
  /** Opened anew where its log was written again. */
  readonly repo: Repository
  /** Names of damaged files that were moved aside. */
  readonly aside: readonly string[]
  /** Entries of which nobody knows what they said, ascending. */
  readonly lost: LogReading['lost']
}

/**
 * Ends a ref log that is damaged with a checkpoint of what it says with the files of another copy in place of those
 * that are damaged or missing, as {@link fetchLog} takes them. Undefined, and nothing is done, where it does not.
 */
export async function fetchRefLog(
  repo: Repository,
  from: Repository,
  who: Signature,
): Promise<MendedLog | undefined> {
  const { damaged, ...own } = await readLogLeniently(repo)
  const found = await fetchLog(repo.storage, { ...own, damaged }, from.storage)
  if (found === undefined) return undefined
  const { packs } = found.reading.state
  const aside = await salvageLog(
    repo.storage,
    { ...found.reading, damaged, readable: false },
    { who, packs, tags: new Map(), findTarget: async () => undefined },
  )
  for (const [name, bytes] of found.archives) await repo.storage.putIfAbsent(name, bytes)
  return { repo: reopened(repo), aside, lost: [] }
}

/** Which packs count: where the log does not say all of it, every pack that is there and was not retired. */
async function packsOf(repo: Repository, reading: LogReading): Promise<ReadonlySet<string>> {
  const { packs, retired } = reading.state
  const there = await repo.objects.packNames()
  return new Set([...packs, ...there.filter((name) => !retired.has(name))])
}

async function findTarget(repo: Repository, digits: string): Promise<Id | undefined> {
  const targets: Id[] = []
  for (const id of await repo.objects.find(digits)) {
    const { kind } = await repo.objects.readAny(id)
    if (kind === 'commit' || kind === 'tag') targets.push(id)
  }
  return targets.length === 1 ? targets[0] : undefined
}

/** Opened anew, so that nothing is remembered of what was there. */
export function reopened({ storage, privateFiles, workTree, config }: Repository): Repository {
  return assembleRepository({ storage, privateFiles, workTree, config })
}

/**
 * Copies all that verifies of damaged packs, and copies from elsewhere, into one new pack; lets that count instead of
 * them; and moves them to `damaged/`. No bytes go. Names of packs that are missing count no more.
 */
export async function salvagePacks(
  repo: Repository,
  options: SalvageOptions,
): Promise<SalvageResult> {
  const { packs, unnamed = [], retire, who, message } = options
  const { storage } = repo
  const aside: string[] = []
  for (const name of retire ? packs : []) {
    const copy = await copyAside(storage, packPath(name))
    if (copy !== undefined) aside.push(copy)
  }
  const good = openObjectStore(withoutPacks(storage, new Set(packs)), {
    retired: async () => (await repo.refs.state()).retired,
  })
  const copied = await copyObjects(storage, good, options)
  const { packs: published } = await repo.refs.state()
  // Written again, a pack may have come to be what it was.
  const given = retire ? packs.filter((name) => name !== copied.pack) : []
  const retiredPacks = given.filter((name) => published.has(name))
  const added = [...(copied.pack === undefined ? [] : [copied.pack]), ...unnamed]
  if (added.some((name) => !published.has(name)) || retiredPacks.length > 0) {
    await repo.refs.append({ updates: [], who, message, packs: added, retiredPacks })
  }
  await repo.objects.removePacks(given)
  return { ...copied, aside }
}

async function copyObjects(
  storage: Storage,
  good: ObjectStore,
  { packs, copies, retire, signal }: SalvageOptions,
): Promise<{ pack?: string; kept: number; fetched: number }> {
  const batch = await good.begin({ ...(signal && { signal }) })
  try {
    let fetched = 0
    for (const id of copies?.ids ?? []) {
      const object = await copies?.from.readVerified(id)
      if (object === undefined || (await good.has(id))) continue
      await batch.put(object.kind, object.bytes)
      fetched++
    }
    const salvaged: SalvagedPack[] = []
    const find: ChainOptions['find'] = async (base, _of, isPassed) => {
      for (const pack of salvaged) {
        const found = isPassed(pack.name) ? undefined : await pack.record(base)
        if (found !== undefined) return found
      }
      return readGood(batch, base)
    }
    for (const name of retire ? packs : []) {
      if ((await storage.size(packPath(name))) === undefined) continue
      salvaged.push(await SalvagedPack.open(storage, name, find))
    }
    let kept = 0
    for (const pack of salvaged) {
      for (const id of pack.ids()) {
        if ((await readGood(batch, id)) !== undefined) continue
        const found = await pack.record(id)
        if (found === undefined) continue
        const object = await readChain(found, { find }).catch(unlessUnreadable)
        if (object === undefined || hashObject(object.kind, object.bytes) !== id) continue
        await batch.put(object.kind, object.bytes, { base: found.record.base })
        kept++
      }
    }
    const pack = await batch.publish()
    return { ...(pack !== undefined && { pack }), kept, fetched }
  } finally {
    await batch.discard()
  }
}

async function readGood(
  batch: { readAny(id: Id): Promise<ReadObject> },
  id: Id,
): Promise<ReadObject | undefined> {
  return batch.readAny(id).catch(unlessUnreadable)
}

function unlessUnreadable(error: unknown): undefined {
  if (error instanceof VarveError) {
    if (error.code === 'object-not-found') return undefined
    if (error.code === 'corrupt-object' || error.code === 'corrupt-pack') return undefined
  }
  throw error
}
