import type { Id } from '../core/id.ts'
import { openFileSystemStorage } from '../storage/file-system.ts'
import { linkPacks } from '../storage/link-packs.ts'
import { openRefLog } from '../storage/ref-log.ts'

export interface LinkedPacks {
  /** Names of all packs that count there; they are here now, and count once the log names them. */
  readonly packs: readonly string[]
  /** Commits there whose parents are left out. */
  readonly shallow: readonly Id[]
}

/**
 * Shares all packs of another repository's folder with this one, by hard links. Undefined where that cannot be,
 * or where it is not at these refs (any more): then they have to be fetched.
 *
 * @param ids what its refs must be at
 */
export async function linkPacksOf(
  from: string,
  to: string,
  ids: Iterable<Id>,
): Promise<LinkedPacks | undefined> {
  const storage = openFileSystemStorage(from)
  try {
    const { refs, packs, shallow } = await openRefLog(storage).state()
    const there = new Set(refs.values())
    for (const id of ids) if (!there.has(id)) return undefined
    if (!(await linkPacks(from, to, packs))) return undefined
    return { packs: [...packs], shallow: [...shallow] }
  } finally {
    await storage.close()
  }
}
