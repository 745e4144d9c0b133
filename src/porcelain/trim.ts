import type { Signature } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { formatSeconds } from '../core/time.ts'
import { refuseDuringMerge } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { checkKeep, type TrimLimit, trimHistory } from '../plumbing/trim-history.ts'

export interface TrimOptions {
  readonly limit: TrimLimit
  readonly who: Signature
  /** Only say what would be forgotten. */
  readonly dryRun?: boolean | undefined
}

export interface TrimResult {
  readonly forgotten: number
  readonly kept: number
  /** The commits before which nothing is known any more, the oldest first. */
  readonly begins: readonly { readonly id: Id; readonly date: string; readonly subject: string }[]
  readonly dryRun: boolean
}

/** Forgets old history, and keeps the data: see {@link trimHistory}; `refused` while a merge is going on. */
export async function trim(repo: Repository, options: TrimOptions): Promise<TrimResult> {
  const { limit, who, dryRun = false } = options
  if ('keep' in limit) checkKeep(limit.keep)
  // Its conflicts follow from the commits between the two sides.
  await refuseDuringMerge(repo, 'no history is forgotten')
  const message =
    'keep' in limit
      ? `all but ${limit.keep} commits`
      : `what was before ${formatSeconds(BigInt(limit.before))}Z`
  const { begins, ...counts } = await trimHistory(repo, { limit, who, message, dryRun })
  const shown = begins.map(({ id, commit }) => ({
    id,
    date: `${formatSeconds(BigInt(commit.committer.seconds))}Z`,
    subject: commit.message.split('\n', 1)[0]!,
  }))
  return { ...counts, begins: shown, dryRun }
}
