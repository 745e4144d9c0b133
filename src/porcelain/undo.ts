import type { Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { diffTrees } from '../core/tree.ts'
import { lastPart } from '../plumbing/follow-up.ts'
import { type Head, type HeadState, headState, setHead } from '../plumbing/head.ts'
import {
  carryPending,
  hasIndex,
  type IndexState,
  readIndex,
  treeOf,
} from '../plumbing/index-state.ts'
import {
  clearMergeState,
  droppedMerge,
  type MergeState,
  refuseDuringMerge,
  writeMergeState,
} from '../plumbing/merge-state.ts'
import { planRefresh } from '../plumbing/refresh-files.ts'
import type { Repository } from '../plumbing/repository.ts'
import { estimateFiles } from './estimate-files.ts'
import { ABORTED } from './merge-abort.ts'
import { carry, type DiscardedIndex, discardedIndex, type RefChange } from './move-head.ts'
import {
  applyShow,
  DEFAULT_FILES_LIMIT,
  type FilesMoved,
  type FilesOptions,
  movedBy,
  type ShowPlan,
} from './show-tree.ts'

export interface UndoOptions extends FilesOptions {
  /** Only say what would be undone. */
  readonly dryRun?: boolean | undefined
  /** Also where something was staged since: that stays. */
  readonly keepStaged?: boolean | undefined
  readonly who: Signature
}

export interface UndoResult {
  /** The operation that was undone, as the ref log has it. */
  readonly undone: { readonly number: number; readonly message: string; readonly who: Signature }
  /** Refs that are as they were. */
  readonly refs: readonly RefChange[]
  /** Where HEAD is again, when the operation had moved it: a ref name or an id. */
  readonly head?: { readonly old: string; readonly new: string }
  /** What the index holds, where that is another tree than before. */
  readonly index?: { readonly old: Id; readonly new: Id }
  readonly files: FilesMoved
  /** The merge that is going on again, where the operation had dropped one. */
  readonly merging?: string
  readonly dryRun: boolean
}

type LogEntry = Awaited<ReturnType<Repository['refs']['append']>>

/**
 * Makes refs, HEAD, index and files what they were before the last operation that the ref log
 * knows; what only moved refs that show another repository's, as a push or a fetch does, is passed over. That is an
 * operation too, so that a second undo takes back the first. `refused` where
 * there is nothing to undo, while a merge is going on, where something was staged since, unless `keepStaged`, and where files
 * that were changed by hand would be lost.
 */
export async function undo(repo: Repository, options: UndoOptions): Promise<UndoResult> {
  const { dryRun = false, who } = options
  await refuseDuringMerge(repo, 'nothing is undone')
  const entry = await lastOperation(repo)
  const { number, message, updates: made } = entry
  const updates = made.map(({ name, old, new: now }) => ({ name, old: now, new: old }))
  const from = await headState(repo)
  const head = entry.head?.old === undefined ? undefined : headOf(entry.head.old)
  const merging = await mergeOf(repo, entry)
  await refuseGone(repo, [
    merging?.theirs,
    head !== undefined && 'id' in head ? head.id : undefined,
    ...updates.map((update) => update.new),
  ])
  const commit = await commitAfter(repo, from, head, updates)
  const result = {
    undone: { number, message, who: entry.who },
    refs: updates,
    ...(head !== undefined && { head: { old: entry.head!.new, new: entry.head!.old! } }),
    ...(merging !== undefined && { merging: merging.shown }),
    dryRun,
  }
  const log = { updates, who, message: messageOf(message) }
  if (!hasIndex(repo)) {
    if (!dryRun) await append(repo, head, log)
    return { ...result, files: { written: [], removed: [] } }
  }
  const { state } = await readIndex(repo)
  if (options.keepStaged !== true) await refuseStagedSince(repo, entry, state)
  const next = await indexAfter(repo, entry, state, from.id, commit)
  const plan = await planBack(repo, state, next.tree, options)
  const index = next.tree === state.tree ? {} : { index: { old: state.tree, new: next.tree } }
  if (dryRun) return { ...result, ...index, files: movedBy(plan) }
  const discarded = await discardedIndex(repo, state)
  const files = await applyShow(repo, state.files, plan, {
    ...options,
    publish: async () => {
      // First that a merge is going on: without it, what is staged would be a commit of one parent.
      if (merging !== undefined) await writeMergeState(repo, { ...merging, staged: false })
      try {
        await append(repo, head, { ...log, ...discarded })
      } catch (error) {
        if (merging !== undefined) await clearMergeState(repo)
        throw error
      }
    },
    content: { ...next, base: commit },
  })
  if (merging !== undefined) {
    await lastPart('what is noted of the merge', () => writeMergeState(repo, merging))
  }
  return { ...result, ...index, files }
}

/** The merge that an operation dropped, to go on when that is undone; `refused` where it is not known any more. */
async function mergeOf(repo: Repository, entry: LogEntry): Promise<MergeState | undefined> {
  if (!hasIndex(repo)) return undefined
  const dropped = await droppedMerge(repo, entry.number)
  const [, action, shown] = ABORTED.exec(entry.message) ?? []
  if (dropped !== undefined || action === undefined) return dropped
  throw new VarveError('refused', `what is known of the ${action} that was taken back has gone`, {
    data: { message: entry.message },
    hint: `varve ${action} ${shown} begins it anew`,
  })
}

/** Whether a ref only shows what another repository has: to put it back would undo nothing there. */
function showsAnother(name: string): boolean {
  return name.startsWith('refs/remotes/')
}

async function lastOperation(repo: Repository): Promise<LogEntry> {
  for await (const entry of repo.refs.entries({ newestFirst: true })) {
    // The first one made the repository.
    if (entry.head !== undefined && entry.head.old === undefined) break
    const moved = entry.updates.some(({ name }) => !showsAnother(name))
    if (moved || entry.head !== undefined || entry.index !== undefined) return entry
  }
  throw new VarveError('refused', 'there is nothing to undo', {
    hint: 'varve restore --staged SERIES takes back what is not committed yet',
  })
}

function isStagedSince({ number }: LogEntry, { stagedAt = 0 }: IndexState): boolean {
  return stagedAt >= number
}

/**
 * What was staged after the last operation is the last thing that was done, and the log knows
 * nothing of it: to take back what was done before is not what was meant.
 */
async function refuseStagedSince(
  repo: Repository,
  entry: LogEntry,
  state: IndexState,
): Promise<void> {
  if (!isStagedSince(entry, state)) return
  const { message } = entry
  const { base, tree } = state
  const before = await treeOf(repo.objects, base)
  const staged = [...(await carryPending(repo.objects, before, tree, before)).edits.keys()]
  const [first] = staged
  if (first === undefined) {
    const lost = `what was done since the last operation (${message}) was only staged, and is gone`
    throw new VarveError('refused', lost, {
      data: { series: [], message },
      hint: 'varve undo --keep-staged undoes the operation before it',
    })
  }
  const more = staged.length === 1 ? '' : ` and ${staged.length - 1} more`
  const names = staged.length === 1 ? first : 'SERIES'
  throw new VarveError('refused', `staged since the last operation (${message}): ${first}${more}`, {
    data: { series: staged, message },
    hint: `varve restore --staged ${names} takes that back, and with --worktree in the files too; varve undo --keep-staged undoes the operation before it`,
  })
}

/** What a ref is to go back to may be behind the beginning of a history that was trimmed, or removed by gc. */
async function refuseGone(repo: Repository, ids: readonly (Id | undefined)[]): Promise<void> {
  for (const id of ids) {
    if (id === undefined || (await repo.objects.has(id, { fresh: true }))) continue
    const message = `${id.slice(0, 8)}, where it was before, is not here any more`
    throw new VarveError('refused', message, {
      data: { id },
      hint: 'purge removed it for good, trim forgot it, or gc removed it, as nothing but the old log led to it',
    })
  }
}

function messageOf(message: string): string {
  if (message.startsWith('undo: ')) return `redo: ${message.slice('undo: '.length)}`
  if (message.startsWith('redo: ')) return `undo: ${message.slice('redo: '.length)}`
  return `undo: ${message}`
}

function headOf(text: string): Head {
  return isId(text) ? { id: text } : { ref: text }
}

/** The commit that HEAD will be at. */
async function commitAfter(
  repo: Repository,
  from: HeadState,
  head: Head | undefined,
  updates: readonly RefChange[],
): Promise<Id | undefined> {
  if (head !== undefined && 'id' in head) return head.id
  const ref = head?.ref ?? from.ref
  if (ref === undefined) return from.id
  const update = updates.find(({ name }) => name === ref)
  return update === undefined ? (await repo.refs.state()).refs.get(ref) : update.new
}

/** What the index is to hold: what the operation discarded, or what is pending, carried back. */
async function indexAfter(
  repo: Repository,
  entry: LogEntry,
  state: IndexState,
  from: Id | undefined,
  commit: Id | undefined,
): Promise<Pick<IndexState, 'tree' | 'packs'>> {
  const before = await treeOf(repo.objects, from)
  const after = await treeOf(repo.objects, commit)
  if (entry.index === undefined) return (await carry(repo, state, before, after)).next
  const old = entry.index.old ?? after
  // Commits leave the index as it is: what was staged since stays.
  const kept = from !== commit && old === before && isStagedSince(entry, state)
  return kept ? { tree: state.tree, packs: state.packs } : { tree: old, packs: [] }
}

/** Files as they were: also of series that the operation took away with their files. */
async function planBack(
  repo: Repository,
  state: IndexState,
  tree: Id,
  { filesLimit: limit = DEFAULT_FILES_LIMIT, force, signal }: UndoOptions,
): Promise<ShowPlan> {
  const back = new Set<string>()
  for await (const change of diffTrees(repo.objects, state.tree, tree)) {
    if (change.old === undefined && change.new?.kind === 'series') back.add(change.path)
  }
  const show = { files: state.files, tree, force, signal }
  if (back.size === 0) return { files: await planRefresh(repo, show) }
  const estimate = await estimateFiles(repo.objects, tree, limit)
  if (!estimate.over) return { files: await planRefresh(repo, { ...show, materialise: back }) }
  return { files: await planRefresh(repo, show), left: { ...estimate, limit } }
}

async function append(
  repo: Repository,
  head: Head | undefined,
  log: {
    readonly updates: readonly RefChange[]
    readonly who: Signature
    readonly message: string
  } & Partial<DiscardedIndex>,
): Promise<void> {
  if (head === undefined) await repo.refs.append({ packs: [], ...log })
  else await setHead(repo, { to: head, ...log })
}
