import type { Context } from '../../cli/context.ts'
import { hasCode } from '../../core/errors.ts'
import type { HookName, HookRequest } from '../hooks.ts'
import type { MergeResult } from '../merge.ts'

/** The `post-commit` hook, which is told of a commit and cannot undo it. */
export async function afterCommit(context: Context): Promise<void> {
  await tell(context, 'post-commit')
}

/** The `post-merge` hook, which is told of a merge that came to its end: with 1 where it is squashed. */
export async function afterMerge(
  context: Context,
  { outcome, dryRun }: MergeResult,
  squash: boolean,
): Promise<void> {
  const isStaged = outcome === 'staged' && squash
  if (dryRun || !(isStaged || outcome === 'merged' || outcome === 'fast-forward')) return
  await tell(context, 'post-merge', { args: [isStaged ? '1' : '0'] })
}

async function tell(context: Context, name: HookName, request?: HookRequest): Promise<void> {
  try {
    await context.hook(name, request)
  } catch (error) {
    if (!hasCode(error, 'refused')) throw error
    context.warn(error.message)
  }
}
