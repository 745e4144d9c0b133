import { type Commit, type Signature, writeCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { diffTrees, EMPTY_TREE } from '../core/tree.ts'
import type { ObjectBatch } from '../storage/object-batch.ts'
import { clampCommitter } from './clamp-committer.ts'
import { neededPacks, packsToPublish } from './collect-packs.ts'
import { followUp } from './follow-up.ts'
import { readHead } from './head.ts'
import {
  hasIndex,
  type IndexState,
  publishIndex,
  readIndex,
  readStoredIndex,
  stagedNow,
  treeOf,
} from './index-state.ts'
import { mergeDuePacks } from './merge-packs.ts'
import { refuseDuringMerge } from './merge-state.ts'
import type { Repository } from './repository.ts'

/** A change to the tree of names, made so that it can be run again on another tree. */
export interface Change<R> {
  /** Makes the change on `tree`: new objects go to `batch`. Run again when a race is lost. */
  run(batch: ObjectBatch, tree: Id): Promise<Changed<R>>
  /**
   * The series, if any, that this change and that from tree `before` to `after` both touch so that
   * running it on `after` would not be what was asked for.
   */
  meets(reader: ObjectReader, before: Id, after: Id): Promise<string | undefined>
}

export interface Changed<R> {
  /** The tree that the change leads to; the one given when there is nothing to change. */
  readonly tree: Id
  readonly result: R
}

export interface Applied<R> {
  readonly result: R
  readonly changed: boolean
  /** The commit made, when the change was committed. */
  readonly commit?: Id
}

/**
 * Told the tree that a change leads to, stored already, and the one that it was made on, just before it is published:
 * what else has to work can be done then, and stop it.
 */
export type Ready<R> = (tree: Id, result: R, before: Id) => Promise<void>

/** Runs `change` on the index, durably; nothing is committed. */
export async function stageChange<R>(
  repo: Repository,
  change: Change<R>,
  options: {
    readonly signal?: AbortSignal | undefined
    /** What else of the index changes with it. */
    readonly also?: (state: IndexState, result: R) => IndexState
    readonly dryRun?: boolean | undefined
    readonly ready?: Ready<R> | undefined
  } = {},
): Promise<Applied<R>> {
  const seen = new Seen(repo, change)
  // What was published before a race was lost is not stored again: it is needed all the same.
  const published: string[] = []
  for (;;) {
    const { number: since } = await repo.refs.state()
    const { version, state } = await readIndex(repo)
    await seen.check(state.tree)
    const batch = await repo.objects.begin(signalOf(options.signal))
    try {
      const { tree, result } = await change.run(batch, state.tree)
      const changed = tree !== state.tree
      if (options.dryRun) return { result, changed }
      const next = options.also?.(state, result) ?? state
      if (!changed && next === state) return { result, changed }
      const pack = await batch.publish()
      if (pack !== undefined) published.push(pack)
      // What is written again may be a pack of the same bytes, and name.
      const packs = [...new Set([...next.packs, ...published])]
      if (changed) await options.ready?.(tree, result, state.tree)
      // What gc has removed since this began is stored again.
      if (!(await isStillThere(repo, tree, since))) continue
      const staged = { ...next, tree, packs, ...(changed && (await stagedNow(repo))) }
      if (!(await publishIndex(repo, version, staged))) continue
      if (await isStillThere(repo, tree, since)) return { result, changed }
      await publishIndex(repo, version + 1, state)
    } finally {
      await batch.discard()
    }
  }
}

/** Whether all that a tree leads to is there, where packs were retired since an entry of the log. */
async function isStillThere(repo: Repository, tree: Id, since: number): Promise<boolean> {
  const state = await repo.refs.state()
  if (state.retiredAt <= since || tree === EMPTY_TREE) return true
  try {
    await neededPacks(repo.objects, state, [{ kind: 'tree', id: tree }])
    return true
  } catch (error) {
    if (hasCode(error, 'object-not-found')) return false
    throw error
  }
}

export interface CommitDetails<R> {
  readonly author: Signature
  readonly committer: Signature
  readonly message: (result: R) => string
  /** Whether the committer's date was given on purpose: then it is never moved. */
  readonly exactDate?: boolean | undefined
}

/**
 * Runs `change` on the tip of HEAD's branch and commits it there: its own rows at once, and nothing
 * that is staged. Where there is an index, the change is made in it too.
 */
export async function commitChange<R>(
  repo: Repository,
  change: Change<R>,
  details: CommitDetails<R>,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly dryRun?: boolean | undefined
    readonly ready?: Ready<R> | undefined
  } = {},
): Promise<Applied<R>> {
  const head = await readHead(repo)
  if (!('ref' in head)) {
    throw new VarveError('refused', 'HEAD is detached: a commit here would belong to no branch', {
      hint: 'varve switch -c NAME makes a branch of it',
    })
  }
  const { ref } = head
  if (!options.dryRun) await refuseDuringMerge(repo, 'nothing is committed by itself')
  const seen = new Seen(repo, change)
  const removed = new Removed(repo)
  for (;;) {
    const { refs, number: since } = await repo.refs.state()
    const tip = refs.get(ref)
    const before = await treeOf(repo.objects, tip)
    await seen.check(before)
    const batch = await repo.objects.begin(signalOf(options.signal))
    let made: Applied<R> & { readonly commit: Id }
    try {
      const { tree, result } = await change.run(batch, before)
      if (options.dryRun || (tree === before && tip !== undefined)) {
        return { result, changed: tree !== before }
      }
      const parents = tip === undefined ? [] : [tip]
      const message = details.message(result)
      const commit = await writeCommit(batch, {
        tree,
        parents,
        author: details.author,
        committer: await clampCommitter(repo.objects, parents, details),
        message,
      } satisfies Commit)
      const pack = await batch.publish()
      await options.ready?.(tree, result, before)
      const entry = {
        updates: [{ name: ref, old: tip, new: commit }],
        who: details.committer,
        message: `commit: ${message.split('\n', 1)[0]}`,
        packs: await packsToPublish(repo, { kind: 'commit', id: commit }, pack ? [pack] : []),
        since,
      }
      if (!(await wins(repo, entry))) continue
      made = { result, changed: true, commit }
    } catch (error) {
      // What gc has removed since this began is stored again.
      await removed.check(error, since)
      continue
    } finally {
      await batch.discard()
    }
    if (hasIndex(repo)) {
      await followUp(() => followInIndex(repo, change, tip, before, made.commit))
    }
    await mergeDuePacks(repo, details.committer)
    return made
  }
}

