import { ByteReader, ByteWriter } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { ID_BYTES, type Id } from '../core/id.ts'
import { isRefName } from '../core/names.ts'
import { badPeer, END_FRAME, encodeFrame, type FrameReader, frameKinds } from './frames.ts'
import type { StreamPlace } from './object-stream.ts'
import type { PushOutcome, PushUpdate, RemoteRef, RemoteRefs } from './remote-session.ts'

/** Of the protocol. A side that hears of another one says `unsupported-format`. */
export const PROTOCOL_VERSION = 1
/** What this version can do beside what all can; sent with the listing. */
export const CAPABILITIES: readonly string[] = ['depth', 'resume']

/** Ids that stand in one frame. */
const IDS_A_FRAME = 2048
/** Ids that one message may have in all. */
const MOST_IDS = 1_000_000
/** Places that a request may name. */
export const MOST_PLACES = 16
const MOST_UPDATES = 100_000
/** A listing is cut into frames of about so many bytes. */
const LISTING_FRAME = 1 << 16

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

export interface BeginMessage {
  readonly shallow: readonly Id[]
  readonly unshallow: readonly Id[]
  /** Objects of the whole stream. */
  readonly total: number
  readonly from: StreamPlace
}

// Requests

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

// Answers

export type Listing = Omit<RemoteRefs, 'token'>

/** Frames of a listing, without the token. */
export function listingFrames({ refs, head, shallow, capabilities }: Listing): Uint8Array[] {
  const first = new ByteWriter().text(head)
  first.varint(capabilities.size)
  for (const capability of [...capabilities].sort()) first.text(capability)
  first.varint(refs.length).varint(shallow.length)
  const frames = [encodeFrame(frameKinds.listing, first.finish())]
  let list = new ByteWriter()
  const close = (): void => {
    if (list.length > 0) frames.push(encodeFrame(frameKinds.refs, list.finish()))
    list = new ByteWriter()
  }
  for (const { name, id, peeled } of refs) {
    list
      .text(name)
      .u8(peeled === undefined ? 0 : 1)
      .id(id)
    if (peeled !== undefined) list.id(peeled)
    if (list.length >= LISTING_FRAME) close()
  }
  close()
  frames.push(...idFrames(frameKinds.shallow, shallow))
  return frames
}

/** A listing from its frames, the first of which was taken. */
export async function readListing(bytes: Uint8Array, frames: FrameReader): Promise<RemoteRefs> {
  const reader = new ByteReader(bytes, 'bad-peer')
  const head = readRefName(reader)
  const capabilities = new Set<string>()
  for (let left = reader.varint(); left > 0; left--) capabilities.add(reader.text())
  const count = reader.varint()
  const shallowCount = reader.varint()
  reader.expectEnd()
  if (count > MOST_IDS || shallowCount > MOST_IDS) throw badPeer('a listing of too many refs')
  const refs: RemoteRef[] = []
  while (refs.length < count) {
    const list = new ByteReader(await frames.expectKind(frameKinds.refs), 'bad-peer')
    while (list.remaining > 0) {
      const name = readRefName(list)
      const flags = list.u8()
      if (flags > 1) throw badPeer(`unknown flags ${flags}`)
      const id = list.id()
      refs.push(flags === 1 ? { name, id, peeled: list.id() } : { name, id })
    }
  }
  if (refs.length !== count) throw badPeer('another number of refs than was said')
  const shallow: Id[] = []
  while (shallow.length < shallowCount) {
    shallow.push(...readIds(await frames.expectKind(frameKinds.shallow)))
  }
  const token = Buffer.from(await frames.expectKind(frameKinds.unmoved)).toString('hex')
  await frames.expectKind(frameKinds.end)
  return { refs, head, shallow, token, capabilities }
}

/** A name that a ref can have: it goes on into configuration, files and the log here. */
function readRefName(reader: ByteReader): string {
  const name = reader.text()
  if (name.startsWith('refs/') && isRefName(name)) return name
  throw badPeer(`${JSON.stringify(name.slice(0, LONGEST_NAME))} is no name of a ref`)
}

const LONGEST_NAME = 1024

/** The token that stands for a listing; alone, it says that nothing has moved. */
export function tokenFrame(token: string): Uint8Array {
  return encodeFrame(frameKinds.unmoved, Buffer.from(token, 'hex'))
}

/** Which of some ids: a bit each, from the least significant of the first byte. */
export function bitmapFrame(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  bits.forEach((bit, i) => {
    if (bit) bytes[i >> 3]! |= 1 << (i & 7)
  })
  return encodeFrame(frameKinds.bitmap, bytes)
}

export function readBitmap(bytes: Uint8Array, ids: readonly Id[]): Id[] {
  if (bytes.length !== Math.ceil(ids.length / 8)) throw badPeer('an answer to another question')
  return ids.filter((_, i) => (bytes[i >> 3]! >> (i & 7)) & 1)
}

export function* beginFrames(message: BeginMessage): Generator<Uint8Array> {
  const { shallow, unshallow, total, from } = message
  const bytes = new ByteWriter().varint(total).varint(shallow.length).varint(unshallow.length)
  writePlaces(bytes, [from])
  yield encodeFrame(frameKinds.begin, bytes.finish())
  yield* idFrames(frameKinds.shallow, [...shallow, ...unshallow])
}

