import { VarveError } from '../core/errors.ts'
import { headState } from '../plumbing/head.ts'
import type { Repository } from '../plumbing/repository.ts'
import { shortBranch } from './branch.ts'
import { type PullOptions, type PullResult, pull } from './pull.ts'
import { type PushOptions, type PushResult, push } from './push.ts'

export interface SyncOptions {
  readonly push: Omit<PushOptions, 'dryRun'>
  /** How what is there is merged. */
  readonly pull: Omit<PullOptions, 'remote' | 'refspecs'>
}

export interface SyncResult {
  readonly pushed: PushResult
  /** What had to be merged first, in the order in which it was. */
  readonly pulled: readonly PullResult[]
}

/**
 * Pushes the current branch; where somebody else was first, merges what is there and pushes again, as often as
 * it takes. Each round means that somebody else's push came through. It ends with conflicts in a merge, which
 * stay to be settled, and with all else that a push or a pull ends with.
 */
export async function sync(repo: Repository, options: SyncOptions): Promise<SyncResult> {
  const pulled: PullResult[] = []
  for (;;) {
    const pushed = await push(repo, options.push)
    const rejected = pushed.refs.filter(({ status }) => status === 'rejected')
    const behind = rejected.find((ref) => ref.behind)
    if (behind === undefined || rejected.length > 1) return { pushed, pulled }
    const { ref } = await headState(repo)
    if (ref === undefined || behind.source !== ref) return { pushed, pulled }
    const round = await pull(repo, {
      ...options.pull,
      remote: options.push.remote ?? pushed.remote,
      refspecs: [shortBranch(behind.target)],
    })
    pulled.push(round)
    const { outcome, conflicts } = round.merged
    if (outcome !== 'conflicts') continue
    throw new VarveError('conflict', 'what was pushed meanwhile is in conflict with what is here', {
      data: { conflicts },
      hint: 'varve merge --conflicts lists them, --resolve settles them, then --continue, and push again',
    })
  }
}
