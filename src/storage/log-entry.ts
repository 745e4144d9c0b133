import { ByteReader, ByteWriter } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, idToBytes } from '../core/id.ts'
import type { Signature } from '../core/signature.ts'
import { checkFeatures, corruptLog, seal, unseal } from './log-envelope.ts'

// The content of a log entry, after the envelope's head. A text is a varint length and UTF-8;
// a list is a varint count and its items; a signed number is a zigzag varint.
//
//   number           varint, the same as in the name
//   transaction      16 bytes, a UUID
//   features         list of texts: what a reader must know from here on
//   updates          list of: ref name (text), u8 flags (1: has old, 2: has new), [32] [32]
//   HEAD             u8 flags (1: moved, 2: has old); [old (text)], new (text): a ref name or an id
//   who              name (text), email (text), seconds (signed), offset in minutes (signed)
//   why              text
//   packs            list of 32 bytes: added;  list of 32 bytes: retired
//   shallow          list of 32 bytes: added;  list of 32 bytes: removed
//   index            u8 flags (1: present, 2: has tree), [32]: what an operation discarded

/** Who and when, as commits have it. */
export type LogSignature = Signature

export interface RefUpdate {
  /** Whole, as `refs/heads/main`. */
  readonly name: string
  /** What the ref must be now; undefined when it must not exist. */
  readonly old: Id | undefined
  /** What it becomes; undefined when it is deleted. */
  readonly new: Id | undefined
}

export interface Transaction {
  readonly updates: readonly RefUpdate[]
  /** HEAD moved: a ref name (`refs/heads/main`) or, detached, an id. */
  readonly head?: { readonly old?: string; readonly new: string }
  readonly who: LogSignature
  readonly message: string
  /** Names (64 hex digits) of packs that count from here on. */
  readonly packs: readonly string[]
  readonly retiredPacks?: readonly string[]
  readonly shallow?: { readonly added: readonly Id[]; readonly removed: readonly Id[] }
  /** The tree of an index that this operation discarded, for `undo`; none: it was as HEAD. */
  readonly index?: { readonly old?: Id }
  /** What a reader must understand from this entry on. */
  readonly features?: readonly string[]
  /** Tells this transaction from every other; a random one unless given. */
  readonly uuid?: string
}

export interface LogEntry extends Transaction {
  readonly number: number
  readonly uuid: string
}

export function encodeEntry(entry: LogEntry): Uint8Array {
  const { head, who, index } = entry
  const writer = new ByteWriter().varint(entry.number).bytes(uuidToBytes(entry.uuid))
  writeList(writer, entry.features ?? [], (feature) => writer.text(feature))
  writeList(writer, entry.updates, (update) => {
    writer.text(update.name)
    writer.u8((update.old === undefined ? 0 : 1) | (update.new === undefined ? 0 : 2))
    if (update.old !== undefined) writer.id(update.old)
    if (update.new !== undefined) writer.id(update.new)
  })
  writer.u8(head === undefined ? 0 : head.old === undefined ? 1 : 3)
  if (head?.old !== undefined) writer.text(head.old)
  if (head !== undefined) writer.text(head.new)
  writer.text(who.name).text(who.email)
  writeSigned(writer, who.seconds)
  writeSigned(writer, who.offsetMinutes)
  writer.text(entry.message)
  writeIds(writer, entry.packs as readonly Id[])
  writeIds(writer, (entry.retiredPacks ?? []) as readonly Id[])
  writeIds(writer, entry.shallow?.added ?? [])
  writeIds(writer, entry.shallow?.removed ?? [])
  writer.u8(index === undefined ? 0 : index.old === undefined ? 1 : 3)
  if (index?.old !== undefined) writer.id(index.old)
  return seal('varveLG', writer.finish())
}

/** Reads an entry and checks that it is the one its name says. */
export function decodeEntry(bytes: Uint8Array, number: number, name: string): LogEntry {
  const reader = new ByteReader(unseal('varveLG', bytes, name), 'corrupt-log')
  try {
    if (reader.varint() !== number) throw corruptLog(name, 'it has another number inside')
    return readEntry(reader, number, name)
  } catch (error) {
    if (error instanceof VarveError && error.code === 'corrupt-log' && !error.data.name) {
      throw corruptLog(name, error.message, error)
    }
    throw error
  }
}

function readEntry(reader: ByteReader, number: number, name: string): LogEntry {
  const uuid = uuidFromBytes(reader.bytes(16))
  const features = readList(reader, () => reader.text())
  checkFeatures(features, name)
  const updates = readList(reader, (): RefUpdate => {
    const ref = reader.text()
    const flags = readFlags(reader)
    const old = flags & 1 ? reader.id() : undefined
    return { name: ref, old, new: flags & 2 ? reader.id() : undefined }
  })
  const headFlags = readFlags(reader)
  const headOld = headFlags & 2 ? { old: reader.text() } : {}
  const head = headFlags & 1 ? { head: { ...headOld, new: reader.text() } } : {}
  const who = {
    name: reader.text(),
    email: reader.text(),
    seconds: readSigned(reader),
    offsetMinutes: readSigned(reader),
  }
  const message = reader.text()
  const packs = readIds(reader)
  const retiredPacks = readIds(reader)
  const shallow = { added: readIds(reader), removed: readIds(reader) }
  const indexFlags = readFlags(reader)
  const indexOld = indexFlags & 2 ? { old: reader.id() } : {}
  reader.expectEnd()
  return {
    number,
    uuid,
    updates,
    ...head,
    who,
    message,
    packs,
    ...(retiredPacks.length === 0 ? {} : { retiredPacks }),
    ...(shallow.added.length + shallow.removed.length === 0 ? {} : { shallow }),
    ...(indexFlags & 1 ? { index: indexOld } : {}),
    ...(features.length === 0 ? {} : { features }),
  }
}

export function writeList<T>(
  writer: ByteWriter,
  items: readonly T[],
  write: (item: T) => void,
): void {
  writer.varint(items.length)
  for (const item of items) write(item)
}

export function readList<T>(reader: ByteReader, read: () => T): T[] {
  const count = reader.varint()
  // Every item takes at least a byte: a count from outside must not make us allocate more.
  if (count > reader.remaining) throw reader.error('a list is longer than its bytes')
  const items: T[] = []
  for (let i = 0; i < count; i++) items.push(read())
  return items
}

export function writeIds(writer: ByteWriter, ids: readonly Id[]): void {
  writeList(writer, ids, (id) => writer.bytes(idToBytes(id)))
}

export function readIds(reader: ByteReader): Id[] {
  return readList(reader, () => reader.id())
}

function readFlags(reader: ByteReader): number {
  const flags = reader.u8()
  if (flags > 3) throw reader.error('unknown flags')
  return flags
}

function writeSigned(writer: ByteWriter, value: number): void {
  writer.varint(value < 0 ? -2 * value - 1 : 2 * value)
}

function readSigned(reader: ByteReader): number {
  const zigzag = reader.varint()
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
}

function uuidToBytes(uuid: string): Uint8Array {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  if (bytes.length !== 16) {
    throw new VarveError('invalid-id', `not a UUID: ${JSON.stringify(uuid)}`)
  }
  return bytes
}

function uuidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
