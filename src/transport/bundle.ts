import { createHash } from 'node:crypto'
import { ByteReader, ByteWriter, equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { beginFrames, listingFrames, tokenFrame } from './answers.ts'
import type { Carrier, Service } from './carrier.ts'
import { badPeer, END_FRAME, FrameReader, frameKinds } from './frames.ts'
import { planObjects } from './missing-objects.ts'
import type { LocalRepository, RemoteRef } from './remote-session.ts'
import { decodeListRequest } from './requests.ts'
import { ObjectSender } from './send-objects.ts'
import { objectFrames } from './send-stream.ts'

// A bundle: what a repository would answer, in a file (docs/format/bundle.md).
//
//   magic          8 bytes: `varveBD` and the version, 0x01
//   needs          varint count, 32 bytes each, sorted: commits that a reader must have
//   length         u32, little-endian: of the listing that follows
//   listing        frames of the wire protocol: the answer to `list`
//   objects        frames of the wire protocol: the answer to `fetch`
//   checksum       32 bytes: SHA-256 of all before

const MAGIC = Uint8Array.of(0x76, 0x61, 0x72, 0x76, 0x65, 0x42, 0x44, 0x01)
const CHECKSUM_BYTES = 32
const ID_BYTES = 32
/** A commit for each branch and tag that is left out, and the refs of a very large repository. */
const MOST_NEEDS = 100_000
const LARGEST_LISTING = 64 * 1024 * 1024
/** How much of a file is read at once. */
const PIECE = 1 << 18

export interface BundleContent {
  readonly refs: readonly RemoteRef[]
  /** The default branch, as `refs/heads/main`. */
  readonly head: string
  /** Commits that a reader must have: what they lead to is left out. */
  readonly needs: readonly Id[]
}

export interface WriteBundleOptions extends BundleContent {
  readonly signal?: AbortSignal | undefined
  readonly onObjects?: ((objects: number, bytes: number, total: number) => void) | undefined
}

/** The bytes of a bundle, piece by piece. */
export async function* writeBundle(
  { objects, refs: log }: LocalRepository,
  { refs, head, needs, signal, onObjects }: WriteBundleOptions,
): AsyncGenerator<Uint8Array> {
  const { shallow } = await log.state()
  const wants = refs.map(({ id }) => id)
  const plan = await planObjects(objects, {
    wants,
    held: needs,
    shallow,
    theirShallow: new Set(),
  })
  const sender = await ObjectSender.begin(objects, plan, { signal })
  const hash = createHash('sha256')
  const hashed = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes)
    return bytes
  }
  const frames = listingFrames({ refs, head, shallow: plan.shallow, capabilities: new Set() })
  const listing = Buffer.concat([...frames, tokenFrame(tokenOf(frames)), END_FRAME])
  const start = new ByteWriter().bytes(MAGIC).varint(needs.length)
  for (const id of [...needs].sort()) start.id(id)
  yield hashed(start.u32(listing.length).bytes(listing).finish())
  const begin = { shallow: plan.shallow, unshallow: [], total: plan.objects.length }
  for (const frame of beginFrames({ ...begin, from: sender.from })) yield hashed(frame)
  const told = (count: number, bytes: number) => onObjects?.(count, bytes, plan.objects.length)
  for await (const frame of objectFrames(sender, told)) yield hashed(frame)
  yield hash.digest()
}

/** As many bytes as a listing's token has. */
function tokenOf(frames: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const frame of frames) hash.update(frame)
  return hash.digest('hex').slice(0, 32)
}

/** The file of a bundle, wherever it is. */
export interface BundleFile {
  /** For messages. */
  readonly location: string
  readonly size: number
  range(from: number, to: number): Promise<Uint8Array>
}

/** A bundle whose beginning was read and whose bytes are what was written. */
export interface OpenBundle {
  readonly needs: readonly Id[]
  /** Answers `list` and `fetch` as the repository did; whatever is offered, what it holds is given whole. */
  readonly carrier: Carrier
}

/** Whether a file begins as bundles do. */
export async function isBundle(file: BundleFile): Promise<boolean> {
  return equalBytes(await file.range(0, MAGIC.length), MAGIC)
}

/**
 * Opens a bundle and checks that its bytes are those that were written. What is in it is verified as what comes over a
 * connection is, when it is fetched. `bad-input` for a file that is no bundle, or is damaged.
 */
export async function openBundle(
  file: BundleFile,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<OpenBundle> {
  const first = await file.range(0, MAGIC.length + 5)
  if (first.length < MAGIC.length || !equalBytes(first.subarray(0, MAGIC.length), MAGIC)) {
    const isNewer =
      first.length >= MAGIC.length &&
      equalBytes(first.subarray(0, MAGIC.length - 1), MAGIC.subarray(0, -1))
    if (isNewer) {
      throw new VarveError('unsupported-format', `${file.location} is a bundle of a newer varve`)
    }
    throw noBundle(file, 'it does not begin as one')
  }
  await checkBytes(file, options.signal)
  const limit = Math.min(file.size, PIECE + MAGIC.length + 5 + MOST_NEEDS * ID_BYTES)
  const reader = new ByteReader(await file.range(MAGIC.length, limit), 'bad-input')
  const count = reader.varint()
  if (count > MOST_NEEDS) throw noBundle(file, `it needs ${count} commits`)
  const needs: Id[] = []
  for (let i = 0; i < count; i++) needs.push(reader.id())
  const length = reader.u32()
  const start = limit - reader.remaining
  const end = file.size - CHECKSUM_BYTES
  if (length > LARGEST_LISTING || start + length > end) throw noBundle(file, 'it is cut short')
  return { needs, carrier: carrierOf(file, start, start + length, end) }
}

function carrierOf(file: BundleFile, list: number, objects: number, end: number): Carrier {
  return {
    location: file.location,
    async *exchange(service: Service, request: AsyncIterable<Uint8Array>, { signal } = {}) {
      const frames = new FrameReader(request)
      const { kind, bytes } = await frames.expect()
      for (let at = kind; at !== frameKinds.end; ) at = (await frames.expect()).kind
      if (service !== 'upload-pack') {
        throw new VarveError('refused', `nothing can be pushed into a bundle: ${file.location}`, {
          hint: 'varve bundle create makes another one',
        })
      }
      if (kind === frameKinds.list) {
        decodeListRequest(bytes)
        yield* pieces(file, list, objects, signal)
      } else if (kind === frameKinds.fetch) {
        yield* pieces(file, objects, end, signal)
      } else {
        throw badPeer(`a request of kind ${kind} to a bundle`)
      }
    },
    close: async () => undefined,
  }
}

async function checkBytes(file: BundleFile, signal: AbortSignal | undefined): Promise<void> {
  const end = file.size - CHECKSUM_BYTES
  const hash = createHash('sha256')
  for await (const piece of pieces(file, 0, end, signal)) hash.update(piece)
  const stored = await file.range(end, file.size)
  if (!equalBytes(stored, hash.digest())) {
    throw noBundle(file, 'its bytes are not those that were written: it is damaged or cut short')
  }
}

async function* pieces(
  file: BundleFile,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += PIECE) {
    if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
    const piece = await file.range(at, Math.min(at + PIECE, to))
    if (piece.length === 0) throw noBundle(file, 'it became shorter while it was read')
    yield piece
  }
}

function noBundle({ location }: BundleFile, reason: string): VarveError {
  return new VarveError('bad-input', `${location} is not a bundle: ${reason}`, {
    data: { path: location, reason },
  })
}
