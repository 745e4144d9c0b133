import { type Id, isId } from '../core/id.ts'
import type { LogEntry, LogSignature } from '../storage/log-entry.ts'
import { DEFAULT_BRANCH } from '../storage/log-state.ts'
import type { Repository } from './repository.ts'

/** One value that a ref took. */
export interface ReflogEntry {
  /** The number of the log entry. */
  readonly number: number
  readonly old: Id | undefined
  /** Undefined where the ref was deleted. */
  readonly new: Id | undefined
  readonly who: LogSignature
  readonly message: string
}

/**
 * The values that a ref took here, the newest first. `HEAD` has its own: it changes when HEAD is
 * pointed elsewhere and when the branch that it points to moves.
 */
export async function* readReflog(repo: Repository, ref: string): AsyncGenerator<ReflogEntry> {
  if (ref === 'HEAD') {
    yield* (await headHistory(repo)).reverse()
    return
  }
  for await (const entry of repo.refs.entries({ newestFirst: true })) {
    const update = entry.updates.find(({ name }) => name === ref)
    if (update !== undefined) yield reflogEntry(entry, update.old, update.new)
  }
}

/** What HEAD was pointed away from (a ref name or an id), the latest first: `@{-1}` is the first. */
export async function* previousHeads(repo: Repository): AsyncGenerator<string> {
  for await (const { head } of repo.refs.entries({ newestFirst: true })) {
    if (head?.old === undefined || head.old === head.new) continue
    // A commit on a detached HEAD moves it, but is no switch.
    if (isId(head.old) && isId(head.new)) continue
    yield head.old
  }
}

async function headHistory(repo: Repository): Promise<ReflogEntry[]> {
  const refs = new Map<string, Id | undefined>()
  const history: ReflogEntry[] = []
  let head = DEFAULT_BRANCH
  let current: Id | undefined
  for await (const entry of repo.refs.entries({ newestFirst: false })) {
    for (const update of entry.updates) refs.set(update.name, update.new)
    if (entry.head !== undefined) head = entry.head.new
    const value = isId(head) ? head : refs.get(head)
    if (value !== current || (entry.head !== undefined && value !== undefined)) {
      history.push(reflogEntry(entry, current, value))
    }
    current = value
  }
  return history
}

function reflogEntry(
  { number, who, message }: LogEntry,
  old: Id | undefined,
  next: Id | undefined,
): ReflogEntry {
  return { number, old, new: next, who, message }
}
