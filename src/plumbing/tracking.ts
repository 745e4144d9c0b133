import type { Id } from '../core/id.ts'
import { shortenRef } from './find-ref.ts'
import { aheadBehind } from './merge-base.ts'
import type { Repository } from './repository.ts'
import { upstreamIfAny } from './upstream.ts'

/** How a branch stands to the one that it follows. */
export interface Tracking {
  /** Full name of the ref that it follows. */
  readonly upstream: string
  /** Its shortest name: `origin/main`. */
  readonly short: string
  /** Commits that the other does not have, and the other way round; absent where it is not there. */
  readonly distance?: { readonly ahead: number; readonly behind: number }
}

/** How a branch stands to the one that it follows; undefined where it follows none. */
export async function readTracking(
  repo: Repository,
  branch: string | undefined,
  head: Id | undefined,
): Promise<Tracking | undefined> {
  const upstream = branch === undefined ? undefined : upstreamIfAny(repo, branch)
  if (upstream === undefined) return undefined
  const state = await repo.refs.state()
  const other = state.refs.get(upstream)
  const short = shortenRef(state, upstream)
  if (other === undefined || head === undefined) return { upstream, short }
  return { upstream, short, distance: await aheadBehind(repo, head, other) }
}
