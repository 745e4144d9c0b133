import { ByteReader, ByteWriter } from '../core/bytes.ts'
import type { Id } from '../core/id.ts'
import { isRefName } from '../core/names.ts'
import { badPeer, encodeFrame, type FrameReader, frameKinds } from './frames.ts'
import { idFrames, MOST_IDS, readIds, readPlaces, writePlaces } from './message-parts.ts'
import type { StreamPlace } from './object-stream.ts'
import type { PushOutcome, PushUpdate, RemoteRef, RemoteRefs } from './remote-session.ts'

/** What this version can do beside what all can; sent with the listing. */
export const CAPABILITIES: readonly string[] = ['depth', 'resume']
/** A listing is cut into frames of about so many bytes. */
const LISTING_FRAME = 1 << 16

export interface BeginMessage {
  readonly shallow: readonly Id[]
  readonly unshallow: readonly Id[]
  /** Objects of the whole stream. */
  readonly total: number
  readonly from: StreamPlace
}

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
