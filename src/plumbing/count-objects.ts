import type { ObjectKind } from '../core/id.ts'
import type { Repository } from './repository.ts'

export interface CountObjectsOptions {
  /** Also read every record, for the counts by kind. */
  readonly kinds?: boolean
}

export interface PackCount {
  readonly packs: number
  /** One that lies in two packs counts twice. */
  readonly objects: number
  /** Bytes of the files. */
  readonly size: number
}

export interface KindCount {
  readonly objects: number
  /** Of the canonical bytes. */
  readonly length: number
  /** Bytes in their packs. */
  readonly stored: number
}

export interface CountObjectsResult {
  /** Packs that the ref log names. */
  readonly published: PackCount
  /** Packs that it does not name yet: staged, or left behind. */
  readonly staged: PackCount
  readonly kinds?: ReadonlyMap<ObjectKind, KindCount>
}

const NONE: PackCount = { packs: 0, objects: 0, size: 0 }

/** How many objects the repository holds, and what they take. */
export async function countObjects(
  repo: Repository,
  options: CountObjectsOptions = {},
): Promise<CountObjectsResult> {
  const { packs: named } = await repo.refs.state()
  let published = NONE
  let staged = NONE
  for (const { name, objects, size } of await repo.objects.packs()) {
    if (named.has(name)) published = addPack(published, objects, size)
    else staged = addPack(staged, objects, size)
  }
  if (options.kinds !== true) return { published, staged }
  return { published, staged, kinds: await countKinds(repo) }
}

function addPack(count: PackCount, objects: number, size: number): PackCount {
  return {
    packs: count.packs + 1,
    objects: count.objects + objects,
    size: count.size + size,
  }
}

async function countKinds(repo: Repository): Promise<ReadonlyMap<ObjectKind, KindCount>> {
  const kinds = new Map<ObjectKind, KindCount>()
  for await (const { kind, length, stored } of repo.objects.objects()) {
    const before = kinds.get(kind) ?? { objects: 0, length: 0, stored: 0 }
    kinds.set(kind, {
      objects: before.objects + 1,
      length: before.length + length,
      stored: before.stored + stored,
    })
  }
  return kinds
}
