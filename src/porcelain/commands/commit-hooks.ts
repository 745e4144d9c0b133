import type { Context } from '../../cli/context.ts'
import { hasCode } from '../../core/errors.ts'

/** The `post-commit` hook, which is told of a commit and cannot undo it. */
export async function afterCommit(context: Context): Promise<void> {
  try {
    await context.hook('post-commit')
  } catch (error) {
    if (!hasCode(error, 'refused')) throw error
    context.warn(error.message)
  }
}
