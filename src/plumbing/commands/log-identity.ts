import type { Context } from '../../cli/context.ts'
import { hasCode } from '../../core/errors.ts'
import type { LogSignature } from '../../storage/log-entry.ts'

/**
 * Who the ref log says did it. As with git, moving a ref needs no name: where nobody says, the log
 * says that.
 */
export async function logIdentity(context: Context): Promise<LogSignature> {
  try {
    return await context.identity('committer')
  } catch (error) {
    if (!hasCode(error, 'identity-unknown')) throw error
    const { seconds, offsetMinutes } = context.now()
    return { name: 'unknown', email: 'unknown', seconds, offsetMinutes }
  }
}
