import { packPath } from '../storage/pack-writer.ts'
import { ArrivedPack, type ArrivedPackOptions } from './arrived-pack.ts'
import { checkArrived } from './check-arrived.ts'
import type { Repository } from './repository.ts'
import { storeObjects } from './unpack-objects.ts'

export interface IndexedPack {
  /** SHA-256 of its bytes, in hex; of a pack that was stored, the name of the repository's own. */
  readonly pack: string
  readonly objects: number
  /** Bytes of what was read. */
  readonly size: number
}

export interface StorePackOptions extends Omit<ArrivedPackOptions, 'repo'> {
  /** Seconds since 1970: no commit may be dated more than a day later. */
  readonly now: number
}

/**
 * Verifies a pack: its index, checksum, encoding and SHA-256 of each object. What an object is made of may be in `repo`.
 * Errors as {@link ArrivedPack.open}.
 */
export async function indexPack(
  bytes: AsyncIterable<Uint8Array>,
  options: ArrivedPackOptions,
): Promise<IndexedPack> {
  const pack = await ArrivedPack.open(bytes, options)
  await pack.discard()
  return { pack: pack.name, objects: pack.objects, size: pack.size }
}

/**
 * Verifies a pack, and all that its objects name, and makes it one of the repository's, which counts once a ref leads to
 * what is in it. One that does not stand by itself, or has the name of one that was put away, is stored anew, without
 * what is here. Errors as {@link ArrivedPack.open} and {@link checkArrived}, with nothing stored.
 */
export async function storePack(
  repo: Repository,
  bytes: AsyncIterable<Uint8Array>,
  options: StorePackOptions,
): Promise<IndexedPack> {
  const pack = await ArrivedPack.open(bytes, { ...options, repo })
  try {
    await checkArrived(repo, pack, options)
    const { retired } = await repo.refs.state()
    const { objects, size } = pack
    if (objects === 0) return { pack: pack.name, objects, size }
    if (pack.standsAlone && !retired.has(pack.name)) {
      await publish(repo, pack)
      return { pack: pack.name, objects, size }
    }
    const { pack: name } = await storeObjects(repo, pack, options)
    return { pack: name ?? pack.name, objects, size }
  } finally {
    await pack.discard()
  }
}

async function publish(repo: Repository, pack: ArrivedPack): Promise<void> {
  const writer = await repo.storage.create()
  try {
    for await (const piece of pack.bytes()) await writer.write(piece)
    // False where the pack is here already: it has the same bytes.
    await writer.publish(packPath(pack.name))
    repo.objects.adopt(pack.name, pack.size)
  } finally {
    await writer.discard()
  }
}
