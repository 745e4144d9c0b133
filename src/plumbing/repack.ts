import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { MergedPack } from '../storage/merge-packs.ts'
import { type RepackOptions, repack } from '../storage/repack.ts'
import { replacePacks } from './merge-packs.ts'
import { newestFirst } from './newest-first.ts'
import type { Repository } from './repository.ts'

export interface RepackAllOptions extends RepackOptions {
  readonly who: Signature
}

export interface RepackAllResult {
  readonly objects: number
  /** Whether one pack counts now instead of those before; not where they were just that already. */
  readonly changed: boolean
}

/**
 * Stores every object of the packs that count in one pack: the newest versions whole, older ones as
 * differences to them. All objects are kept. Packs that others publish meanwhile, or put together, stay
 * beside it.
 */
export async function repackAll(
  repo: Repository,
  options: RepackAllOptions,
): Promise<RepackAllResult> {
  let order: ReadonlySet<Id> | undefined
  for (;;) {
    await repo.objects.refresh()
    const names = [...(await repo.refs.state()).packs].sort()
    if (names.length === 0) return { objects: 0, changed: false }
    order ??= await newestFirst(repo, options.signal)
    const merged = await repackIfThere(repo, names, order, options)
    if (merged === undefined) continue
    const message = `gc: ${names.length} packs into one`
    const given = { retired: names, merged, who: options.who, message, some: true }
    return { objects: merged.objects, changed: await replacePacks(repo, given) }
  }
}

/** As {@link repack}; undefined where others put some of the packs together meanwhile. */
async function repackIfThere(
  repo: Repository,
  names: readonly string[],
  order: Iterable<Id>,
  options: RepackOptions,
): Promise<MergedPack | undefined> {
  try {
    return await repack(repo.objects, names, order, options)
  } catch (error) {
    if (!(error instanceof VarveError) || hasCode(error, 'interrupted')) throw error
    const { packs } = await repo.refs.state()
    if (names.every((name) => packs.has(name))) throw error
    return undefined
  }
}
