import { VarveError } from '../core/errors.ts'
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

/** How often counting begins again because packs were put together meanwhile. */
const ATTEMPTS = 10

/**
 * How many objects the repository holds, and what they take, counted on packs that all stayed where they are
 * meanwhile: else it begins again. `conflict` where others leave no time for that.
 */
export async function countObjects(
  repo: Repository,
  options: CountObjectsOptions = {},
): Promise<CountObjectsResult> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const packs = await repo.objects.packNames()
    try {
      const result = await countOnce(repo, options)
      if (await areThere(repo, packs)) return result
    } catch (error) {
      if (!(error instanceof VarveError) || (await areThere(repo, packs))) throw error
    }
  }
  throw new VarveError(
    'conflict',
    'others put packs together all the time: nothing can be counted',
    {
      hint: 'run the same command again',
    },
  )
}

async function countOnce(
  repo: Repository,
  options: CountObjectsOptions,
): Promise<CountObjectsResult> {
  const packs = await repo.objects.packs()
  const { packs: named } = await repo.refs.state()
  let published = NONE
  let staged = NONE
  for (const { name, objects, size } of packs) {
    if (named.has(name)) published = addPack(published, objects, size)
    else staged = addPack(staged, objects, size)
  }
  if (options.kinds !== true) return { published, staged }
  return { published, staged, kinds: await countKinds(repo) }
}

async function areThere(repo: Repository, packs: readonly string[]): Promise<boolean> {
  const now = new Set(await repo.objects.packNames())
  return packs.every((name) => now.has(name))
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
