import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { branchRefName, isRefName, tagRefName } from '../core/names.ts'
import type { ObjectReader } from '../core/objects.ts'
import type { LogEntry, RefUpdate } from '../storage/log-entry.ts'
import type { LogState } from '../storage/log-state.ts'
import { checkRefFolders } from '../storage/ref-folders.ts'
import { outcomesFrame } from './answers.ts'
import { follows } from './commit-graph.ts'
import { badPeer, END_FRAME, type FrameReader } from './frames.ts'
import { ObjectReceiver } from './receive-objects.ts'
import { receiveStream, skipStream } from './receive-stream.ts'
import type { LocalRepository, PushOutcome, PushUpdate } from './remote-session.ts'
import { type PushMessage, readPushRequest } from './requests.ts'
import type { ServeOptions } from './serve-exchange.ts'
import type { ServedRepository, ServePolicy } from './served-repository.ts'
import { partsUpTo, type StagedPart, stagedParts } from './transfer-mark.ts'
import { verifyReceived } from './verify-received.ts'

const MAX_BYTES = 16 * 1024 ** 3
const MAX_OBJECTS = 50_000_000
/** Entries of the log looked through for a push whose answer was lost. */
const REMEMBERED = 1024
/** How often a push is tried again that lost a race against others for other refs. */
const RACES = 32

/** Takes a push: objects first, looked through whole, then refs, in one entry of the log. */
export async function* takePush(
  place: ServedRepository,
  bytes: Uint8Array,
  frames: FrameReader,
  options: ServeOptions,
): AsyncGenerator<Uint8Array> {
  const message = await readPushRequest(bytes, frames)
  if (place.policy.readOnly) {
    throw new VarveError('refused', 'this repository is served for reading only')
  }
  checkUpdates(message.updates)
  const done = await doneBefore(place.repo, message)
  if (done !== undefined) {
    if (message.from !== undefined) await skipStream(frames, bytesOf(place.policy))
    yield outcomesFrame(outcomesOf(done, message, await place.repo.refs.state()))
  } else {
    yield outcomesFrame(await take(place, message, frames, options))
  }
  yield END_FRAME
}

function checkUpdates(updates: readonly PushUpdate[]): void {
  const names = new Set<string>()
  if (updates.length === 0) throw badPeer('a push of nothing')
  for (const { ref, old, new: next } of updates) {
    if (names.has(ref)) throw badPeer('a push sets a ref twice', { ref })
    if (old === undefined && next === undefined) throw badPeer('a push sets a ref to nothing')
    names.add(ref)
  }
}

/** The entry of this very push, where it was done before and only its answer was lost. */
async function doneBefore(
  { refs }: LocalRepository,
  message: PushMessage,
): Promise<LogEntry | undefined> {
  const { refs: now } = await refs.state()
  if (message.updates.every(({ ref, old }) => now.get(ref) === old)) return undefined
  let looked = 0
  for await (const entry of refs.entries({ newestFirst: true })) {
    if (entry.uuid === message.uuid) return entry
    if (++looked === REMEMBERED) return undefined
  }
  return undefined
}

/** What became of each update of a push that an entry stands for: what it does not set was refused. */
function outcomesOf(
  { updates: done }: LogEntry,
  { updates }: PushMessage,
  state: LogState,
): PushOutcome[] {
  return updates.map(({ ref, old, new: next }) => {
    if (done.some((update) => update.name === ref && update.new === next)) {
      return { ref, old, new: next, status: 'ok' }
    }
    const refusal = movedRefusal(state, ref, old) ?? denied('it was refused: push it again')
    return { ref, old, new: next, ...refusal }
  })
}

function bytesOf({ maxBytes = MAX_BYTES }: ServePolicy): { readonly maxBytes: number } {
  return { maxBytes }
}

async function take(
  { repo, policy, client, now }: ServedRepository,
  message: PushMessage,
  frames: FrameReader,
  { signal }: ServeOptions,
): Promise<PushOutcome[]> {
  const state = await repo.refs.state()
  const parts = await partsOf(repo, state, message)
  const maxObjects = policy.maxObjects ?? MAX_OBJECTS
  const receiver = new ObjectReceiver(repo, state, { parts, maxObjects })
  try {
    if (message.from !== undefined) {
      await receiveStream(frames, receiver, { ...bytesOf(policy), signal })
    }
    const { seconds, offsetMinutes } = now()
    const tips = message.updates.flatMap((update) => (update.new === undefined ? [] : [update.new]))
    await verifyReceived(receiver, { tips, shallow: state.shallow, now: seconds, signal })
    let packs: string[] | undefined
    for (let race = 1; ; race++) {
      const current = await repo.refs.state()
      const outcomes = await judge(receiver, current, message, policy)
      const updates = outcomes.flatMap(({ ref, old, new: next, status }): RefUpdate[] =>
        status === 'ok' ? [{ name: ref, old, new: next }] : [],
      )
      if (updates.length === 0) return outcomes
      packs ??= await receiver.finish()
      try {
        await repo.refs.append({
          updates,
          who: { ...client, seconds, offsetMinutes },
          message: message.message,
          packs,
          since: state.number,
          uuid: message.uuid,
        })
        return outcomes
      } catch (error) {
        // A ref that has moved is an outcome; what gc took away meanwhile, or another race, is not.
        if (!hasCode(error, 'conflict') || error.data.ref === undefined || race === RACES)
          throw error
      }
    }
  } finally {
    await receiver.discard()
  }
}

