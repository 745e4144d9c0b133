import type { Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { nearest } from '../core/nearest.ts'
import { candidates, findRefs, shortNames } from '../plumbing/find-ref.ts'
import { readReflog } from '../plumbing/read-reflog.ts'
import type { Repository } from '../plumbing/repository.ts'

export interface ReflogLine {
  /** What revisions call this value: `main@{1}`. */
  readonly name: string
  /** Absent where the ref was deleted. */
  readonly id?: Id
  /** What it was before; absent where it is new. */
  readonly old?: Id
  readonly who: Signature
  readonly message: string
}

export interface ReflogRef {
  /** Full name, or HEAD. */
  readonly ref: string
  /** As it was given. */
  readonly shown: string
}

/** The ref whose log is meant, deleted ones too; `ref-not-found` with the nearest name. */
export async function reflogRef(repo: Repository, shown = 'HEAD'): Promise<ReflogRef> {
  if (shown === 'HEAD' || shown === '@') return { ref: 'HEAD', shown: 'HEAD' }
  const state = await repo.refs.state()
  const found = findRefs(state, shown)[0]?.name
  if (found !== undefined) return { ref: found, shown }
  for (const ref of candidates(shown)) {
    for await (const _ of readReflog(repo, ref)) return { ref, shown }
  }
  const near = nearest(shown, shortNames(state))
  throw new VarveError('ref-not-found', `no ref is called ${JSON.stringify(shown)}`, {
    data: { ref: shown, ...(near !== undefined && { nearest: near }) },
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  })
}

/** The values that a ref took here, the newest first. */
export async function* reflog(
  repo: Repository,
  { ref, shown }: ReflogRef,
): AsyncGenerator<ReflogLine> {
  let at = 0
  for await (const { old, new: id, who, message } of readReflog(repo, ref)) {
    const name = `${shown}@{${at++}}`
    yield { name, ...(id !== undefined && { id }), ...(old !== undefined && { old }), who, message }
  }
}
