import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { isRefName } from '../core/names.ts'
import type { LogEntry, LogSignature, Transaction } from '../storage/log-entry.ts'
import type { PrivateFiles } from '../storage/private-files.ts'
import type { Repository } from './repository.ts'

/** What HEAD says: a branch, born or not, or a commit. */
export type Head = { readonly ref: string } | { readonly id: Id }

export interface HeadState {
  /** The branch's full name; undefined when HEAD is detached. */
  readonly ref: string | undefined
  /** The commit; undefined on a branch without any. */
  readonly id: Id | undefined
  readonly detached: boolean
}

const HEAD_FILE = 'HEAD'

/** HEAD: of the work tree where there is one, else the default branch. */
export async function readHead(repo: Repository): Promise<Head> {
  const bytes = await ownHead(repo)?.read(HEAD_FILE)
  if (bytes === undefined) return { ref: (await repo.refs.state()).head }
  return parseHead(Buffer.from(bytes).toString('utf8'))
}

/** HEAD with the commit that it leads to. */
export async function headState(repo: Repository): Promise<HeadState> {
  const bytes = await ownHead(repo)?.read(HEAD_FILE)
  const own = bytes && parseHead(Buffer.from(bytes).toString('utf8'))
  if (own !== undefined && 'id' in own) return { ref: undefined, id: own.id, detached: true }
  const { refs, head } = await repo.refs.state()
  const ref = own?.ref ?? head
  return { ref, id: refs.get(ref), detached: false }
}

/** HEAD as the log writes it: a ref name or an id. */
export function headText(head: Head): string {
  return 'id' in head ? head.id : head.ref
}

export interface SetHeadOptions {
  readonly to: Head
  readonly who: LogSignature
  readonly message: string
  /** Refs that change with it, in the same transaction; with `packs` for what they need. */
  readonly updates?: Transaction['updates']
  readonly packs?: readonly string[]
  /** What the operation discards of the index, for `undo`. */
  readonly index?: Transaction['index']
}

/**
 * Points HEAD somewhere else and says so in the log. Detached HEADs belong to a work tree:
 * `refused` without one.
 */
export async function setHead(repo: Repository, options: SetHeadOptions): Promise<LogEntry> {
  const { to, who, message, updates = [], packs = [], index } = options
  if ('id' in to && ownHead(repo) === undefined) {
    throw new VarveError('refused', 'a repository without a work tree has no detached HEAD')
  }
  const from = await headBefore(repo)
  const entry = await repo.refs.append({
    updates,
    head: { ...(from !== undefined && { old: headText(from) }), new: headText(to) },
    who,
    message,
    packs,
    ...(index !== undefined && { index }),
  })
  await writeHeadFile(repo, to)
  return entry
}

/** HEAD that is about to be replaced: undefined where it is damaged, as this is what mends it. */
async function headBefore(repo: Repository): Promise<Head | undefined> {
  try {
    return await readHead(repo)
  } catch (error) {
    if (hasCode(error, 'corrupt-file')) return undefined
    throw error
  }
}

/** Writes the work tree's HEAD alone, without a word in the log: for a repository being made. */
export async function writeHeadFile(repo: Repository, head: Head): Promise<void> {
  const text = 'id' in head ? `${head.id}\n` : `ref: ${head.ref}\n`
  await ownHead(repo)?.write(HEAD_FILE, Buffer.from(text))
}

export interface MoveRefOptions {
  /** The ref's full name, or `HEAD` for what HEAD leads to: its branch, or HEAD itself. */
  readonly ref: string
  /** What it must be now; undefined when it must not exist. */
  readonly old: Id | undefined
  /** What it becomes; undefined to delete it. */
  readonly new: Id | undefined
  readonly who: LogSignature
  readonly message: string
  /** Packs not in the log yet that the new value needs. */
  readonly packs?: readonly string[]
  readonly index?: Transaction['index']
}

/** Moves one ref. `conflict` when it is not what `old` says. */
export async function moveRef(repo: Repository, options: MoveRefOptions): Promise<LogEntry> {
  const { who, message, packs = [], index } = options
  const head = options.ref === 'HEAD' ? await readHead(repo) : undefined
  if (head !== undefined && 'id' in head) {
    if (options.new === undefined) throw new VarveError('refused', 'HEAD cannot be deleted')
    if (head.id !== options.old) {
      throw new VarveError('conflict', 'HEAD has moved', {
        data: { ref: 'HEAD', expected: options.old ?? null, found: head.id },
      })
    }
    const to = { id: options.new }
    return setHead(repo, { to, who, message, packs, ...(index !== undefined && { index }) })
  }
  return repo.refs.append({
    updates: [{ name: head?.ref ?? options.ref, old: options.old, new: options.new }],
    who,
    message,
    packs,
    ...(index !== undefined && { index }),
  })
}

/** Where HEAD is when it is not the store's default branch: with a work tree. */
function ownHead(repo: Repository): PrivateFiles | undefined {
  return repo.workTree === undefined ? undefined : repo.privateFiles
}

/** What a work tree's file HEAD says; `corrupt-file` where that is nothing. */
export function parseHead(text: string): Head {
  const line = text.trimEnd()
  if (isId(line)) return { id: line }
  const ref = /^ref: (.+)$/.exec(line)?.[1]
  if (ref !== undefined && isRefName(ref)) return { ref }
  throw new VarveError('corrupt-file', 'HEAD names neither a branch nor a commit', {
    data: { found: text.slice(0, 200) },
    hint: 'varve symbolic-ref HEAD refs/heads/main',
  })
}
