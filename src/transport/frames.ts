import { ByteReader, ByteWriter } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'

// A frame: u8 kind, varint length, as many bytes. A message is some frames and one of kind `end`, without bytes.

/** What a frame is; numbers are never reused (docs/protocol/wire.md). */
export const frameKinds = {
  end: 0x00,
  list: 0x01,
  fetch: 0x02,
  push: 0x03,
  common: 0x04,
  staged: 0x05,
  wants: 0x06,
  haves: 0x07,
  shallow: 0x08,
  updates: 0x09,
  unmoved: 0x10,
  listing: 0x11,
  refs: 0x12,
  bitmap: 0x13,
  begin: 0x14,
  outcomes: 0x15,
  found: 0x16,
  objects: 0x20,
  total: 0x21,
  error: 0x7f,
} as const

export interface Frame {
  readonly kind: number
  /** What is in it. */
  readonly bytes: Uint8Array
  /** As it came, with what stands before its content. */
  readonly raw: Uint8Array
}

/** The most that a frame may hold. */
export const FRAME_LIMIT = 1 << 20
/** A frame of small objects is closed when it holds so much. */
export const OBJECTS_FRAME = 1 << 18

const LONGEST_HEAD = 5

export function encodeFrame(kind: number, bytes: Uint8Array = EMPTY): Uint8Array {
  return new ByteWriter(bytes.length + LONGEST_HEAD).u8(kind).lengthPrefixed(bytes).finish()
}

/** What stands before the content of a frame. */
export function frameHead(kind: number, length: number): Uint8Array {
  return new ByteWriter(LONGEST_HEAD).u8(kind).varint(length).finish()
}

const EMPTY = new Uint8Array(0)
export const END_FRAME = encodeFrame(frameKinds.end)

/** What the other side sent that it must not. */
export function badPeer(reason: string, data: Record<string, unknown> = {}): VarveError {
  return new VarveError('bad-peer', `${BAD_PEER}${reason}`, { data })
}

/** What the messages of {@link badPeer} begin with. */
export const BAD_PEER = 'the other side does not keep to the protocol: '

/** A connection that ended before what was expected on it. */
export function disconnected(cause?: unknown): VarveError {
  return new VarveError('disconnected', 'the connection ended too early', {
    hint: 'run the command again: it goes on from what has arrived',
    cause,
  })
}

/**
 * Takes frames out of pieces of any size. Holds one frame and one piece. What a frame of objects has comes in as many
 * parts as it arrived in, each as a frame: they are a stream that may be cut anywhere.
 */
export class FrameReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #rest: Uint8Array = EMPTY
  /** Bytes of a frame of objects that are still to come. */
  #left = 0
  #bytes = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]()
  }

  /** Bytes of the frames taken so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** The next frame; undefined where the source ends between two. `disconnected` where it ends inside of one. */
  async next(): Promise<Frame | undefined> {
    if (this.#left > 0) {
      if (this.#rest.length === 0 && !(await this.#take(1))) throw disconnected()
      return this.#cut(frameKinds.objects, 0, Math.min(this.#left, this.#rest.length))
    }
    let head: { kind: number; start: number; length: number } | undefined
    for (;;) {
      head ??= readHead(this.#rest)
      const isInParts = head?.kind === frameKinds.objects && head.length > 0
      const end = head === undefined ? undefined : head.start + (isInParts ? 1 : head.length)
      if (end !== undefined && this.#rest.length >= end) break
      if (!(await this.#take((end ?? this.#rest.length + 1) - this.#rest.length))) {
        if (this.#rest.length === 0) return undefined
        throw disconnected()
      }
    }
    const { kind, start, length } = head!
    if (kind !== frameKinds.objects) return this.#cut(kind, start, start + length)
    this.#left = length
    return this.#cut(kind, start, Math.min(start + length, this.#rest.length))
  }

  /** A frame of what has come up to an end, its content from a start on. */
  #cut(kind: number, start: number, end: number): Frame {
    const raw = this.#rest.subarray(0, end)
    this.#rest = this.#rest.subarray(end)
    this.#bytes += end
    if (kind === frameKinds.objects) this.#left -= end - start
    return { kind, bytes: raw.subarray(start), raw }
  }

  /** As {@link next}, where there must be one. An `error` frame is thrown. */
  async expect(): Promise<Frame> {
    const frame = await this.next()
    if (frame === undefined) throw disconnected()
    if (frame.kind === frameKinds.error) throw decodeError(frame.bytes)
    return frame
  }

  /** A frame of a kind; `bad-peer` for another. */
  async expectKind(kind: number): Promise<Uint8Array> {
    const frame = await this.expect()
    if (frame.kind !== kind) throw badPeer(`a frame of kind ${frame.kind} where ${kind} must be`)
    return frame.bytes
  }

  /** Lets go of the source, which may not have come to its end. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  /** Gets at least so many bytes more; whether there were as many. */
  async #take(missing: number): Promise<boolean> {
    let gathered: ByteWriter | undefined
    for (let left = missing; left > 0; ) {
      const { value, done } = await this.#pieces.next()
      if (done) {
        this.#rest = gathered?.finish() ?? this.#rest
        return false
      }
      left -= value.length
      if (gathered === undefined && this.#rest.length === 0) this.#rest = value
      else {
        // Many small pieces take no more room than their bytes.
        gathered ??= new ByteWriter(this.#rest.length + value.length).bytes(this.#rest)
        gathered.bytes(value)
      }
    }
    this.#rest = gathered?.finish() ?? this.#rest
    return true
  }
}

function readHead(bytes: Uint8Array): { kind: number; start: number; length: number } | undefined {
  let length = 0
  for (let at = 1, scale = 1; at < bytes.length; at++, scale *= 0x80) {
    const byte = bytes[at]!
    length += (byte & 0x7f) * scale
    if (length > FRAME_LIMIT || at === LONGEST_HEAD - 1) {
      throw badPeer('a frame is too long', { length, limit: FRAME_LIMIT })
    }
    if (byte < 0x80) {
      if (byte === 0 && at > 1) throw badPeer('a length is written in too many bytes')
      return { kind: bytes[0]!, start: at + 1, length }
    }
  }
  return undefined
}

/** Codes that another side may answer with as its own; anything else is told as `bad-peer`. */
const TOLD = [
  'usage',
  'not-a-repository',
  'object-not-found',
  'ref-not-found',
  'bad-input',
  'invalid-name',
  'invalid-value',
  'too-large',
  'refused',
  'conflict',
  'corrupt-object',
  'corrupt-pack',
  'corrupt-log',
  'unsupported-format',
  'bad-peer',
  'io',
  'disk-full',
  'permission-denied',
  'interrupted',
] as const

/** The most of a message that is sent or believed. */
const LONGEST_TEXT = 4096

export function encodeError(error: VarveError): Uint8Array {
  const content = new ByteWriter()
    .text(error.code)
    .text(error.message.slice(0, LONGEST_TEXT))
    .text((error.hint ?? '').slice(0, LONGEST_TEXT))
    .finish()
  return encodeFrame(frameKinds.error, content)
}

/** The error that the other side answered with. */
export function decodeError(bytes: Uint8Array): VarveError {
  const reader = new ByteReader(bytes, 'bad-peer')
  const said = reader.text()
  const message = reader.text().slice(0, LONGEST_TEXT)
  const hint = reader.text().slice(0, LONGEST_TEXT)
  const code = TOLD.find((known) => known === said) ?? 'bad-peer'
  return new VarveError(code, `the other side says: ${message}`, {
    data: { remote: true },
    ...(hint !== '' && { hint }),
  })
}
