import type { Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type MergedPack, mergePacks } from '../storage/merge-packs.ts'
import { removeRetired } from './remove-retired.ts'
import type { Repository } from './repository.ts'

/** Packs whose sizes differ by less than this factor are of one class. */
const CLASS_FACTOR = 16
/** A class may have so many packs. */
const CLASS_LIMIT = 32
/**
 * Bytes of packs that a command merges at most: some milliseconds for packs of single commits, about a
 * hundred for those that a thousand commits have left. More waits for `gc`.
 */
const MERGE_BYTES = 1024 * 1024

export interface PackReplacement {
  readonly retired: readonly string[]
  /** Holds all that they do, durably. */
  readonly merged: MergedPack
  readonly who: Signature
  /** Of the entry in the ref log. */
  readonly message: string
}

/**
 * Lets one pack count instead of others, then removes those. Returns whether it did: not where somebody
 * else replaced them first.
 */
export async function replacePacks(repo: Repository, given: PackReplacement): Promise<boolean> {
  const { merged, who, message } = given
  const names = given.retired.filter((name) => name !== merged.name)
  if (names.length === 0) return false
  for (;;) {
    const { number, packs, retired } = await repo.refs.state()
    const retiredPacks = names.filter((name) => packs.has(name))
    const isLate = retiredPacks.length < names.length || retired.has(merged.name)
    // Who was first may have merged just the same.
    if (isLate && (packs.has(merged.name) || retired.has(merged.name))) return false
    try {
      if (isLate) {
        // Somebody may have found something in it: nobody may name it before its file goes.
        const unused = { updates: [], who, message, packs: [], retiredPacks: [merged.name] }
        await repo.refs.append(unused, { after: number })
      } else {
        await repo.refs.append({ updates: [], who, message, packs: [merged.name], retiredPacks })
      }
    } catch (error) {
      if (hasCode(error, 'conflict')) continue
      throw error
    }
    await repo.objects.removePacks(isLate ? [merged.name] : retiredPacks)
    return !isLate
  }
}

/** Puts packs that count together into one, as they are stored. Returns whether somebody else did not do so first. */
export async function mergeInto(
  repo: Repository,
  names: readonly string[],
  log: { readonly who: Signature; readonly message: string },
): Promise<boolean> {
  const merged = await mergePacks(repo.objects, names)
  return replacePacks(repo, { ...log, retired: names, merged })
}

/**
 * Merges packs of about one size where there have come to be many of them, so that a repository of
 * many commits is opened fast: what a command does once its own work is acknowledged. It takes some
 * milliseconds, once in a thousand commits a hundred, and that it fails is no failure of the command.
 */
export async function mergeDuePacks(repo: Repository, who: Signature): Promise<void> {
  try {
    const due = await duePacks(repo)
    if (due.length === 0) return
    await removeRetired(repo)
    await mergeInto(repo, due, { who, message: `merge of ${due.length} packs` })
  } catch (error) {
    // Whatever is in the way (a full disk, damage, somebody who merges too) is met by the next or by gc.
    if (!(error instanceof VarveError)) throw error
  }
}

/** The packs of the smallest class that has too many, as far as merging them is soon done. */
async function duePacks(repo: Repository): Promise<string[]> {
  const { packs: published } = await repo.refs.state()
  if (published.size <= CLASS_LIMIT) return []
  const classes = new Map<number, { name: string; size: number }[]>()
  for (const pack of await repo.objects.knownPacks()) {
    if (!published.has(pack.name)) continue
    const number = Math.floor(Math.log(pack.size) / Math.log(CLASS_FACTOR))
    const others = classes.get(number)
    if (others === undefined) classes.set(number, [pack])
    else others.push(pack)
  }
  for (const [, packs] of [...classes].sort(([a], [b]) => a - b)) {
    if (packs.length <= CLASS_LIMIT) continue
    let bytes = 0
    const small = packs
      .sort((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1))
      .filter(({ size }) => {
        bytes += size
        return bytes <= MERGE_BYTES
      })
    if (small.length > CLASS_LIMIT / 2) return small.map(({ name }) => name)
  }
  return []
}
