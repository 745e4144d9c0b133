import { ArrivedPack } from './arrived-pack.ts'
import { checkArrived } from './check-arrived.ts'
import type { Repository } from './repository.ts'

export interface UnpackObjectsOptions {
  /** For messages: where the bytes come from. */
  readonly location: string
  /** Only verifies. */
  readonly dryRun?: boolean | undefined
  /** The most bytes that are taken; `too-large` for more. */
  readonly maxBytes?: number | undefined
  /** Seconds since 1970: no commit may be dated more than a day later. */
  readonly now: number
  readonly signal?: AbortSignal | undefined
  /** Told how many of the objects were verified or stored. */
  readonly onObjects?: ((count: number, total: number) => void) | undefined
}

export interface UnpackedObjects {
  /** Objects of the pack. */
  readonly objects: number
  /** Those of them that were not here. */
  readonly stored: number
  /** The pack of the repository that they are in; null where nothing is new. */
  readonly pack: string | null
}

/**
 * Stores the objects of a pack that are not here, as one pack, which counts once a ref leads to it. Before that all of the pack
 * is verified: errors as {@link ArrivedPack.open} and {@link checkArrived}, with nothing stored.
 */
export async function unpackObjects(
  repo: Repository,
  bytes: AsyncIterable<Uint8Array>,
  options: UnpackObjectsOptions,
): Promise<UnpackedObjects> {
  const pack = await ArrivedPack.open(bytes, { ...options, repo })
  try {
    await checkArrived(repo, pack, { now: options.now, signal: options.signal })
    return await storeObjects(repo, pack, options)
  } finally {
    await pack.discard()
  }
}

/** Stores what is not here of a pack that was verified. */
export async function storeObjects(
  repo: Repository,
  pack: ArrivedPack,
  { dryRun = false, signal, onObjects }: Omit<UnpackObjectsOptions, 'location' | 'now'>,
): Promise<UnpackedObjects> {
  const batch = await repo.objects.begin(signal === undefined ? {} : { signal })
  try {
    let stored = 0
    let seen = 0
    for await (const { id, kind, bytes, base } of pack.contents()) {
      onObjects?.(++seen, pack.objects)
      if (await batch.has(id)) continue
      stored++
      if (!dryRun) await batch.put(kind, bytes, base === undefined ? {} : { base })
    }
    const name = dryRun ? undefined : await batch.publish()
    return { objects: pack.objects, stored, pack: name ?? null }
  } finally {
    await batch.discard()
  }
}