/** Appends to the ref log; false where the race was lost. */
async function wins(
  repo: Repository,
  entry: Parameters<Repository['refs']['append']>[0],
): Promise<boolean> {
  try {
    await repo.refs.append(entry)
    return true
  } catch (error) {
    if (hasCode(error, 'conflict')) return false
    throw error
  }
}

/** What it is called when a change cannot be made on what is pending in the index. */
const notMade = [
  'series-not-found',
  'column-not-found',
  'schema-mismatch',
  'bad-input',
  'already-exists',
  'refused',
] as const

/**
 * Makes the change that was just committed on `tip` in the index too, where something else is
 * pending there. Where nothing is, the index follows HEAD by itself. Where it cannot be made, the
 * index stays behind: reading it says what is in the way.
 */
async function followInIndex<R>(
  repo: Repository,
  change: Change<R>,
  tip: Id | undefined,
  before: Id,
  commit: Id,
): Promise<void> {
  for (;;) {
    const { version, state } = await readStoredIndex(repo)
    if (state === undefined || state.base !== tip || state.tree === before) return
    const batch = await repo.objects.begin()
    try {
      const { tree } = await change.run(batch, state.tree)
      const pack = await batch.publish()
      const packs = pack === undefined ? state.packs : [...state.packs, pack]
      if (await publishIndex(repo, version, { ...state, tree, base: commit, packs })) return
    } catch (error) {
      if (notMade.some((code) => hasCode(error, code))) return
      throw error
    } finally {
      await batch.discard()
    }
  }
}

/** Remembers the tree that the change ran on last, and refuses to run on one that it meets. */
class Seen<R> {
  readonly #repo: Repository
  readonly #change: Change<R>
  #tree: Id | undefined

  constructor(repo: Repository, change: Change<R>) {
    this.#repo = repo
    this.#change = change
  }

  async check(tree: Id): Promise<void> {
    const before = this.#tree
    this.#tree = tree
    if (before === undefined || before === tree) return
    const series = await this.#change.meets(this.#repo.objects, before, tree)
    if (series === undefined) return
    throw new VarveError('conflict', `${series} was changed by someone else at the same moment`, {
      data: { series },
      hint: 'look at what came in (varve log -n 1 --stat), then run the command again',
    })
  }
}

/** Remembers whether objects went while a change was made. */
class Removed {
  readonly #repo: Repository
  #hasBeen = false

  constructor(repo: Repository) {
    this.#repo = repo
  }

  /**
   * Throws an error again, unless it tells of an object that may have gone with packs that were retired since an entry
   * of the log: made again, the change stores it. `conflict` where it did not: rows that were read once.
   */
  async check(error: unknown, since: number): Promise<void> {
    if (!hasCode(error, 'object-not-found')) throw error
    if ((await this.#repo.refs.state()).retiredAt > since) {
      this.#hasBeen = true
      return
    }
    if (!this.#hasBeen) throw error
    throw new VarveError(
      'conflict',
      `object ${error.data.id} was removed by gc at the same moment`,
      {
        data: { object: error.data.id },
        hint: 'run the command again',
        cause: error,
      },
    )
  }
}

/** For a change of whole series: the first of `paths` that differs between two trees. */
export async function firstChangedPath(
  reader: ObjectReader,
  before: Id,
  after: Id,
  paths: ReadonlySet<string>,
): Promise<string | undefined> {
  for await (const { path } of diffTrees(reader, before, after)) {
    if (paths.has(path)) return path
  }
  return undefined
}

function signalOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
