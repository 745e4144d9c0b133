import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { bytesOfKind } from '../core/objects.ts'
import { readSettings } from '../core/settings.ts'
import { readTreeRoot } from '../core/tree.ts'
import type { LogState } from '../storage/log-state.ts'
import type { ReadObject } from '../storage/read-chain.ts'
import { BAD_PEER } from '../transport/frames.ts'
import { type ReceivedObjects, verifyReceived } from '../transport/verify-received.ts'
import type { ArrivedPack } from './arrived-pack.ts'
import type { Repository } from './repository.ts'

export interface CheckArrivedOptions {
  /** Seconds since 1970: no commit may be dated more than a day later. */
  readonly now: number
  readonly signal?: AbortSignal | undefined
  readonly onObjects?: ((count: number) => void) | undefined
}

/**
 * Looks through all objects of a pack as through those that somebody pushes: each has the one form that it can have, what it
 * names is in the pack or here, and no commit is dated before its parents or ahead. Once the pack counts, nobody looks
 * again. `bad-input` for the first thing that is wrong.
 */
export async function checkArrived(
  repo: Repository,
  pack: ArrivedPack,
  options: CheckArrivedOptions,
): Promise<void> {
  const state = await repo.refs.state()
  const objects = new ObjectsBeside(repo, pack, state)
  const left = (...kinds: readonly ObjectKind[]): Id[] => {
    const ids: Id[] = []
    for (const [id, kind] of pack.kinds) {
      if (kinds.includes(kind) && !objects.wasRead(id)) ids.push(id)
    }
    return ids
  }
  const lookThrough = (tips: readonly Id[]): Promise<void> =>
    verifyReceived(objects, { ...options, tips, shallow: state.shallow })
  try {
    await lookThrough(left('tag', 'commit'))
    // Trees that no commit leads to: a node that is a part of another is looked at as a part.
    for (const id of await highestFirst(pack, left('tree'))) {
      if (!objects.wasRead(id)) await lookThrough([id])
    }
    for (const id of left('series')) await lookThrough([id])
    for (const id of left('settings')) await readSettings(objects, id)
  } catch (error) {
    throw asInput(error, pack.location)
  }
}

async function highestFirst(pack: ArrivedPack, ids: readonly Id[]): Promise<Id[]> {
  const reader = { read: async (id: Id) => (await pack.read(id)).bytes }
  const levels = new Map<Id, number>()
  for (const id of ids) levels.set(id, (await readTreeRoot(reader, id)).level)
  return [...ids].sort((a, b) => levels.get(b)! - levels.get(a)!)
}

/** The objects of a pack and those that are here. What is here and does not count yet was looked through by nobody. */
class ObjectsBeside implements ReceivedObjects {
  readonly #repo: Repository
  readonly #pack: ArrivedPack
  readonly #state: LogState
  readonly #read = new Set<Id>()
  /** Of objects that are not in the pack: whether they count; undefined where they are not here. */
  readonly #counts = new Map<Id, boolean | undefined>()

  constructor(repo: Repository, pack: ArrivedPack, state: LogState) {
    this.#repo = repo
    this.#pack = pack
    this.#state = state
  }

  wasRead(id: Id): boolean {
    return this.#read.has(id)
  }

  async hasReceived(id: Id): Promise<boolean> {
    return this.#pack.has(id) || (await this.#isCounted(id)) === false
  }

  async #isCounted(id: Id): Promise<boolean | undefined> {
    if (this.#counts.has(id)) return this.#counts.get(id)
    const name = await this.#repo.objects.packOf(id, this.#state)
    const counts = name === undefined ? undefined : this.#state.packs.has(name)
    if (this.#counts.size < MOST_REMEMBERED) this.#counts.set(id, counts)
    return counts
  }

  async readAny(id: Id): Promise<ReadObject> {
    if (this.#pack.has(id)) {
      this.#read.add(id)
      return this.#pack.read(id)
    }
    if ((await this.#isCounted(id)) === undefined) {
      throw new VarveError('object-not-found', `object ${id} is neither here nor in the pack`, {
        data: { id },
      })
    }
    return this.#repo.objects.readAny(id)
  }

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    return bytesOfKind(id, await this.readAny(id), kind)
  }

  factsOf(): undefined {
    return undefined
  }
}

/** Answers about what is here, some 150 bytes each. */
const MOST_REMEMBERED = 200_000

/** What is wrong, said of a file instead of another side. */
function asInput(error: unknown, location: string): unknown {
  if (!(error instanceof VarveError)) return error
  const { cause } = error
  const reason = cause instanceof VarveError ? cause : error
  const isTheirs = ['bad-peer', 'corrupt-object', 'object-not-found', 'bad-input']
  if (!isTheirs.includes(error.code)) return error
  const hint =
    reason.code === 'object-not-found'
      ? 'nothing was stored; rev-list --objects lists all that a pack needs, and ^REV leaves out what is here'
      : 'nothing was stored'
  const message = reason.message.replace(BAD_PEER, '')
  return new VarveError('bad-input', `${location}: ${message}`, {
    data: reason.data,
    hint,
    cause: error,
  })
}
