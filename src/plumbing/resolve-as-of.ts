import { type Commit, readCommit } from '../core/commit.ts'
import { lastSecondOf } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import type { Period } from '../core/period.ts'
import { formatSeconds } from '../core/time.ts'
import type { Repository } from './repository.ts'

export interface AsOfResult {
  readonly id: Id
  readonly commit: Commit
}

/**
 * What was known at a time: the first commit from `tip` along first parents whose committer date
 * is not after it. A period means its last second: a bare date, the end of that day, UTC.
 * `before-history`, saying when it begins, when all commits are later.
 */
export async function resolveAsOf(repo: Repository, tip: Id, when: Period): Promise<AsOfResult> {
  const second = lastSecondOf(when)
  const { shallow } = await repo.refs.state()
  for (let id = tip; ; ) {
    const commit = await readCommit(repo.objects, id)
    if (commit.committer.seconds <= second) return { id, commit }
    const parent = shallow.has(id) ? undefined : commit.parents[0]
    if (parent === undefined) {
      const begins = `${formatSeconds(BigInt(commit.committer.seconds))}Z`
      throw new VarveError('before-history', `history begins at ${begins}`, {
        data: { begins, commit: id, asOf: `${formatSeconds(BigInt(second))}Z` },
        hint: shallow.has(id)
          ? 'what was before was trimmed, or is where this was cloned from'
          : `the first commit is ${shortId(id)}`,
      })
    }
    id = parent
  }
}
