import type { Context } from '../../cli/context.ts'
import { usageError } from '../../cli/define-command.ts'
import { cleanMessage } from '../../core/message.ts'
import { joinParagraphs } from '../../plumbing/commit-message.ts'
import { hasIndex } from '../../plumbing/index-state.ts'
import type { Repository } from '../../plumbing/repository.ts'
import type { CommitRequest } from '../apply-change.ts'
import { afterCommit } from './commit-hooks.ts'
import { commitSignatures } from './commit-options.ts'
import { checkRules } from './note-breaks.ts'

/** What a command that changes series says about committing: see `changingOptions`. */
export interface CommitArguments {
  readonly commit: boolean
  readonly message: readonly string[]
  readonly author: { readonly name: string; readonly email: string } | undefined
  readonly date: string | undefined
  readonly committerDate: string | undefined
  readonly noVerify: boolean
}

/**
 * Whether and how a changing command is to commit: when it is told to, and always where there is
 * no index to stage in.
 */
export async function commitRequest(
  context: Context,
  repo: Repository,
  args: CommitArguments,
): Promise<CommitRequest | undefined> {
  if (!args.commit && hasIndex(repo)) {
    for (const [option, isGiven] of [
      ['-m', args.message.length > 0],
      ['--author', args.author !== undefined],
      ['--date', args.date !== undefined],
      ['--committer-date', args.committerDate !== undefined],
      ['--no-verify', args.noVerify],
    ] as const) {
      if (isGiven) throw usageError(`${option} goes with --commit`)
    }
    return undefined
  }
  const { author, committer, exactDate } = await commitSignatures(context, args)
  const message = cleanMessage(joinParagraphs(args.message))
  return {
    author,
    committer,
    exactDate,
    ...(message !== '' && { message }),
    check: checkRules(context, args.noVerify),
    before: args.noVerify ? undefined : () => context.hook('pre-commit'),
    after: () => afterCommit(context),
  }
}
