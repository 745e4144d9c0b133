import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { walkReferences } from '../core/references.ts'
import type { Repository } from '../plumbing/repository.ts'
import { reopened, type SalvageResult, salvagePacks, salvageRefLog } from '../plumbing/salvage.ts'
import { type FsckOptions, type FsckProblem, type FsckSummary, fsck } from './fsck.ts'

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
}

/** Something that was wrong before, and is still. */
export type FsckLost = Omit<FsckProblem, 'kind'> & { readonly kind: 'lost' }

/**
 * Checks a repository as {@link fsck} does, and mends what it finds: objects come from another copy by their ids, and
 * are verified by them; packs and files of the ref log that are damaged are moved into the folder `damaged`, and what
 * verifies in them is kept. Gives what was wrong, what was done, what is lost, and how it is afterwards. Without
 * `salvage`, damaged packs stay where they are unless all that they held could be fetched, and nothing is moved or given up.
 *
 * `refused` where the ref log is damaged and `salvage` was not asked for.
 */
export async function* repair(
  repo: Repository,
  options: RepairOptions,
): AsyncGenerator<FsckProblem | FsckRepair | FsckLost | FsckSummary> {
  const { who, from, salvage = false, signal } = options
  const objects = new Set<Id>()
  const packs = new Set<string>()
  const unnamed = new Set<string>()
  let isLogDamaged = false
  for await (const item of fsck(repo, options)) {
    if (item.kind === 'summary') {
      if (item.problems > 0) break
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
  if (isLogDamaged && !salvage) {
    throw new VarveError('refused', 'the ref log is damaged: nothing was repaired', {
      hint: 'varve fsck --salvage goes on with what the ref log says all the same',
    })
  }
  const { repo: mended, aside } = salvage ? await salvageRefLog(repo, who) : { repo, aside: [] }
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
  yield { kind: 'repair', ...done, aside: [...aside, ...done.aside] }
  for await (const item of fsck(reopened(mended), options)) {
    yield item.kind === 'problem' ? { ...item, kind: 'lost' } : item
  }
}

/** The ids of what another repository has of these objects, and of all that they lead to and is not here. */
async function findCopies(
  repo: Repository,
  from: Repository,
  wanted: ReadonlySet<Id>,
): Promise<ReadonlySet<Id>> {
  const found = new Set<Id>()
  const seen = new Set<Id>()
  for (const id of wanted) {
    if (found.has(id)) continue
    try {
      const { kind } = await from.objects.readVerified(id)
      await walkReferences(from.objects, { kind, id }, async (reference) => {
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
      if (!hasCode(error, 'object-not-found') && !hasCode(error, 'corrupt-object')) throw error
    }
  }
  return found
}
