import { VarveError } from '../core/errors.ts'
import { checkRefName } from '../core/names.ts'
import type { LogSignature } from '../storage/log-entry.ts'
import { readHead, setHead } from './head.ts'
import type { Repository } from './repository.ts'

export interface SymbolicRefOptions {
  /** Only HEAD is symbolic. */
  readonly name: string
}

/** The full name of the branch that HEAD is on; `ref-not-found` when it is detached. */
export async function symbolicRef(
  repo: Repository,
  { name }: SymbolicRefOptions,
): Promise<{ ref: string }> {
  checkSymbolic(name)
  const head = await readHead(repo)
  if ('ref' in head) return head
  throw new VarveError('ref-not-found', 'HEAD is detached: it names a commit, not a branch', {
    data: { id: head.id },
  })
}

export interface SetSymbolicRefOptions extends SymbolicRefOptions {
  /** Full name of a branch, which need not exist yet. */
  readonly target: string
  readonly who: LogSignature
  readonly message?: string
}

/** Points HEAD at a branch and touches nothing else: neither index nor files. */
export async function setSymbolicRef(
  repo: Repository,
  { name, target, who, message }: SetSymbolicRefOptions,
): Promise<{ ref: string }> {
  checkSymbolic(name)
  checkRefName(target)
  if (!target.startsWith('refs/heads/')) {
    throw new VarveError('refused', `HEAD can only be on a branch, not on ${target}`, {
      data: { target },
      hint: 'a branch begins with refs/heads/',
    })
  }
  await setHead(repo, { to: { ref: target }, who, message: message ?? `HEAD: ${target}` })
  return { ref: target }
}

function checkSymbolic(name: string): void {
  if (name === 'HEAD') return
  throw new VarveError('ref-not-found', `${name} is not symbolic: only HEAD is`, { data: { name } })
}
