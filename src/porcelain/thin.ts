import type { Signature } from '../core/commit.ts'
import { hasCode } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { RetentionRule } from '../core/retention.ts'
import { refuseDuringMerge } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { thinHistory } from '../plumbing/thin-history.ts'
import { moveRewritten, refuseUnsettled } from './move-rewritten.ts'

export interface ThinOptions {
  readonly rules: readonly RetentionRule[]
  readonly who: Signature
  /** Seconds since 1970: ages are counted from here. */
  readonly now: number
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ThinResult {
  readonly forgotten: number
  readonly kept: number
  /** Commits among those kept, and annotated tags, that have another id now. */
  readonly rewritten: readonly { readonly old: Id; readonly new: Id }[]
  readonly refs: readonly { readonly name: string; readonly old: Id; readonly new: Id }[]
  readonly dryRun: boolean
}

/**
 * Forgets the commits that no rule keeps, and moves all refs in one transaction: see {@link thinHistory}. `refused` beside
 * staged changes, during a merge, and where HEAD is at no branch.
 */
export async function thin(repo: Repository, options: ThinOptions): Promise<ThinResult> {
  const { rules, who, now, dryRun = false, signal } = options
  await refuseDuringMerge(repo, 'no history is forgotten')
  await refuseUnsettled(repo, 'trim --retain')
  for (;;) {
    const { number } = await repo.refs.state()
    const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
    try {
      const { history, forgotten, kept } = await thinHistory(repo, batch, { rules, now })
      const rewritten = [...history.ids].map(([old, next]) => ({ old, new: next }))
      const refs = history.updates.map(({ name, old, new: next }) => ({
        name,
        old: old!,
        new: next!,
      }))
      const result = { forgotten, kept, rewritten, refs, dryRun }
      if (dryRun || forgotten === 0) return result
      const pack = await batch.publish()
      const packs = pack === undefined ? [] : [pack]
      const message = `trim: ${forgotten} commits that no rule keeps`
      await moveRewritten(repo, history, { who, after: number, packs, message, signal })
      return result
    } catch (error) {
      if (!hasCode(error, 'conflict') || error.data.expected !== number) throw error
    } finally {
      await batch.discard()
    }
  }
}
