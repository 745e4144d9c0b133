import { shortId } from '../core/id.ts'
import type { LogState } from '../plumbing/read-log.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { FsckDangling } from './fsck-dangling.ts'
import { ReachableObjects } from './fsck-objects.ts'

/** A commit or tag that nothing led to, and a tag does now. */
export interface FsckKept extends Omit<FsckDangling, 'kind'> {
  readonly kind: 'kept'
  /** As `refs/tags/salvaged/0a1b2c3`. */
  readonly ref: string
}

/** Finds a tag for each of these that verifies with all that it leads to. Nothing is written. */
export async function tagsFor(
  repo: Repository,
  state: LogState,
  dangling: readonly FsckDangling[],
  signal: AbortSignal | undefined,
): Promise<FsckKept[]> {
  const kept: FsckKept[] = []
  const taken = new Set(state.refs.keys())
  for (const { object, ...rest } of dangling) {
    const short = `refs/tags/salvaged/${shortId(object)}`
    const ref = taken.has(short) ? `refs/tags/salvaged/${object}` : short
    const objects = new ReachableObjects(repo, state, async () => state, { signal })
    const walk = objects.walk({ id: object, from: ref, published: false })
    try {
      if ((await walk.next()).done !== true) continue
    } finally {
      objects.close()
    }
    taken.add(ref)
    kept.push({ ...rest, kind: 'kept', object, ref })
  }
  return kept
}
