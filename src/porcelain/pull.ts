import { VarveError } from '../core/errors.ts'
import { headState } from '../plumbing/head.ts'
import { defaultRemote, remoteNames } from '../plumbing/remote-config.ts'
import type { Repository } from '../plumbing/repository.ts'
import { readUpstream, trackingRef } from '../plumbing/upstream.ts'
import { shortBranch } from './branch.ts'
import { type FetchOptions, type FetchResult, fetch } from './fetch.ts'
import { sourceText } from './fetch-head.ts'
import { type MergeOptions, type MergeResult, merge } from './merge.ts'

export interface PullOptions
  extends Omit<FetchOptions, 'who' | 'dryRun' | 'force'>,
    Pick<
      MergeOptions,
      | 'fastForward'
      | 'strategy'
      | 'allowUnrelated'
      | 'message'
      | 'author'
      | 'committer'
      | 'exactDate'
      | 'filesLimit'
      | 'onFile'
      | 'now'
      | 'hook'
      | 'check'
    > {
  /** Told when all is here and the merge begins. */
  readonly onFetched?: ((fetched: FetchResult) => void) | undefined
}

export interface PullResult {
  readonly fetched: FetchResult
  readonly merged: MergeResult
}

/**
 * Fetches, and merges what the current branch follows, or what was asked for, as `merge` does: with
 * conflicts it is staged, and to be concluded. `refused` where nothing says what to merge.
 */
export async function pull(repo: Repository, options: PullOptions): Promise<PullResult> {
  await checkPull(repo, options)
  const fetched = await fetch(repo, { ...options, who: options.committer })
  options.onFetched?.(fetched)
  const [head, ...others] = fetched.heads
  if (head === undefined) throw nothingToMerge(repo, await headState(repo), fetched)
  if (others.length > 0) {
    throw new VarveError('refused', 'one branch is merged at a time', {
      hint: 'varve fetch brings them, varve merge merges each',
    })
  }
  const { refs } = await repo.refs.state()
  const shown = fetched.remote && head.name && trackingRef(repo, fetched.remote, head.name)
  const isShown = shown !== undefined && shown !== '' && refs.get(shown) === head.id
  const { ref } = await headState(repo)
  const branch = ref === undefined ? 'HEAD' : shortBranch(ref)
  const into = branch === 'main' || branch === 'master' ? '' : ` into ${branch}`
  const merged = await merge(repo, {
    ...options,
    target: isShown ? shown.replace('refs/remotes/', '') : head.id,
    message: options.message ?? `Merge ${sourceText(head.name)} of ${fetched.url}${into}\n`,
  })
  return { fetched, merged }
}

/** Before anything is brought. */
async function checkPull(repo: Repository, { remote, refspecs = [] }: PullOptions): Promise<void> {
  const { ref } = await headState(repo)
  if (refspecs.length > 0) return
  const upstream = ref === undefined ? undefined : readUpstream(repo, ref)
  const name = remote ?? defaultRemote(repo, ref && shortBranch(ref))
  const isNamed = remoteNames(repo.config).includes(name)
  if (upstream?.remote === name || (remote !== undefined && !isNamed)) return
  throw nothingToMerge(repo, { ref })
}

function nothingToMerge(
  { config }: Repository,
  { ref }: { readonly ref: string | undefined },
  fetched?: FetchResult,
): VarveError {
  const remote = fetched?.remote ?? remoteNames(config)[0] ?? 'origin'
  if (ref === undefined) {
    return new VarveError('refused', 'HEAD is detached: nothing says what to merge', {
      hint: `varve pull ${remote} BRANCH`,
    })
  }
  const branch = shortBranch(ref)
  const gone =
    fetched === undefined ? 'follows no branch of it' : 'follows a branch that is not there'
  return new VarveError('refused', `nothing says what to merge: ${branch} ${gone}`, {
    data: { branch },
    hint: `varve pull ${remote} BRANCH, or varve branch --set-upstream-to=${remote}/BRANCH for good`,
  })
}
