import type { Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { bytesOfKind, type ObjectReader } from '../core/objects.ts'
import { walkReferences } from '../core/references.ts'
import { entryFile, readLogLeniently } from '../plumbing/read-log.ts'
import type { Repository } from '../plumbing/repository.ts'
import {
  fetchRefLog,
  type MendedLog,
  reopened,
  type SalvageResult,
  salvagePacks,
  salvageRefLog,
} from '../plumbing/salvage.ts'
import {
  type FsckDangling,
  type FsckOptions,
  type FsckProblem,
  type FsckSummary,
  fsck,
} from './fsck.ts'
import { asFault } from './fsck-fault.ts'
import { type FsckKept, tagsFor } from './fsck-keep.ts'

export interface RepairOptions extends FsckOptions {
  /** For the ref log. */
  readonly who: Signature
  /** Another copy of the repository, to fetch from what is damaged or missing here. */
  readonly from?: Repository | undefined
  /** Whether to go on where something is lost: what verifies is kept, what does not is moved aside. */
  readonly salvage?: boolean | undefined
}

/** What was done. */
export interface FsckRepair extends SalvageResult {
  readonly kind: 'repair'
  /** Whether the ref log is whole again, with what the other copy has of it. */
  readonly refLogFetched: boolean
}

/** Something that was wrong before, and is still; also what the ref log said and nobody knows. */
export type FsckLost = Omit<FsckProblem, 'kind'> & { readonly kind: 'lost' }

/**
 * Checks a repository as {@link fsck} does, and mends what it finds: objects come from another copy by their ids, and
 * are verified by them; packs and files of the ref log that are damaged are moved into the folder `damaged`, and what
 * verifies in them is kept. Gives what was wrong, what was done, what is lost, and how it is afterwards. Without
 * `salvage`, damaged packs stay where they are unless all that they held could be fetched, and nothing is moved or given up.
 *
 * Where entries of the ref log are lost, nobody knows which refs they moved: commits and tags that nothing leads to
 * then are kept as tags `salvaged/…`, and each is given.
 *
 * `corrupt-log` where the ref log is damaged, the other copy does not have what is lost of it, and `salvage` was not
 * asked for.
 */
export async function* repair(
  repo: Repository,
  options: RepairOptions,
): AsyncGenerator<FsckProblem | FsckDangling | FsckRepair | FsckKept | FsckLost | FsckSummary> {
  const { who, from, salvage = false, signal } = options
  const objects = new Set<Id>()
  const packs = new Set<string>()
  const unnamed = new Set<string>()
  const dangling: FsckDangling[] = []
  let isLogDamaged = false
  for await (const item of fsck(repo, options)) {
    if (item.kind === 'dangling') {
      dangling.push(item)
      continue
    }
    if (item.kind === 'summary') {
      if (item.problems > 0) break
      yield* dangling
      yield item
      return
    }
    yield item
    if (item.code === 'corrupt-log' && item.pack !== undefined) unnamed.add(item.pack)
    else {
      // What is made of something damaged lies in a pack that may be as it must be.
      if (item.pack !== undefined && item.damaged === undefined) packs.add(item.pack)
      if (item.object !== undefined) objects.add(item.object as Id)
    }
    if (item.file !== undefined) isLogDamaged = true
  }
  const fetched = isLogDamaged && from ? await fetchRefLog(repo, from, who) : undefined
  if (isLogDamaged && fetched === undefined && !salvage) throw logDamaged(from !== undefined)
  const { state } = await readLogLeniently(repo)
  const kept = isLogDamaged && salvage ? await tagsFor(repo, state, dangling, signal) : []
  const tags = new Map(kept.map(({ ref, object }) => [ref, object]))
  const salvaged =
    salvage && fetched === undefined ? await salvageRefLog(repo, who, tags) : undefined
  const nothing: MendedLog = { repo, aside: [], lost: [] }
  const { repo: mended, aside, lost } = fetched ?? salvaged ?? nothing
  const copies = from && { ids: await findCopies(repo, from, objects), from: from.objects }
  const isWhole = [...objects].every((id) => copies?.ids.has(id))
  const done = await salvagePacks(mended, {
    packs: [...packs],
    unnamed: salvage ? [...unnamed] : [],
    copies,
    who,
    retire: salvage || isWhole,
    message: salvage ? 'fsck --salvage' : 'fsck --repair-from',
    signal,
  })
  const refLogFetched = fetched !== undefined
  yield { kind: 'repair', ...done, aside: [...aside, ...done.aside], refLogFetched }
  const isEntryLost = lost.length > 0
  if (isEntryLost) {
    yield* kept
    yield lostEntries(lost, kept)
  }
  for await (const item of fsck(reopened(mended), options)) {
    if (item.kind === 'problem') yield { ...item, kind: 'lost' }
    else if (item.kind === 'dangling' || !isEntryLost) yield item
    else yield { ...item, problems: item.problems + 1 }
  }
}

function logDamaged(hasCopy: boolean): VarveError {
  const why = hasCopy ? ', and the other copy does not have what is lost of it as it was here' : ''
  return new VarveError('corrupt-log', `the ref log is damaged${why}: nothing was repaired`, {
    hint: 'varve fsck --salvage goes on with what the ref log says all the same',
  })
}

/** What is to be said of entries that nobody knows any more. */
function lostEntries(ranges: MendedLog['lost'], kept: readonly FsckKept[]): FsckLost {
  const [{ first }, { last }] = [ranges[0]!, ranges.at(-1)!]
  const count = ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0)
  const which =
    first === last
      ? `entry ${first} of the ref log cannot be read`
      : `${count} entries of the ref log cannot be read, from ${first} to ${last}`
  const moved = [...new Set(kept.flatMap(({ follows }) => follows))].sort()
  const it = first === last ? 'it' : 'them'
  const message =
    moved.length === 0
      ? `${which}: refs may have been made, moved or removed in ${it}`
      : `${which}: ${moved.join(', ')} may have moved in ${it}; others may have been made, moved or removed`
  return { kind: 'lost', code: 'corrupt-log', message, file: entryFile(first) }
}

/** The ids of what another repository has of these objects, and of all that they lead to and is not here. */
async function findCopies(
  repo: Repository,
  from: Repository,
  wanted: ReadonlySet<Id>,
): Promise<ReadonlySet<Id>> {
  const found = new Set<Id>()
  const seen = new Set<Id>()
  // What is whole here leads on also where it is damaged there.
  const either: ObjectReader = {
    read: async (id, kind) => {
      const own = repo.objects.readVerified(id).catch((error: unknown) => {
        asFault(error)
        return from.objects.readVerified(id)
      })
      return bytesOfKind(id, await own, kind)
    },
  }
  for (const id of wanted) {
    if (found.has(id)) continue
    try {
      const { kind } = await from.objects.readVerified(id)
      await walkReferences(either, { kind, id }, async (reference) => {
        if (seen.has(reference.id)) return false
        seen.add(reference.id)
        if (wanted.has(reference.id) || !(await repo.objects.has(reference.id))) {
          await from.objects.readVerified(reference.id)
          found.add(reference.id)
        }
        return true
      })
    } catch (error) {
      // Not there either, or damaged there too: it is lost, with what it leads to.
      asFault(error)
    }
  }
  return found
}
