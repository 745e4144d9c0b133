import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { LogState } from '../storage/log-state.ts'
import { beginFrames, bitmapFrame, foundFrame, tokenFrame } from './answers.ts'
import type { Service } from './carrier.ts'
import { commitIfHere, follows, missingCommits, peelToCommit } from './commit-graph.ts'
import {
  badPeer,
  disconnected,
  END_FRAME,
  encodeError,
  type Frame,
  FrameReader,
  frameKinds,
} from './frames.ts'
import { listingOf } from './listing.ts'
import { MOST_PLACES } from './message-parts.ts'
import { planObjects } from './missing-objects.ts'
import {
  decodeListRequest,
  type FetchMessage,
  readCommonRequest,
  readFetchRequest,
  readStagedRequest,
} from './requests.ts'
import { ObjectSender } from './send-objects.ts'
import { objectFrames } from './send-stream.ts'
import { takePush } from './serve-push.ts'
import type { ServedRepository } from './served-repository.ts'
import { resumable, stagedParts } from './transfer-mark.ts'

export interface ServeOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * One exchange on the serving side: the answer to a request, made as it is read. What is wrong with the request, or goes
 * wrong here, is an answer too; only a connection that ends is thrown.
 */
export async function* serveExchange(
  place: ServedRepository,
  service: Service,
  request: AsyncIterable<Uint8Array>,
  options: ServeOptions = {},
): AsyncGenerator<Uint8Array> {
  const frames = new FrameReader(request)
  try {
    const first = await frames.next()
    if (first === undefined) throw disconnected()
    yield* answer(place, service, first, frames, options)
  } finally {
    await frames.close()
  }
}

/**
 * Exchanges one after another, until the asker has no more: the answers to requests on one stream. After an answer that is
 * an error no more are taken, as what is left of the request was not read.
 */
export async function* serveExchanges(
  place: ServedRepository,
  service: Service,
  requests: AsyncIterable<Uint8Array>,
  options: ServeOptions = {},
): AsyncGenerator<Uint8Array> {
  const frames = new FrameReader(requests)
  try {
    for (;;) {
      const first = await frames.next()
      if (first === undefined) return
      let isOver = false
      for await (const piece of answer(place, service, first, frames, options)) {
        yield piece
        isOver ||= piece[0] === frameKinds.error
      }
      if (isOver) return
    }
  } finally {
    await frames.close()
  }
}

/** The answer to whatever was asked of what cannot be served. */
export function refuseExchange(error: VarveError): Uint8Array[] {
  return [encodeError(error), END_FRAME]
}

async function* answer(
  place: ServedRepository,
  service: Service,
  first: Frame,
  frames: FrameReader,
  options: ServeOptions,
): AsyncGenerator<Uint8Array> {
  try {
    yield* answerTo(place, service, first, frames, options)
  } catch (error) {
    if (!(error instanceof VarveError) || hasCode(error, 'disconnected')) throw error
    yield* refuseExchange(error)
  }
}

function answerTo(
  place: ServedRepository,
  service: Service,
  first: Frame,
  frames: FrameReader,
  options: ServeOptions,
): AsyncIterable<Uint8Array> {
  switch (first.kind) {
    case frameKinds.list:
      return list(place, first.bytes, frames)
    case frameKinds.common:
      return common(place, first.bytes, frames)
    case frameKinds.fetch:
      if (service !== 'upload-pack') break
      return send(place, first.bytes, frames, options)
    case frameKinds.push:
      if (service !== 'receive-pack') break
      return takePush(place, first.bytes, frames, options)
    case frameKinds.staged:
      if (service !== 'receive-pack') break
      return staged(place, first.bytes, frames)
  }
  throw badPeer(`a request of kind ${first.kind} to ${service}`)
}

async function* list(
  { repo }: ServedRepository,
  bytes: Uint8Array,
  frames: FrameReader,
): AsyncGenerator<Uint8Array> {
  const known = decodeListRequest(bytes)
  await frames.expectKind(frameKinds.end)
  const listing = await listingOf(repo.objects, await repo.refs.state())
  if (known !== listing.token) yield* listing.frames
  yield tokenFrame(listing.token)
  yield END_FRAME
}