export async function readBegin(bytes: Uint8Array, frames: FrameReader): Promise<BeginMessage> {
  const reader = new ByteReader(bytes, 'bad-peer')
  const total = reader.varint()
  const added = reader.varint()
  const removed = reader.varint()
  const [from] = readPlaces(reader)
  reader.expectEnd()
  if (from === undefined) throw badPeer('objects that begin nowhere')
  if (added + removed > MOST_IDS) throw badPeer('too many commits without parents')
  const ids: Id[] = []
  while (ids.length < added + removed) {
    ids.push(...readIds(await frames.expectKind(frameKinds.shallow)))
  }
  return { total, from, shallow: ids.slice(0, added), unshallow: ids.slice(added) }
}

/** What ends a stream of objects: where it ends. */
export function totalFrame(place: StreamPlace): Uint8Array {
  const bytes = new ByteWriter()
  writePlaces(bytes, [place])
  return encodeFrame(frameKinds.total, bytes.finish())
}

export function readTotal(bytes: Uint8Array): StreamPlace {
  const reader = new ByteReader(bytes, 'bad-peer')
  const [place] = readPlaces(reader)
  reader.expectEnd()
  if (place === undefined) throw badPeer('objects that end nowhere')
  return place
}

export function foundFrame(places: readonly StreamPlace[]): Uint8Array {
  const bytes = new ByteWriter()
  writePlaces(bytes, places)
  return encodeFrame(frameKinds.found, bytes.finish())
}

export function readFound(bytes: Uint8Array): StreamPlace[] {
  const reader = new ByteReader(bytes, 'bad-peer')
  const places = readPlaces(reader)
  reader.expectEnd()
  return places
}

const STATUSES: readonly PushOutcome['status'][] = [
  'ok',
  'moved',
  'not-forward',
  'denied',
  'not-done',
]
const LONGEST_REASON = 1024

export function outcomesFrame(outcomes: readonly PushOutcome[]): Uint8Array {
  const bytes = new ByteWriter().varint(outcomes.length)
  for (const { status, reason = '' } of outcomes) {
    bytes.u8(STATUSES.indexOf(status)).text(reason.slice(0, LONGEST_REASON))
  }
  return encodeFrame(frameKinds.outcomes, bytes.finish())
}

/** What became of these updates. */
export function readOutcomes(bytes: Uint8Array, updates: readonly PushUpdate[]): PushOutcome[] {
  const reader = new ByteReader(bytes, 'bad-peer')
  if (reader.varint() !== updates.length) throw badPeer('an answer to another question')
  const outcomes = updates.map(({ ref, old, new: next }) => {
    const status = STATUSES[reader.u8()]
    if (status === undefined) throw badPeer('an unknown outcome of a push')
    const reason = reader.text().slice(0, LONGEST_REASON)
    return { ref, old, new: next, status, ...(reason !== '' && { reason }) }
  })
  reader.expectEnd()
  return outcomes
}

// Parts of them

function versioned(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes, 'bad-peer')
  const version = reader.u8()
  if (version === PROTOCOL_VERSION) return reader
  throw new VarveError('unsupported-format', `version ${version} of the protocol is not known`, {
    data: { version, supported: PROTOCOL_VERSION },
  })
}

function writePlaces(writer: ByteWriter, places: readonly StreamPlace[]): void {
  writer.varint(places.length)
  for (const { count, hash } of places) writer.varint(count).bytes(hash)
}

function readPlaces(reader: ByteReader): StreamPlace[] {
  const count = reader.varint()
  if (count > MOST_PLACES) throw badPeer(`${count} places in a stream`, { limit: MOST_PLACES })
  return Array.from({ length: count }, () => {
    const before = reader.varint()
    return { count: before, hash: reader.bytes(ID_BYTES).slice() }
  })
}

function* idFrames(kind: number, ids: readonly Id[]): Generator<Uint8Array> {
  for (let at = 0; at < ids.length; at += IDS_A_FRAME) {
    const bytes = new ByteWriter(IDS_A_FRAME)
    for (const id of ids.slice(at, at + IDS_A_FRAME)) bytes.id(id)
    yield encodeFrame(kind, bytes.finish())
  }
}

function readIds(bytes: Uint8Array): Id[] {
  if (bytes.length === 0 || bytes.length % ID_BYTES !== 0) throw badPeer('ids that are cut short')
  const reader = new ByteReader(bytes, 'bad-peer')
  return Array.from({ length: bytes.length / ID_BYTES }, () => reader.id())
}

/** Ids by the kind of their frames, up to the end of the message. */
async function readIdFrames(
  frames: FrameReader,
  kinds: readonly number[],
): Promise<Map<number, Id[]>> {
  const found = new Map<number, Id[]>(kinds.map((kind) => [kind, []]))
  let count = 0
  for (;;) {
    const { kind, bytes } = await frames.expect()
    if (kind === frameKinds.end) return found
    const ids = found.get(kind)
    if (ids === undefined) throw badPeer(`a frame of kind ${kind} among ids`)
    const read = readIds(bytes)
    count += read.length
    if (count > MOST_IDS) throw badPeer('too many ids', { limit: MOST_IDS })
    for (const id of read) ids.push(id)
  }
}
