import { subjectOf } from '../core/commit.ts'
import { shortId } from '../core/id.ts'
import { formatSeconds } from '../core/time.ts'
import type { AsOfResult } from '../plumbing/resolve-as-of.ts'

/** Which commit an `--as-of` chose, in one line. */
export function describeAsOf({ id, commit }: AsOfResult): string {
  const when = `${formatSeconds(BigInt(commit.committer.seconds))}Z`
  return `as of ${shortId(id)} (${when}, ${subjectOf(commit)})`
}
