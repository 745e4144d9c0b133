import type { CompletionSource } from './complete.ts'
import type { Context } from './context.ts'

/** Names of the repository's things; none where there is no repository. */
export function completionSource(context: Context): CompletionSource {
  return async () => {
    await context.optionalRepository()
    return []
  }
}
