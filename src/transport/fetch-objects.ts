import { readCommit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import type { LogState } from '../storage/log-state.ts'
import { readBegin, readBitmap } from './answers.ts'
import type { Carrier } from './carrier.ts'
import { offers } from './commit-graph.ts'
import { badPeer, frameKinds } from './frames.ts'
import { MOST_PLACES } from './message-parts.ts'
import { START } from './object-stream.ts'
import { openExchange } from './open-exchange.ts'
import { ObjectReceiver } from './receive-objects.ts'
import { receiveStream } from './receive-stream.ts'
import type { FetchRequest, LocalRepository, Received } from './remote-session.ts'
import { encodeFetchRequest } from './requests.ts'
import { partsUpTo, resumable, type StagedPart, stagedParts } from './transfer-mark.ts'
import { verifyReceived } from './verify-received.ts'

/** Commits offered in the first exchange; four times as many in each that follows. */
const FIRST_OFFERS = 16
const MOST_OFFERS = 2048
/** Commits offered before what is missing is asked for all the same. */
const OFFERS_IN_ALL = 16_384

/** Fetches what is wanted; see `RemoteSession.fetch`. */
export async function fetchObjects(
  repo: LocalRepository,
  carrier: Carrier,
  request: FetchRequest,
): Promise<Received> {
  const state = await repo.refs.state()
  const wants = await missingWants(repo, state, request)
  const nothing = {
    packs: [],
    since: state.number,
    shallow: undefined,
    objects: 0,
    resumed: 0,
    bytes: 0,
  }
  if (wants.length === 0) return nothing
  request.onProgress?.({ phase: 'find', objects: 0, bytes: 0 })
  const parts = await stagedParts(repo, state)
  const fetching = new Fetching(repo, carrier, request, { state, wants, parts })
  const offered = offers(repo.objects, request.haves, state.shallow)
  const haves: Id[] = []
  let common: readonly Id[] = []
  for (let count = FIRST_OFFERS; ; count = Math.min(4 * count, MOST_OFFERS)) {
    const more: Id[] = []
    let done = haves.length >= OFFERS_IN_ALL
    while (!done && more.length < count) {
      const next = await offered.next()
      if (next.done) done = true
      else more.push(next.value)
    }
    haves.push(...more)
    const asked = [...common, ...more]
    const answer = await fetching.ask(asked, done)
    if (!Array.isArray(answer)) return answer
    if (done) throw badPeer('no objects after all was said')
    common = answer
  }
}

/** What is wanted and not here; all of it where another depth is asked for. */
async function missingWants(
  { objects }: LocalRepository,
  state: LogState,
  { wants, depth }: FetchRequest,
): Promise<Id[]> {
  const missing: Id[] = []
  for (const id of new Set(wants)) {
    const pack = await objects.packOf(id, state)
    const counts = pack !== undefined && state.packs.has(pack)
    if (!counts || depth !== undefined) missing.push(id)
  }
  return missing
}

interface Situation {
  readonly state: LogState
  readonly wants: readonly Id[]
  readonly parts: readonly StagedPart[]
}

class Fetching {
  readonly #repo: LocalRepository
  readonly #carrier: Carrier
  readonly #request: FetchRequest
  readonly #situation: Situation
  #bytes = 0

  constructor(
    repo: LocalRepository,
    carrier: Carrier,
    request: FetchRequest,
    situation: Situation,
  ) {
    this.#repo = repo
    this.#carrier = carrier
    this.#request = request
    this.#situation = situation
  }

  /** One exchange: which of `haves` are there too, or what is missing. */
  async ask(haves: readonly Id[], done: boolean): Promise<Id[] | Received> {
    const { state, wants, parts } = this.#situation
    const { depth, signal } = this.#request
    const staged = resumable(parts, MOST_PLACES)
    const shallow = [...state.shallow]
    const message = encodeFetchRequest({ done, depth, wants, haves, shallow, staged })
    const exchange = openExchange(this.#carrier, 'upload-pack', message, { signal })
    try {
      const { kind, bytes } = await exchange.frames.expect()
      if (kind === frameKinds.bitmap) {
        const common = readBitmap(bytes, haves)
        await exchange.frames.expectKind(frameKinds.end)
        return common
      }
      if (kind !== frameKinds.begin) throw badPeer(`a frame of kind ${kind} as an answer`)
      return await this.#receive(bytes, exchange)
    } finally {
      await exchange.close()
      this.#bytes += exchange.bytes
    }
  }

  async #receive(bytes: Uint8Array, exchange: ReturnType<typeof openExchange>): Promise<Received> {
    const { state, wants } = this.#situation
    const { onProgress, signal, now } = this.#request
    const { frames } = exchange
    const { total, from, shallow, unshallow } = await readBegin(bytes, frames)
    const parts = from.count === START.count ? [] : partsUpTo(this.#situation.parts, from)
    if (parts === undefined) throw badPeer('objects from a place that was not asked for')
    const receiver = new ObjectReceiver(this.#repo, state, { parts })
    let moved = 0
    try {
      await receiveStream(frames, receiver, {
        signal,
        onObjects: (count, received) => {
          moved = received
          const objects = from.count + count
          onProgress?.({ phase: 'move', objects, totalObjects: total, bytes: received })
        },
      })
      const removed = unshallow.filter((id) => state.shallow.has(id))
      const added = await this.#checkShallow(receiver, shallow)
      const left = new Set([...state.shallow, ...added])
      for (const id of removed) left.delete(id)
      const tips = [...wants, ...(await parentsOf(receiver, removed))]
      const count = receiver.objects
      const progress = (objects: number): void =>
        onProgress?.({ phase: 'verify', objects, totalObjects: total, bytes: moved })
      await verifyReceived(receiver, { tips, shallow: left, now, signal, onObjects: progress })
      const packs = await receiver.finish()
      const isMoved = added.length + removed.length > 0
      return {
        packs,
        since: state.number,
        shallow: isMoved ? { added, removed } : undefined,
        objects: from.count + count,
        resumed: from.count,
        bytes: this.#bytes + exchange.bytes,
      }
    } finally {
      await receiver.discard()
    }
  }

  /** A boundary is one of what came. What is here already keeps its parents, also where it came once more. */
  async #checkShallow(receiver: ObjectReceiver, shallow: readonly Id[]): Promise<Id[]> {
    const added: Id[] = []
    for (const id of shallow) {
      if (!(await receiver.hasReceived(id))) {
        throw badPeer(`commit ${id} is to lose its parents`, { id })
      }
      if (!(await receiver.isCounted(id))) added.push(id)
    }
    return added
  }
}

async function parentsOf(receiver: ObjectReceiver, commits: readonly Id[]): Promise<Id[]> {
  const parents: Id[] = []
  for (const id of commits) parents.push(...(await readCommit(receiver, id)).parents)
  return parents
}
