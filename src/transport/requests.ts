import { ByteReader, ByteWriter } from '../core/bytes.ts'
import type { Id } from '../core/id.ts'
import { badPeer, END_FRAME, encodeFrame, type FrameReader, frameKinds } from './frames.ts'
import {
  idFrames,
  PROTOCOL_VERSION,
  readIdFrames,
  readPlaces,
  versioned,
  writePlaces,
} from './message-parts.ts'
import type { StreamPlace } from './object-stream.ts'
import type { PushUpdate } from './remote-session.ts'

export interface FetchMessage {
  /** Whether no more `haves` will come: then the answer is what is missing. */
  readonly done: boolean
  readonly depth: number | undefined
  readonly wants: readonly Id[]
  readonly haves: readonly Id[]
  readonly shallow: readonly Id[]
  /** Up to where the asker may have what it is about to get. */
  readonly staged: readonly StreamPlace[]
}

export interface PushMessage {
  /** 32 hex digits of a UUID, with its dashes. */
  readonly uuid: string
  readonly atomic: boolean
  readonly message: string
  readonly updates: readonly PushUpdate[]
  /** Where the objects that follow begin; undefined where none do. */
  readonly from: StreamPlace | undefined
}

const MOST_UPDATES = 100_000

export function* encodeListRequest(token: string | undefined): Generator<Uint8Array> {
  const bytes = new ByteWriter(32).u8(PROTOCOL_VERSION)
  bytes.lengthPrefixed(token === undefined ? new Uint8Array(0) : Buffer.from(token, 'hex'))
  yield encodeFrame(frameKinds.list, bytes.finish())
  yield END_FRAME
}

/** The token, in hex; undefined where there is none. */
export function decodeListRequest(bytes: Uint8Array): string | undefined {
  const reader = versioned(bytes)
  const token = reader.lengthPrefixed()
  reader.expectEnd()
  return token.length === 0 ? undefined : Buffer.from(token).toString('hex')
}

const DONE = 1
const HAS_DEPTH = 2

export function* encodeFetchRequest(message: FetchMessage): Generator<Uint8Array> {
  const { depth, done } = message
  const bytes = new ByteWriter().u8(PROTOCOL_VERSION)
  bytes.u8((done ? DONE : 0) | (depth === undefined ? 0 : HAS_DEPTH))
  if (depth !== undefined) bytes.varint(depth)
  writePlaces(bytes, message.staged)
  yield encodeFrame(frameKinds.fetch, bytes.finish())
  yield* idFrames(frameKinds.wants, message.wants)
  yield* idFrames(frameKinds.haves, message.haves)
  yield* idFrames(frameKinds.shallow, message.shallow)
  yield END_FRAME
}

/** The rest of a request that began with these bytes. */
export async function readFetchRequest(
  bytes: Uint8Array,
  frames: FrameReader,
): Promise<FetchMessage> {
  const reader = versioned(bytes)
  const flags = reader.u8()
  if (flags > (DONE | HAS_DEPTH)) throw badPeer(`unknown flags ${flags}`)
  const depth = flags & HAS_DEPTH ? reader.varint() : undefined
  if (depth === 0) throw badPeer('a depth of 0')
  const staged = readPlaces(reader)
  reader.expectEnd()
  const { wants, haves, shallow } = frameKinds
  const ids = await readIdFrames(frames, [wants, haves, shallow])
  return {
    done: (flags & DONE) !== 0,
    depth,
    staged,
    wants: ids.get(wants)!,
    haves: ids.get(haves)!,
    shallow: ids.get(shallow)!,
  }
}

const ATOMIC = 1
const HAS_OBJECTS = 2
const LONGEST_MESSAGE = 4096

