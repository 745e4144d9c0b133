import type { Signature } from '../core/commit.ts'
import { hasCode } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { walkReferences } from '../core/references.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { newMark, writePack } from '../storage/merge-packs.ts'
import { openObjectStore } from '../storage/object-store.ts'
import { neededPacks } from './collect-packs.ts'
import { privateRoots, storedIndex } from './reachable.ts'
import type { Repository } from './repository.ts'

/** zstd level. */
const LEVEL = 1

export interface PrunePacksOptions {
  readonly who: Signature
  /** Milliseconds since 1970: packs that were written before it go. */
  readonly before: number
  readonly dryRun?: boolean | undefined
}

export interface PrunedPack {
  readonly name: string
  /** Bytes of the file. */
  readonly size: number
}

/**
 * Removes packs that the ref log does not name, that nothing staged needs, and that are older than a time: what `gc`
 * found unreachable, and what commands left behind that failed or lost a race.
 *
 * The log says first that they count no more, so that who found something in one of them cannot name it any more.
 */
export async function prunePacks(
  repo: Repository,
  options: PrunePacksOptions,
): Promise<PrunedPack[]> {
  const { who, before, dryRun = false } = options
  for (;;) {
    await repo.objects.refresh()
    const { number } = await repo.refs.state()
    const old = (await stagedPacks(repo)).filter(({ modified }) => modified < before)
    const needed = old.length === 0 ? new Set() : await neededByIndex(repo)
    const found = old.filter(({ name }) => !needed.has(name))
    const pruned = found.map(({ name, size }) => ({ name, size }))
    if (dryRun || pruned.length === 0) return pruned
    const names = pruned.map(({ name }) => name)
    const message = `prune: ${names.length} packs`
    try {
      const entry = { updates: [], who, message, packs: [], retiredPacks: names }
      await repo.refs.append(entry, { after: number })
    } catch (error) {
      if (hasCode(error, 'conflict')) continue
      throw error
    }
    await rescue(repo)
    await repo.objects.removePacks(names)
    return pruned
  }
}

/** Packs that the ref log does not name; not those that it names as retired. */
export async function stagedPacks(
  repo: Repository,
): Promise<{ readonly name: string; readonly size: number; readonly modified: number }[]> {
  const found = await repo.storage.list('packs/')
  // The log after the folder: what is published meanwhile is not taken for staged.
  const { packs, retired } = await repo.refs.state()
  return found.flatMap(({ name: file, size, modified }) => {
    const name = /^packs\/([0-9a-f]{64})\.pack$/.exec(file)?.[1]
    const isStaged = name !== undefined && !packs.has(name) && !retired.has(name)
    return isStaged ? [{ name, size, modified }] : []
  })
}

/** The packs not in the log that the index needs. What is missing already keeps nothing. */
async function neededByIndex(repo: Repository): Promise<Set<string>> {
  const needed = new Set((await storedIndex(repo))?.packs)
  const state = await repo.refs.state()
  for (const root of await privateRoots(repo)) {
    try {
      for (const name of await neededPacks(repo.objects, state, [root])) needed.add(name)
    } catch (error) {
      if (!hasCode(error, 'object-not-found')) throw error
    }
  }
  return needed
}

/**
 * Stores again what the index needs and only packs that are about to be removed hold: somebody may have staged it
 * after the index was looked at, and before the log said that those packs count no more.
 */
async function rescue(repo: Repository): Promise<void> {
  const roots = await privateRoots(repo)
  if (roots.length === 0) return
  const state = await repo.refs.state()
  // It looks at all files, whatever the log says of them.
  const all = openObjectStore(repo.storage)
  const lost = new Map<Id, number>()
  const seen = new Set<Id>()
  for (const root of roots) {
    await walkReferences(all, root, async ({ id }) => {
      if (seen.has(id) || id === EMPTY_TREE) return false
      seen.add(id)
      const pack = await repo.objects.packOf(id, state)
      if (pack === undefined) lost.set(id, lost.size)
      return pack === undefined || !state.packs.has(pack)
    })
  }
  if (lost.size === 0) return
  const mark = newMark()
  await writePack(repo.objects, new Map([...lost, [mark.id, lost.size]]), async (writer) => {
    for (const id of lost.keys()) {
      const { kind, bytes } = await all.readVerified(id)
      await writer.add(id, kind, bytes, LEVEL)
    }
    await writer.add(mark.id, 'blob', mark.bytes, LEVEL)
  })
}
