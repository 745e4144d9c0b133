import type { Signature } from '../core/commit.ts'
import { hasCode } from '../core/errors.ts'
import { neededPacks } from './collect-packs.ts'
import { privateRoots } from './reachable.ts'
import { removeRetired } from './remove-retired.ts'
import type { Repository } from './repository.ts'

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
    await removeRetired(repo)
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

/**
 * The packs not in the log that the index needs, and those with what anything in them is made of: a commit names
 * packs whole, and `gc` reads all that they hold. What is missing already keeps nothing.
 */
async function neededByIndex(repo: Repository): Promise<Set<string>> {
  const needed = new Set<string>()
  const state = await repo.refs.state()
  for (const root of await privateRoots(repo)) {
    try {
      for (const name of await neededPacks(repo.objects, state, [root])) needed.add(name)
    } catch (error) {
      if (!hasCode(error, 'object-not-found')) throw error
    }
  }
  // What is added meanwhile has its turn, too.
  for (const name of needed) {
    const pack = await repo.objects.openPack(name)
    if (pack === undefined) continue
    for await (const id of pack.ids()) {
      const base = await pack.baseOf(id)
      if (base === undefined || (await pack.has(base))) continue
      const other = await repo.objects.packOf(base, state)
      if (other !== undefined && !state.packs.has(other)) needed.add(other)
    }
  }
  return needed
}
