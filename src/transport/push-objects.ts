import { randomUUID } from 'node:crypto'
import { readCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { LogState } from '../storage/log-state.ts'
import { readBitmap, readFound, readOutcomes } from './answers.ts'
import type { Carrier } from './carrier.ts'
import { offers, peelToCommit } from './commit-graph.ts'
import { frameKinds } from './frames.ts'
import { type Plan, planObjects } from './missing-objects.ts'
import type { StreamPlace } from './object-stream.ts'
import { openExchange } from './open-exchange.ts'
import type { LocalRepository, PushRequest, PushResult, RemoteRefs } from './remote-session.ts'
import { encodeCommonRequest, encodePushRequest, encodeStagedRequest } from './requests.ts'
import { ObjectSender } from './send-objects.ts'
import { objectFrames } from './send-stream.ts'

/** More than this is not sent before it is asked what of it is there already. */
const AT_ONCE_BYTES = 256 * 1024
/** Commits that the other side is asked about where it has some that are not here. */
const OFFERS = 64
/** How often a push whose answer was lost is asked about again. */
const ATTEMPTS = 3

/** Pushes; see `RemoteSession.push`. */
export async function pushObjects(
  repo: LocalRepository,
  carrier: Carrier,
  remote: RemoteRefs,
  request: PushRequest,
): Promise<PushResult> {
  const pushing = new Pushing(repo, carrier, { ...request, uuid: request.uuid ?? randomUUID() })
  const plan = await pushing.plan(remote)
  for (let attempt = 1; ; attempt++) {
    try {
      return await pushing.send(plan)
    } catch (error) {
      // The refs may have moved: asked again by the same UUID, the other side knows.
      const isUnclear = hasCode(error, 'disconnected') && pushing.isSent
      if (!isUnclear || attempt === ATTEMPTS) throw error
    }
  }
}

class Pushing {
  readonly #repo: LocalRepository
  readonly #carrier: Carrier
  readonly #request: PushRequest & { readonly uuid: string }
  #bytes = 0
  /** Whether a request was sent to its end. */
  isSent = false

  constructor(
    repo: LocalRepository,
    carrier: Carrier,
    request: PushRequest & { readonly uuid: string },
  ) {
    this.#repo = repo
    this.#carrier = carrier
    this.#request = request
  }

  /** What the other side lacks of the new values; undefined where there are none. */
  async plan(remote: RemoteRefs): Promise<Plan | undefined> {
    const { objects, refs } = this.#repo
    const { updates, onProgress } = this.#request
    const wants = updates.flatMap((update) => (update.new === undefined ? [] : [update.new]))
    if (wants.length === 0) return undefined
    onProgress?.({ phase: 'find', objects: 0, bytes: 0 })
    const state = await refs.state()
    const theirShallow = new Set(remote.shallow)
    const held = await this.#held(state, remote, wants)
    const { shallow } = state
    const onObjects = (count: number): void =>
      onProgress?.({ phase: 'find', objects: count, bytes: 0 })
    const plan = await planObjects(objects, { wants, held, shallow, theirShallow, onObjects })
    await this.#refuseCut([...shallow].filter((id) => plan.has(id) && !theirShallow.has(id)))
    return plan
  }

  /** Commits whose parents are left out here go only where those are. */
  async #refuseCut(cut: readonly Id[]): Promise<void> {
    if (cut.length === 0) return
    const parents = new Set<Id>()
    for (const id of cut.slice(0, OFFERS)) {
      for (const parent of (await readCommit(this.#repo.objects, id)).parents) parents.add(parent)
    }
    const asked = [...parents].slice(0, OFFERS)
    const found = await this.#common(asked)
    if (found.length === asked.length) return
    const { location } = this.#carrier
    throw new VarveError(
      'refused',
      `history here is cut off before ${cut[0]!.slice(0, 7)}, and ${location} does not have what came before`,
      {
        data: { url: location, shallow: cut },
        hint:
          '`varve fetch --unshallow` brings what was cut off, from where this was cloned from; where it was cut off for ' +
          'good (varve trim), `varve clone --bare` makes another repository of what there is',
      },
    )
  }

  /** Commits that both sides have. */
  async #held(state: LogState, remote: RemoteRefs, wants: readonly Id[]): Promise<Id[]> {
    const { objects } = this.#repo
    const held: Id[] = []
    let isAllKnown = true
    for (const { id } of remote.refs) {
      const commit = (await this.#counts(state, id)) ? await peelToCommit(objects, id) : undefined
      if (commit === undefined) isAllKnown = false
      else held.push(commit)
    }
    if (isAllKnown) return held
    const tips: Id[] = []
    for (const want of wants) {
      const commit = await peelToCommit(objects, want)
      if (commit !== undefined) tips.push(commit)
    }
    const offered: Id[] = []
    for await (const id of offers(objects, tips, state.shallow)) {
      if (offered.push(id) === OFFERS) break
    }
    held.push(...(await this.#common(offered)))
    return held
  }

  /** Those of some commits that the other side has. */
  async #common(offered: readonly Id[]): Promise<Id[]> {
    const exchange = openExchange(this.#carrier, 'receive-pack', encodeCommonRequest(offered), {
      signal: this.#request.signal,
    })
    try {
      const found = readBitmap(await exchange.frames.expectKind(frameKinds.bitmap), offered)
      await exchange.frames.expectKind(frameKinds.end)
      return found
    } finally {
      await exchange.close()
      this.#bytes += exchange.bytes
    }
  }

  async #counts(state: LogState, id: Id): Promise<boolean> {
    const pack = await this.#repo.objects.packOf(id, state)
    return pack !== undefined && state.packs.has(pack)
  }

  async send(plan: Plan | undefined): Promise<PushResult> {
    const { updates, uuid, atomic = false, message = 'push', signal } = this.#request
    const objects = plan === undefined || plan.objects.length === 0 ? undefined : plan
    const stream = objects && (await this.#stream(objects))
    const from = stream?.from
    const begin = encodePushRequest({ uuid, atomic, message, updates, from })
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield* begin
      if (stream !== undefined) yield* stream.frames
    }
    const exchange = openExchange(this.#carrier, 'receive-pack', body(), { signal })
    try {
      const outcomes = readOutcomes(await exchange.frames.expectKind(frameKinds.outcomes), updates)
      await exchange.frames.expectKind(frameKinds.end)
      const moved = objects === undefined ? 0 : objects.objects.length
      return { outcomes, objects: moved, bytes: this.#bytes + exchange.bytes }
    } finally {
      this.isSent = exchange.isSent
      await exchange.close()
      this.#bytes += exchange.bytes
    }
  }

  /** Frames of objects, from where the other side is: of a short stream from its beginning, without asking. */
  async #stream(
    plan: Plan,
  ): Promise<{ readonly from: StreamPlace; readonly frames: AsyncIterable<Uint8Array> }> {
    const first: Uint8Array[] = []
    let gathered = 0
    const begun = await this.#frames(plan, [])
    const frames = begun.frames[Symbol.asyncIterator]()
    while (gathered < AT_ONCE_BYTES) {
      const { value, done } = await frames.next()
      if (done) return { from: begun.from, frames: streamOf(first, frames) }
      first.push(value)
      gathered += value.length
    }
    const staged = await this.#staged()
    if (staged.length > 0) {
      const resumed = await this.#frames(plan, staged)
      if (resumed.from.count > 0) {
        await frames.return?.(undefined)
        return resumed
      }
    }
    return { from: begun.from, frames: streamOf(first, frames) }
  }

  async #frames(
    plan: Plan,
    staged: readonly StreamPlace[],
  ): Promise<{ readonly from: StreamPlace; readonly frames: AsyncGenerator<Uint8Array> }> {
    const { onProgress, signal } = this.#request
    const sender = await ObjectSender.begin(this.#repo.objects, plan, { staged, signal })
    const total = plan.objects.length
    const frames = objectFrames(sender, (count, bytes) => {
      const objects = sender.from.count + count
      onProgress?.({ phase: 'move', objects, totalObjects: total, bytes })
    })
    return { from: sender.from, frames }
  }

  /** What of earlier pushes the other side has. */
  async #staged(): Promise<StreamPlace[]> {
    const { signal } = this.#request
    const exchange = openExchange(this.#carrier, 'receive-pack', encodeStagedRequest(), { signal })
    try {
      const found = readFound(await exchange.frames.expectKind(frameKinds.found))
      await exchange.frames.expectKind(frameKinds.end)
      return found
    } finally {
      await exchange.close()
      this.#bytes += exchange.bytes
    }
  }
}

async function* streamOf(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* first
  for (;;) {
    const { value, done } = await rest.next()
    if (done) return
    yield value
  }
}