async function* common(
  { repo }: ServedRepository,
  bytes: Uint8Array,
  frames: FrameReader,
): AsyncGenerator<Uint8Array> {
  const haves = await readCommonRequest(bytes, frames)
  const held = await whichAreHere(repo, await repo.refs.state(), haves)
  yield bitmapFrame(held)
  yield END_FRAME
}

async function* staged(
  { repo }: ServedRepository,
  bytes: Uint8Array,
  frames: FrameReader,
): AsyncGenerator<Uint8Array> {
  await readStagedRequest(bytes, frames)
  const parts = await stagedParts(repo, await repo.refs.state())
  yield foundFrame(resumable(parts, MOST_PLACES))
  yield END_FRAME
}

async function* send(
  { repo }: ServedRepository,
  bytes: Uint8Array,
  frames: FrameReader,
  { signal }: ServeOptions,
): AsyncGenerator<Uint8Array> {
  const { objects } = repo
  const message = await readFetchRequest(bytes, frames)
  const state = await repo.refs.state()
  await checkWants(repo, state, message.wants)
  const here = await whichAreHere(repo, state, message.haves)
  const held = message.haves.filter((_, i) => here[i])
  const theirShallow = new Set(message.shallow)
  const { wants, depth } = message
  const options = { wants, held, shallow: state.shallow, theirShallow, depth }
  if (!message.done && (await mayHaveMore(repo, message, options))) {
    yield bitmapFrame(here)
    yield END_FRAME
    return
  }
  const plan = await planObjects(objects, options)
  const sender = await ObjectSender.begin(objects, plan, { staged: message.staged, signal })
  const { shallow, unshallow } = plan
  yield* beginFrames({ shallow, unshallow, total: plan.objects.length, from: sender.from })
  yield* objectFrames(sender)
}

/** Whether the asker may have more of what is missing than it has said so far: some line of it meets nothing. */
async function mayHaveMore(
  { objects }: ServedRepository['repo'],
  { depth }: FetchMessage,
  options: Parameters<typeof missingCommits>[1],
): Promise<boolean> {
  if (depth !== undefined) return false
  const wants: Id[] = []
  for (const id of options.wants) {
    const commit = await peelToCommit(objects, id)
    if (commit !== undefined) wants.push(commit)
  }
  const { commits } = await missingCommits(objects, { ...options, wants })
  return commits.some(({ id, commit }) => commit.parents.length === 0 || options.shallow.has(id))
}

/** Which commits are in packs that count: then so is what they lead to. */
async function whichAreHere(
  { objects }: ServedRepository['repo'],
  state: LogState,
  ids: readonly Id[],
): Promise<boolean[]> {
  const here: boolean[] = []
  for (const id of ids) {
    const pack = await objects.packOf(id, state)
    const counts = pack !== undefined && state.packs.has(pack)
    here.push(counts && (await commitIfHere(objects, id)) !== undefined)
  }
  return here
}

/** `refused` for what no ref leads to: it may have been taken back on purpose. */
async function checkWants(
  { objects }: ServedRepository['repo'],
  state: LogState,
  wants: readonly Id[],
): Promise<void> {
  if (wants.length === 0) throw badPeer('nothing is wanted')
  const shown = new Set<Id>()
  for (const [name, id] of state.refs) if (!name.startsWith('refs/remotes/')) shown.add(id)
  const others = wants.filter((id) => !shown.has(id))
  if (others.length === 0) return
  const tips: Id[] = []
  for (const id of shown) {
    const commit = await peelToCommit(objects, id)
    if (commit !== undefined) tips.push(commit)
  }
  for (const want of others) {
    if ((await commitIfHere(objects, want)) !== undefined) {
      if (tips.includes(want)) continue
      if (await anyFollows(objects, tips, want, state.shallow)) continue
    }
    throw new VarveError('refused', `no ref here leads to ${want}`, {
      data: { id: want },
      hint: 'the ref may have moved since it was listed: fetch again',
    })
  }
}

async function anyFollows(
  objects: ServedRepository['repo']['objects'],
  tips: readonly Id[],
  ancestor: Id,
  shallow: ReadonlySet<Id>,
): Promise<boolean> {
  for (const tip of tips) if (await follows(objects, tip, ancestor, shallow)) return true
  return false
}
