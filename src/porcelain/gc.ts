import type { Signature } from '../core/commit.ts'
import { removeRetired } from '../plumbing/merge-packs.ts'
import { repackAll } from '../plumbing/repack.ts'
import type { Repository } from '../plumbing/repository.ts'

export interface GcOptions {
  /** Who and when, for the ref log. */
  readonly who: Signature
  /** Milliseconds since 1970. */
  readonly now: number
  /** Say what there is, and change nothing. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onObjects?: ((written: number, total: number) => void) | undefined
}

/** What a repository takes. */
export interface GcState {
  /** Packs that the ref log names. */
  readonly packs: number
  /** Packs that it does not name: staged, or left behind. */
  readonly otherPacks: number
  /** Of all packs, published or not. */
  readonly packBytes: number
  /** Of the ref log, with its checkpoints and archives. */
  readonly logBytes: number
}

export interface GcResult {
  readonly before: GcState
  /** Absent in a dry run. */
  readonly after?: GcState
  /** In the one pack; absent in a dry run. */
  readonly objects?: number
  /** Files removed that commands had left behind when they were stopped. */
  readonly removed?: number
}

const DAY = 86_400_000

/**
 * Stores a repository as densely as it can be: all published objects in one pack, newest versions whole, older
 * ones as differences to them; the ref log as a checkpoint and archives. Removes what commands left behind that were
 * stopped a day ago or more. Nothing that anybody can reach goes, nor anything else that was published, and others
 * may read and write meanwhile.
 */
export async function gc(repo: Repository, options: GcOptions): Promise<GcResult> {
  await repo.objects.refresh()
  const before = await stateOf(repo)
  if (options.dryRun) return { before }
  const left = await removeRetired(repo)
  const { objects } = await repackAll(repo, options)
  await repo.refs.archive()
  const swept = await repo.storage.sweep(options.now - DAY)
  return { before, after: await stateOf(repo), objects, removed: left.length + swept }
}

async function stateOf(repo: Repository): Promise<GcState> {
  const { packs } = await repo.refs.state()
  const known = await repo.objects.knownPacks()
  const published = known.filter(({ name }) => packs.has(name)).length
  const packBytes = known.reduce((sum, { size }) => sum + size, 0)
  let logBytes = 0
  for (const folder of ['log/', 'checkpoints/', 'archive/']) {
    for (const { size } of await repo.storage.list(folder)) logBytes += size
  }
  return { packs: published, otherPacks: known.length - published, packBytes, logBytes }
}
