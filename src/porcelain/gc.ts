import type { Signature } from '../core/commit.ts'
import { mergeInto } from '../plumbing/merge-packs.ts'
import { type PrunedPack, prunePacks, stagedPacks } from '../plumbing/prune-packs.ts'
import { removeRetired } from '../plumbing/remove-retired.ts'
import { countUnreachable, repackAll } from '../plumbing/repack.ts'
import type { Repository } from '../plumbing/repository.ts'
import { configuredExpiry, parseExpiry } from './expiry.ts'

export interface GcOptions {
  /** Who and when, for the ref log. */
  readonly who: Signature
  /** Milliseconds since 1970. */
  readonly now: number
  /** Say what there is, and change nothing. */
  readonly dryRun?: boolean | undefined
  /** Only where there are many packs, and then only put small ones together. */
  readonly auto?: boolean | undefined
  /** Unreachable objects go where nothing has led to them since then; `gc.pruneExpire` unless told. */
  readonly prune?: string | undefined
  /** What only entries of the ref log before then lead to is unreachable; `gc.reflogExpire` unless told. */
  readonly reflogExpire?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly onObjects?: ((written: number, total: number) => void) | undefined
}

/** What a repository takes. */
export interface GcState {
  /** Packs that the ref log names. */
  readonly packs: number
  /** Packs that it does not name: staged, unreachable or left behind. */
  readonly otherPacks: number
  /** Of all packs, published or not. */
  readonly packBytes: number
  /** Of the ref log, with its checkpoints and archives. */
  readonly logBytes: number
}

export interface GcResult {
  readonly before: GcState
  /** Absent in a dry run, and where `auto` found nothing to do. */
  readonly after?: GcState
  /** In the one pack; absent in a dry run, and where the packs stayed as they were. */
  readonly objects?: number
  /** Objects that nothing led to, and that count no more. */
  readonly unreachable?: number
  /** Packs of unreachable objects, and of commands that failed, that are gone now. */
  readonly pruned: readonly PrunedPack[]
  /** Files removed that commands had left behind when they were stopped. */
  readonly removed?: number
}

export const PRUNE_EXPIRE = '2 weeks'
export const REFLOG_EXPIRE = '90 days'
const AUTO_PACK_LIMIT = 50

const DAY = 86_400_000

/**
 * Stores a repository as densely as it can be: all reachable objects in one pack, newest versions whole, older
 * ones as differences to them; the ref log as a checkpoint and archives. What nothing leads to is set aside in a pack
 * that does not count, and removed once that is older than `prune`. Removes what commands left behind that were
 * stopped a day ago or more. Others may read and write meanwhile.
 *
 * Reachable is what refs, HEAD and the index lead to, and the ref log's entries younger than `gc.reflogExpire`.
 */
export async function gc(repo: Repository, options: GcOptions): Promise<GcResult> {
  const { who, now, dryRun = false, auto = false, signal } = options
  await repo.objects.refresh()
  const before = await stateOf(repo)
  const reflogSince =
    (options.reflogExpire === undefined
      ? configuredExpiry(repo, 'gc.reflogExpire', now, REFLOG_EXPIRE)
      : parseExpiry(options.reflogExpire, now)) / 1000
  const oldest =
    options.prune === undefined
      ? configuredExpiry(repo, 'gc.pruneExpire', now, PRUNE_EXPIRE)
      : parseExpiry(options.prune, now)
  const prune = { who, before: oldest, dryRun }
  if (auto) {
    const due = before.packs > autoLimit(repo) ? await smallPacks(repo) : []
    if (dryRun || due.length < 2) return { before, pruned: [] }
    await mergeInto(repo, due, { who, message: `gc: ${due.length} packs into one` })
    return { before, after: await stateOf(repo), pruned: await prunePacks(repo, prune) }
  }
  if (dryRun) {
    const unreachable = await countUnreachable(repo, { reflogSince, signal })
    return { before, unreachable, pruned: await prunePacks(repo, prune) }
  }
  const left = await removeRetired(repo)
  const isDone =
    options.prune === undefined && reflogSince !== Infinity && (await isFresh(repo, now))
  const packed = isDone ? {} : await repacked(repo, reflogSince, options)
  const pruned = await prunePacks(repo, prune)
  await repo.refs.archive()
  const swept = await repo.storage.sweep(now - DAY)
  return { before, after: await stateOf(repo), ...packed, pruned, removed: left.length + swept }
}

async function repacked(repo: Repository, reflogSince: number, options: GcOptions) {
  const { who, signal, onObjects } = options
  const { objects, unreachable } = await repackAll(repo, { who, reflogSince, signal, onObjects })
  return { objects, unreachable }
}

/** Whether nothing was done since a gc that is no older than a day. */
async function isFresh(repo: Repository, now: number): Promise<boolean> {
  if ((await repo.refs.state()).packs.size !== 1) return false
  for await (const { message, who } of repo.refs.entries({ newestFirst: true })) {
    if (message.startsWith('prune: ')) continue
    return message.startsWith('gc: ') && who.seconds * 1000 > now - DAY
  }
  return false
}

function autoLimit(repo: Repository): number {
  return Number(repo.config.get('gc.autoPackLimit') ?? AUTO_PACK_LIMIT)
}

/** The packs that are small beside the others: each that is kept is larger than twice all smaller ones together. */
async function smallPacks(repo: Repository): Promise<string[]> {
  const { packs } = await repo.refs.state()
  const known = (await repo.objects.knownPacks()).filter(({ name }) => packs.has(name))
  const bySize = [...known].sort((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1))
  let smaller = 0
  let end = 0
  bySize.forEach(({ size }, at) => {
    if (size <= 2 * smaller) end = at + 1
    smaller += size
  })
  return bySize.slice(0, end).map(({ name }) => name)
}

async function stateOf(repo: Repository): Promise<GcState> {
  const { packs } = await repo.refs.state()
  const files = await repo.storage.list('packs/')
  const published = files.filter(({ name }) => packs.has(name.slice(6, -5))).length
  const packBytes = files.reduce((sum, { size }) => sum + size, 0)
  let logBytes = 0
  for (const folder of ['log/', 'checkpoints/', 'archive/']) {
    for (const { size } of await repo.storage.list(folder)) logBytes += size
  }
  return { packs: published, otherPacks: files.length - published, packBytes, logBytes }
}

export interface PruneOptions {
  /** Who and when, for the ref log. */
  readonly who: Signature
  /** Milliseconds since 1970. */
  readonly now: number
  /** What was written before goes; `gc.pruneExpire` unless told. */
  readonly expire?: string | undefined
  readonly dryRun?: boolean | undefined
}

export interface PruneResult {
  /** The packs that are gone, or would be. */
  readonly pruned: readonly PrunedPack[]
  /** Packs that the ref log does not name and that stay: staged, or too young. */
  readonly kept: number
  readonly dryRun: boolean
}

/**
 * Removes packs that the ref log does not name, that nothing staged needs and that are old enough: what `gc` found
 * unreachable, and what commands left that failed, were stopped, or lost a race.
 */
export async function prune(repo: Repository, options: PruneOptions): Promise<PruneResult> {
  const { who, now, expire, dryRun = false } = options
  const before =
    expire === undefined
      ? configuredExpiry(repo, 'gc.pruneExpire', now, PRUNE_EXPIRE)
      : parseExpiry(expire, now)
  const pruned = await prunePacks(repo, { who, before, dryRun })
  const left = (await stagedPacks(repo)).length
  return { pruned, kept: dryRun ? left - pruned.length : left, dryRun }
}
