import { decodeCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { decodeTag } from '../core/tag.ts'
import type { LogState } from '../plumbing/read-log.ts'
import type { Repository } from '../plumbing/repository.ts'
import { asFault } from './fsck-fault.ts'

/** A commit or tag that nothing leads to: no ref, no entry of the ref log, no other such commit. */
export interface FsckDangling {
  readonly kind: 'dangling'
  readonly type: 'commit' | 'tag'
  readonly object: Id
  /** Refs to whose commits it leads: it may be what they were to become. */
  readonly follows: readonly string[]
}

interface DanglingOptions {
  /** Whether something leads to an object. */
  readonly isReachable: (id: Id) => boolean
  readonly signal?: AbortSignal | undefined
}

/** Finds commits and tags in packs that were not retired; of those that lead to each other the last ones. */
export async function findDangling(
  repo: Repository,
  { refs, retired }: LogState,
  { isReachable, signal }: DanglingOptions,
): Promise<FsckDangling[]> {
  const found = new Map<Id, { type: 'commit' | 'tag'; to: readonly Id[] }>()
  for (const { name } of await repo.objects.knownPacks()) {
    if (retired.has(name)) continue
    if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
    try {
      const pack = await repo.objects.openPack(name)
      for await (const id of pack?.ids() ?? []) {
        if (isReachable(id) || found.has(id)) continue
        const target = await lookInto(repo, id, async () => (await pack?.record(id))?.kind)
        if (target !== undefined) found.set(id, target)
      }
    } catch (error) {
      // What is damaged is met with the pack; it may also have gone.
      if (!(error instanceof VarveError && error.code === 'io')) asFault(error)
    }
  }
  const inside = new Set([...found.values()].flatMap(({ to }) => to))
  const names = new Map<Id, string[]>()
  for (const [name, id] of refs) names.set(id, [...(names.get(id) ?? []), name])
  const dangling: FsckDangling[] = []
  for (const [object, { type }] of found) {
    if (inside.has(object)) continue
    const follows = new Set<string>()
    const seen = new Set([object])
    for (const id of seen) {
      for (const name of names.get(id) ?? []) follows.add(name)
      for (const next of found.get(id)?.to ?? []) seen.add(next)
    }
    dangling.push({ kind: 'dangling', type, object, follows: [...follows].sort() })
  }
  return dangling.sort((a, b) => (a.object < b.object ? -1 : 1))
}

/** What a commit or a tag leads to; undefined for others, and for what cannot be read. */
async function lookInto(repo: Repository, id: Id, kindOf: () => Promise<string | undefined>) {
  try {
    const type = await kindOf()
    if (type !== 'commit' && type !== 'tag') return undefined
    const { bytes } = await repo.objects.readVerified(id)
    const to = type === 'commit' ? decodeCommit(bytes).parents : [decodeTag(bytes).object]
    return { type, to } as const
  } catch (error) {
    asFault(error)
    return undefined
  }
}