/** The request up to where objects begin; without any, to its end. */
export function* encodePushRequest(message: PushMessage): Generator<Uint8Array> {
  const { uuid, atomic, from, updates } = message
  const bytes = new ByteWriter().u8(PROTOCOL_VERSION)
  bytes.u8((atomic ? ATOMIC : 0) | (from === undefined ? 0 : HAS_OBJECTS))
  bytes.bytes(Buffer.from(uuid.replaceAll('-', ''), 'hex')).text(message.message)
  bytes.varint(updates.length)
  if (from !== undefined) writePlaces(bytes, [from])
  yield encodeFrame(frameKinds.push, bytes.finish())
  for (let at = 0; at < updates.length; at += UPDATES_A_FRAME) {
    const part = updates.slice(at, at + UPDATES_A_FRAME)
    const list = new ByteWriter().varint(part.length)
    for (const { ref, old, new: next, force } of part) {
      list.u8((old === undefined ? 0 : 1) | (next === undefined ? 0 : 2) | (force ? 4 : 0))
      list.text(ref)
      if (old !== undefined) list.id(old)
      if (next !== undefined) list.id(next)
    }
    yield encodeFrame(frameKinds.updates, list.finish())
  }
  if (from === undefined) yield END_FRAME
}

const UPDATES_A_FRAME = 512

/** A request that began with these bytes, up to where objects begin; without any, to its end. */
export async function readPushRequest(
  bytes: Uint8Array,
  frames: FrameReader,
): Promise<PushMessage> {
  const reader = versioned(bytes)
  const flags = reader.u8()
  if (flags > (ATOMIC | HAS_OBJECTS)) throw badPeer(`unknown flags ${flags}`)
  const hex = Buffer.from(reader.bytes(16)).toString('hex')
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  const message = reader.text()
  if (message.length > LONGEST_MESSAGE) throw badPeer('a message is too long')
  const count = reader.varint()
  if (count > MOST_UPDATES) throw badPeer(`${count} refs in one push`, { limit: MOST_UPDATES })
  const [from] = flags & HAS_OBJECTS ? readPlaces(reader) : []
  if (flags & HAS_OBJECTS && from === undefined) throw badPeer('objects that begin nowhere')
  reader.expectEnd()
  const updates: PushUpdate[] = []
  while (updates.length < count) {
    const part = readUpdates(await frames.expectKind(frameKinds.updates))
    if (part.length === 0 || updates.length + part.length > count) {
      throw badPeer('another number of refs than was said')
    }
    updates.push(...part)
  }
  if (from === undefined) await frames.expectKind(frameKinds.end)
  return { uuid, atomic: (flags & ATOMIC) !== 0, message, updates, from }
}

function readUpdates(bytes: Uint8Array): PushUpdate[] {
  const reader = new ByteReader(bytes, 'bad-peer')
  const count = reader.varint()
  if (count > UPDATES_A_FRAME) throw badPeer('too many refs in a frame')
  const updates: PushUpdate[] = []
  for (let i = 0; i < count; i++) {
    const flags = reader.u8()
    if (flags > 7) throw badPeer(`unknown flags ${flags}`)
    const ref = reader.text()
    const old = flags & 1 ? reader.id() : undefined
    const next = flags & 2 ? reader.id() : undefined
    updates.push({ ref, old, new: next, force: (flags & 4) !== 0 })
  }
  reader.expectEnd()
  return updates
}

/** Which of these commits are there? */
export function* encodeCommonRequest(haves: readonly Id[]): Generator<Uint8Array> {
  yield encodeFrame(frameKinds.common, new ByteWriter(8).u8(PROTOCOL_VERSION).finish())
  yield* idFrames(frameKinds.haves, haves)
  yield END_FRAME
}

export async function readCommonRequest(bytes: Uint8Array, frames: FrameReader): Promise<Id[]> {
  versioned(bytes).expectEnd()
  const { haves } = frameKinds
  return (await readIdFrames(frames, [haves])).get(haves)!
}

/** Which parts of pushes that came to no end are there? */
export function* encodeStagedRequest(): Generator<Uint8Array> {
  yield encodeFrame(frameKinds.staged, new ByteWriter(8).u8(PROTOCOL_VERSION).finish())
  yield END_FRAME
}

export async function readStagedRequest(bytes: Uint8Array, frames: FrameReader): Promise<void> {
  versioned(bytes).expectEnd()
  await frames.expectKind(frameKinds.end)
}
