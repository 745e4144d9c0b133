import { ByteReader, ByteWriter, bytesToText, textToBytes } from '../core/bytes.ts'
import { hasCode } from '../core/errors.ts'
import { hashObject, ID_BYTES } from '../core/id.ts'
import type { LogState } from '../storage/log-state.ts'
import { RAW } from '../storage/pack-encoding.ts'
import type { PackReader } from '../storage/pack-reader.ts'
import type { PackRecord } from '../storage/pack-record.ts'
import type { StreamPlace } from './object-stream.ts'
import type { LocalRepository } from './remote-session.ts'

// A transfer that breaks leaves what came of it in staged packs, each with a blob as its last object that says which
// part of which stream it holds:
//
//   text      `varve transfer`, newline
//   varint    number of its first object in the stream
//   32        hash of the stream before that
//   varint    number of the first object after it
//   32        hash of the stream before that

const MAGIC = 'varve transfer\n'

/** Staged packs looked at for parts of a transfer: the newest. */
const MOST_LOOKED_AT = 256
/** The most that is believed of a mark. */
const MARK_BYTES = 256

/** Part of a stream that was received. */
export interface TransferMark {
  readonly from: StreamPlace
  readonly to: StreamPlace
}

/** The part, and the pack that holds it. */
export interface StagedPart extends TransferMark {
  readonly pack: PackReader
}

/** The record that ends a pack with a part. */
export function markOf({ from, to }: TransferMark): PackRecord {
  const writer = new ByteWriter().bytes(textToBytes(MAGIC))
  for (const { count, hash } of [from, to]) writer.varint(count).bytes(hash)
  const body = writer.finish()
  return { id: hashObject('blob', body), kind: 'blob', method: RAW, length: body.length, body }
}

function readMark(bytes: Uint8Array): TransferMark | undefined {
  try {
    const reader = new ByteReader(bytes)
    if (bytesToText(reader.bytes(MAGIC.length)) !== MAGIC) return undefined
    const place = (): StreamPlace => ({
      count: reader.varint(),
      hash: reader.bytes(ID_BYTES).slice(),
    })
    const mark = { from: place(), to: place() }
    reader.expectEnd()
    return mark.from.count < mark.to.count ? mark : undefined
  } catch (error) {
    if (hasCode(error, 'corrupt-object')) return undefined
    throw error
  }
}

/** Parts of transfers that came to no end, in staged packs. */
export async function stagedParts(
  { storage, objects }: LocalRepository,
  state: LogState,
): Promise<StagedPart[]> {
  const files = await storage.list('packs/')
  const staged = files.flatMap(({ name: file, modified }) => {
    const name = /^packs\/([0-9a-f]{64})\.pack$/.exec(file)?.[1]
    const isStaged = name !== undefined && !state.packs.has(name) && !state.retired.has(name)
    return isStaged ? [{ name, modified }] : []
  })
  if (staged.length === 0) return []
  await objects.refresh()
  staged.sort((a, b) => b.modified - a.modified)
  const parts: StagedPart[] = []
  for (const { name } of staged.slice(0, MOST_LOOKED_AT)) {
    const part = await readPart(objects, name)
    if (part !== undefined) parts.push(part)
  }
  return parts
}

async function readPart(
  objects: LocalRepository['objects'],
  name: string,
): Promise<StagedPart | undefined> {
  try {
    const pack = await objects.openPack(name)
    if (pack === undefined || pack.records < 2) return undefined
    const { kind, method, body, length } = await pack.recordAt(pack.records - 1)
    if (kind !== 'blob' || method !== RAW || length > MARK_BYTES) return undefined
    const mark = readMark(body)
    return mark && { ...mark, pack }
  } catch (error) {
    // Damaged, or gone meanwhile: its objects are sent again.
    if (hasCode(error, 'corrupt-pack') || hasCode(error, 'corrupt-object')) return undefined
    if (hasCode(error, 'io')) return undefined
    throw error
  }
}

/** The parts that lead from the beginning of a stream to a place in it, the first first; undefined where one is missing. */
export function partsUpTo(
  parts: readonly StagedPart[],
  place: StreamPlace,
): readonly StagedPart[] | undefined {
  const byEnd = new Map(parts.map((part) => [keyOf(part.to), part]))
  const found: StagedPart[] = []
  for (let at = place; at.count > 0; ) {
    const part = byEnd.get(keyOf(at))
    if (part === undefined) return undefined
    found.push(part)
    at = part.from
  }
  return found.reverse()
}

/** Places in streams up to which all parts are here, the furthest first. */
export function resumable(parts: readonly StagedPart[], most: number): StreamPlace[] {
  return parts
    .map(({ to }) => to)
    .filter((place) => partsUpTo(parts, place) !== undefined)
    .sort((a, b) => b.count - a.count)
    .slice(0, most)
}

function keyOf({ count, hash }: StreamPlace): string {
  return `${count} ${Buffer.from(hash).toString('hex')}`
}
