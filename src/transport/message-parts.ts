import { ByteReader, ByteWriter } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { ID_BYTES, type Id } from '../core/id.ts'
import { badPeer, encodeFrame, type FrameReader, frameKinds } from './frames.ts'
import type { StreamPlace } from './object-stream.ts'

/** Of the protocol. A side that hears of another one says `unsupported-format`. */
export const PROTOCOL_VERSION = 1

/** Ids that stand in one frame. */
const IDS_A_FRAME = 2048
/** Ids that one message may have in all. */
export const MOST_IDS = 1_000_000
/** Places that a request may name. */
export const MOST_PLACES = 16

export function versioned(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes, 'bad-peer')
  const version = reader.u8()
  if (version === PROTOCOL_VERSION) return reader
  throw new VarveError('unsupported-format', `version ${version} of the protocol is not known`, {
    data: { version, supported: PROTOCOL_VERSION },
  })
}

export function writePlaces(writer: ByteWriter, places: readonly StreamPlace[]): void {
  writer.varint(places.length)
  for (const { count, hash } of places) writer.varint(count).bytes(hash)
}

export function readPlaces(reader: ByteReader): StreamPlace[] {
  const count = reader.varint()
  if (count > MOST_PLACES) throw badPeer(`${count} places in a stream`, { limit: MOST_PLACES })
  return Array.from({ length: count }, () => {
    const before = reader.varint()
    return { count: before, hash: reader.bytes(ID_BYTES).slice() }
  })
}

export function* idFrames(kind: number, ids: readonly Id[]): Generator<Uint8Array> {
  for (let at = 0; at < ids.length; at += IDS_A_FRAME) {
    const bytes = new ByteWriter(IDS_A_FRAME)
    for (const id of ids.slice(at, at + IDS_A_FRAME)) bytes.id(id)
    yield encodeFrame(kind, bytes.finish())
  }
}

export function readIds(bytes: Uint8Array): Id[] {
  if (bytes.length === 0 || bytes.length % ID_BYTES !== 0) throw badPeer('ids that are cut short')
  const reader = new ByteReader(bytes, 'bad-peer')
  return Array.from({ length: bytes.length / ID_BYTES }, () => reader.id())
}

/** Ids by the kind of their frames, up to the end of the message. */
export async function readIdFrames(
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
