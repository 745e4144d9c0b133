import type { Commit, Signature } from '../../core/commit.ts'
import { formatCommitDate } from '../../core/date-format.ts'

/** Who and when, the date as ISO 8601 with its offset. */
export function signatureJson(signature: Signature) {
  const { name, email } = signature
  return { name, email, date: formatCommitDate(signature, 'iso-strict') }
}

/** A commit as every command with `--json` writes it, without its id. */
export function commitJson({ tree, parents, author, committer, message }: Commit) {
  return {
    tree,
    parents,
    author: signatureJson(author),
    committer: signatureJson(committer),
    message,
  }
}
