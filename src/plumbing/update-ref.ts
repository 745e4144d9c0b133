import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { checkRefName } from '../core/names.ts'
import type { Reference } from '../core/references.ts'
import type { LogEntry, LogSignature, RefUpdate } from '../storage/log-entry.ts'
import type { LogState } from '../storage/log-state.ts'
import { checkRefFolders } from '../storage/ref-folders.ts'
import { collectPacks } from './collect-packs.ts'
import { candidates } from './find-ref.ts'
import { type Head, readHead, setHead } from './head.ts'
import type { Repository } from './repository.ts'

export { checkRefFolders }

export interface RefChange {
  /** Full name, or HEAD: the branch that HEAD is on, or HEAD itself when it is detached. */
  readonly ref: string
  /** What it becomes; undefined deletes it. */
  readonly new: Id | undefined
  /** What it must be now; null: it must not exist; undefined: whatever it is. */
  readonly old?: Id | null | undefined
}

export interface UpdateRefOptions {
  /** All take effect, or none. */
  readonly changes: readonly RefChange[]
  /** `HEAD` means HEAD itself: setting it detaches it. */
  readonly noDeref?: boolean
  readonly who: LogSignature
  readonly message: string
}

export interface UpdateRefResult {
  /** What was changed, by full names; nothing where each ref was as asked already. */
  readonly updates: readonly RefUpdate[]
  readonly entry?: LogEntry
}

/**
 * Sets, creates and deletes refs in one transaction, which names the packs that the new values
 * need. `conflict` when a ref is not what `old` says; `object-not-found` for a value that is not
 * here whole; `refused` for a branch that would not be at a commit, and for a name that is
 * another's folder.
 */
export async function updateRef(
  repo: Repository,
  options: UpdateRefOptions,
): Promise<UpdateRefResult> {
  const starts = await Promise.all(options.changes.map((change) => startOf(repo, change)))
  const known = starts.filter((start) => start !== undefined)
  for (;;) {
    const packs = await collectPacks(repo, known)
    const head = await readHead(repo)
    const state = await repo.refs.state()
    const plan = planChanges(state, head, options)
    if (plan.updates.length === 0 && plan.head === undefined) return { updates: [] }
    const { who, message } = options
    const { updates } = plan
    try {
      const entry =
        plan.head === undefined
          ? await repo.refs.append({ updates, who, message, packs })
          : await setHead(repo, { to: plan.head, updates, who, message, packs })
      return { updates, entry }
    } catch (error) {
      // Somebody was faster. Where `old` was given, the new plan will say that it differs. What gc has removed
      // does not come back.
      if (!hasCode(error, 'conflict') || error.data.object !== undefined) throw error
    }
  }
}

async function startOf(repo: Repository, change: RefChange): Promise<Reference | undefined> {
  if (change.ref !== 'HEAD') checkFullName(change.ref)
  const id = change.new
  if (id === undefined) return undefined
  const { kind } = await repo.objects.readAny(id)
  const branch = change.ref === 'HEAD' || change.ref.startsWith('refs/heads/')
  if (branch && kind !== 'commit') {
    throw new VarveError('refused', `${change.ref} can only be at a commit, not at a ${kind}`, {
      data: { ref: change.ref, id, kind },
    })
  }
  return { kind, id }
}

function checkFullName(name: string): void {
  checkRefName(name, { oneLevel: true })
  if (name.startsWith('refs/') && checkRefName(name)) return
  throw new VarveError('invalid-name', `${name} is not the full name of a ref`, {
    data: { ref: name },
    hint: `did you mean ${candidates(name).find((full) => full.startsWith('refs/heads/'))}?`,
  })
}

interface Plan {
  readonly updates: readonly RefUpdate[]
  /** Where HEAD itself goes. */
  readonly head?: Head
}

function planChanges(state: LogState, head: Head, { changes, noDeref }: UpdateRefOptions): Plan {
  const updates: RefUpdate[] = []
  let newHead: Head | undefined
  for (const change of changes) {
    const onHead = change.ref === 'HEAD' && (noDeref || 'id' in head)
    const name = change.ref === 'HEAD' && 'ref' in head ? head.ref : change.ref
    const found = onHead && 'id' in head ? head.id : state.refs.get(name)
    if (change.old !== undefined && (change.old ?? undefined) !== found) {
      throw new VarveError('conflict', `${change.ref} is not what it should be`, {
        data: { ref: change.ref, expected: change.old, found: found ?? null },
        hint: found === undefined ? 'it does not exist' : `it is at ${found}`,
      })
    }
    if (onHead) {
      if (change.new === undefined) throw new VarveError('refused', 'HEAD cannot be deleted')
      if ('ref' in head || head.id !== change.new) newHead = { id: change.new }
    } else if (found !== change.new) {
      updates.push({ name, old: found, new: change.new })
    }
  }
  checkRefFolders(state, updates)
  return newHead === undefined ? { updates } : { updates, head: newHead }
}
