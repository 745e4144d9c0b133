import type { Id } from '../core/id.ts'
import { walkReferences } from '../core/references.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { writePack } from '../storage/merge-packs.ts'
import { openObjectStore } from '../storage/object-store.ts'
import { newMark } from '../storage/pack-writer.ts'
import { privateRoots } from './reachable.ts'
import type { Repository } from './repository.ts'

/** zstd level. */
const LEVEL = 1

/**
 * Removes the files of packs that were retired, also by a process that did not come to it. What they held is in
 * packs that count, or nothing needs it; but for what was staged meanwhile, which is stored again first.
 */
export async function removeRetired(repo: Repository): Promise<string[]> {
  const found = await repo.storage.list('packs/')
  const { retired } = await repo.refs.state()
  const left = found.map(({ name }) => name.slice(6, -5)).filter((name) => retired.has(name))
  if (left.length === 0) return []
  await rescue(repo)
  await repo.objects.removePacks(left)
  return left
}

/**
 * Stores again what the index needs and only retired packs hold: somebody may have staged it after `prune` looked at
 * the index, and before the log said that those packs count no more.
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