async function partsOf(
  repo: LocalRepository,
  state: LogState,
  { from }: PushMessage,
): Promise<readonly StagedPart[]> {
  if (from === undefined || from.count === 0) return []
  const parts = partsUpTo(await stagedParts(repo, state), from)
  if (parts !== undefined) return parts
  throw new VarveError('conflict', 'what an earlier push has brought is not here any more', {
    hint: 'push again',
  })
}

/** What becomes of each update, as refs are in a state. */
async function judge(
  reader: ObjectReader & Pick<ObjectReceiver, 'readAny'>,
  state: LogState,
  { updates, atomic }: PushMessage,
  policy: ServePolicy,
): Promise<PushOutcome[]> {
  const outcomes: PushOutcome[] = []
  const accepted: RefUpdate[] = []
  for (const update of updates) {
    const { ref, old, new: next } = update
    let refusal = await refusalOf(reader, state, update, policy)
    if (refusal === undefined) {
      const change = { name: ref, old, new: next }
      refusal = folderRefusal(state, [...accepted, change])
      if (refusal === undefined) accepted.push(change)
    }
    outcomes.push({ ref, old, new: next, ...(refusal ?? { status: 'ok' }) })
  }
  if (!atomic || accepted.length === updates.length) return outcomes
  const failed = outcomes.find(({ status }) => status !== 'ok')!.ref
  return outcomes.map((outcome) =>
    outcome.status === 'ok'
      ? { ...outcome, status: 'not-done', reason: `${failed} was refused` }
      : outcome,
  )
}

type Refusal = Pick<PushOutcome, 'status' | 'reason'>

async function refusalOf(
  reader: ObjectReader & Pick<ObjectReceiver, 'readAny'>,
  state: LogState,
  { ref, old, new: next, force = false }: PushUpdate,
  policy: ServePolicy,
): Promise<Refusal | undefined> {
  if (!isRefName(ref) || !ref.startsWith('refs/') || ref.startsWith('refs/remotes/')) {
    return denied('only branches, tags and other names in refs/ can be pushed to')
  }
  if (ref === policy.checkedOut) {
    return denied('it is checked out there: a push would leave its work tree behind')
  }
  const moved = movedRefusal(state, ref, old)
  if (moved !== undefined) return moved
  if (old === undefined) {
    const misnamed = nameRefusal(ref)
    if (misnamed !== undefined) return misnamed
  }
  if (next === undefined) {
    if (policy.denyDeletes) return denied('refs are not deleted here')
    const isCurrent = ref === (policy.current ?? state.head)
    return policy.denyDeleteCurrent && isCurrent
      ? denied('it is the current branch there')
      : undefined
  }
  const isBranch = ref.startsWith('refs/heads/')
  if (isBranch) {
    const { kind } = await reader.readAny(next)
    if (kind !== 'commit') return denied(`a branch can only be at a commit, not at a ${kind}`)
  }
  if (old === undefined || old === next) return undefined
  const isForward = isBranch && (await follows(reader, next, old, state.shallow))
  if (isForward) return undefined
  if (policy.denyNonFastForwards) return denied('history is not rewritten here')
  if (force) return undefined
  const reason = isBranch ? `it does not follow ${old}` : 'it is there already'
  return { status: 'not-forward', reason }
}

/** Refuses new branches and tags that no command would make: `HEAD`, what looks like an option. */
function nameRefusal(ref: string): Refusal | undefined {
  try {
    if (ref.startsWith('refs/heads/')) branchRefName(ref.slice('refs/heads/'.length))
    if (ref.startsWith('refs/tags/')) tagRefName(ref.slice('refs/tags/'.length))
    return undefined
  } catch (error) {
    if (hasCode(error, 'invalid-name')) return denied(error.message)
    throw error
  }
}

function movedRefusal(state: LogState, ref: string, old: Id | undefined): Refusal | undefined {
  const found = state.refs.get(ref)
  if (found === old) return undefined
  return { status: 'moved', reason: found === undefined ? 'it is not there' : `it is at ${found}` }
}

function denied(reason: string): Refusal {
  return { status: 'denied', reason }
}

function folderRefusal(state: LogState, updates: readonly RefUpdate[]): Refusal | undefined {
  try {
    checkRefFolders(state, updates)
    return undefined
  } catch (error) {
    if (hasCode(error, 'refused')) return denied(error.message)
    throw error
  }
}
