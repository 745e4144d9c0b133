import { type Signature, subjectOf } from '../../core/commit.ts'
import type { CommitDate } from '../../core/commit-date.ts'
import { VarveError } from '../../core/errors.ts'
import { type Id, shortId } from '../../core/id.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { replay } from '../replay.ts'
import { checkoutRevision } from '../switch.ts'
import { createTag } from '../tag.ts'
import type { Action } from './view-data.ts'

export interface ActOptions {
  readonly clock: () => CommitDate
  readonly identity: (role: 'author' | 'committer') => Promise<Signature>
  readonly logIdentity: () => Promise<Signature>
  readonly filesLimit?: number | undefined
}

/** Does what the command of that name does, and says in a line what was done. Errors as that command. */
export async function act(repo: Repository, action: Action, options: ActOptions): Promise<string> {
  switch (action.kind) {
    case 'checkout':
      return checkOut(repo, action.target, options)
    case 'revert':
      return revert(repo, action.commit, options)
    case 'tag': {
      const { name, commit: target } = action
      const who = await options.logIdentity()
      await createTag(repo, { name, target, who, now: options.clock() })
      return `tag ${name} is at ${shortId(target)}`
    }
  }
}

async function checkOut(
  repo: Repository,
  target: string,
  { clock, logIdentity, filesLimit }: ActOptions,
): Promise<string> {
  const who = await logIdentity()
  const { to, already } = await checkoutRevision(repo, { target, who, now: clock(), filesLimit })
  if (to.branch === undefined) return `HEAD is at ${shortId(to.id!)}, on no branch`
  return `${already ? 'already on' : 'switched to'} branch ${to.branch}`
}

/** What conflicts is left to the command, which lets them be settled. */
async function revert(
  repo: Repository,
  id: Id,
  { identity, filesLimit }: ActOptions,
): Promise<string> {
  const [author, committer] = [await identity('author'), await identity('committer')]
  const asked = { action: 'revert', commits: [id], author, committer, filesLimit } as const
  const { stopped } = await replay(repo, { ...asked, dryRun: true })
  if (stopped !== undefined) {
    const paths = stopped.conflicts.map(({ series }) => series)
    throw new VarveError('conflict', `what ${shortId(id)} changed was changed again: ${paths[0]}`, {
      data: { commit: id, series: paths },
      hint: `varve revert ${shortId(id)} lets conflicts be settled`,
    })
  }
  const made = (await replay(repo, asked)).replayed[0]!
  return `${shortId(made.id!)} ${subjectOf(made.commit)}`
}
