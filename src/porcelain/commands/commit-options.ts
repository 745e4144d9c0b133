import type { Context } from '../../cli/context.ts'
import { type Options, usageError } from '../../cli/define-command.ts'
import type { Signature } from '../../core/commit.ts'
import { type CommitDate, parseCommitDate } from '../../core/commit-date.ts'

/** Whose a commit is, and when. */
export interface CommitSignatures {
  readonly author: Signature
  readonly committer: Signature
  /** Whether the committer's date was given on purpose. */
  readonly exactDate: boolean
  /** Whether the command line says anything about the author. */
  readonly authorGiven: boolean
}

interface Given {
  readonly author: { readonly name: string; readonly email: string } | undefined
  readonly date: string | undefined
  readonly committerDate: string | undefined
}

/** `-m`: a paragraph each. */
export const messageOption = {
  alias: 'm',
  array: true,
  describe: 'The message, or a paragraph of it',
} as const

/** `--author`, `--date` and `--committer-date`. */
export function signatureOptions<T>(y: Options<T>) {
  return y
    .option('author', {
      value: 'name <address>',
      coerce: parseAuthor,
      describe: 'Whose work it is, where that is not you',
    })
    .option('date', {
      value: 'when',
      describe: "The author's date, such as 2026-08-21 or @1786960800",
    })
    .option('committer-date', {
      value: 'when',
      describe: 'When it became known, for replaying history; never before its parent',
    })
}

/** Who commits, from the options and the context. */
export async function commitSignatures(
  context: Context,
  { author, date, committerDate }: Given,
): Promise<CommitSignatures> {
  const now = context.now()
  const who = await context.identity('author')
  const committer = await context.identity('committer')
  return {
    author: { ...who, ...author, ...when(date, now) },
    committer: { ...committer, ...when(committerDate, now) },
    exactDate: committerDate !== undefined || context.env('VARVE_COMMITTER_DATE') !== undefined,
    authorGiven: author !== undefined || date !== undefined,
  }
}

function when(text: string | undefined, now: CommitDate): CommitDate | undefined {
  if (text === undefined) return undefined
  const { seconds, offsetMinutes } = parseCommitDate(text, now)
  return { seconds, offsetMinutes }
}

function parseAuthor(text: string): { name: string; email: string } {
  const match = /^\s*([^<>]*?)\s*<([^<>]*)>\s*$/.exec(text)
  const name = match?.[1]
  if (!name) {
    throw usageError(
      `not an author: ${JSON.stringify(text)}`,
      '--author "Ada Lovelace <ada@example.com>"',
    )
  }
  return { name, email: match![2]!.trim() }
}
