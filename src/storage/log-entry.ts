import { ByteReader, ByteWriter } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, idToBytes, isId } from '../core/id.ts'
import { isRefName } from '../core/names.ts'
import { type Signature, signatureFault } from '../core/signature.ts'
import { checkFeatures, corruptLog, faultIn, seal, unseal } from './log-envelope.ts'

// The content of a log entry, after the envelope's head. A text is a varint length and UTF-8;
// a list is a varint count and its items; a signed number is a zigzag varint.
//
//   number           varint, the same as in the name
//   transaction      16 bytes, a UUID
//   parts            u8: 0x01 HEAD moved; 0x02 its old place follows; 0x04 packs were retired;
//                    0x08 shallow changes; 0x10 an index was discarded; 0x20 its tree follows;
//                    0x40 features
//   features         0x40: list of texts: what a reader must know from here on
//   updates          list of: u8 (1: has old, 2: has new, 4 · k: the name begins with prefix k), rest
//                    of the name (text), 1: first 4 bytes of the old id, 2: new id (32)
//   HEAD             0x02: old place (text); 0x01: new place (text): a ref name or an id
//   who              name (text), email (text), seconds (signed), offset in minutes (signed)
//   why              text
//   packs            list of 32 bytes: added;  0x04: list of 32 bytes: retired
//   shallow          0x08: list of 32 bytes: added;  list of 32 bytes: removed
//   index            0x20: 32 bytes: what an operation discarded
//
// Prefixes: 0 none, 1 `refs/heads/`, 2 `refs/tags/`, 3 `refs/remotes/`.

const MOVED = 0x01
const MOVED_FROM = 0x02
const RETIRED = 0x04
const SHALLOW = 0x08
const INDEX = 0x10
const INDEX_TREE = 0x20
const FEATURES = 0x40
const PREFIXES = ['', 'refs/heads/', 'refs/tags/', 'refs/remotes/'] as const
const OLD_BYTES = 4

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
  /**
   * The number of the state in which whoever made it began to look which objects are there already, with all packs
   * named that it needs as of then. Not part of the entry.
   */
  readonly since?: number
}

export interface LogEntry extends Transaction {
  readonly number: number
  readonly uuid: string
}

/** An update as an entry says it: what the ref was before follows from the entries before. */
export interface ParsedUpdate {
  readonly name: string
  /** The first hex digits of what the ref was; undefined when it did not exist. */
  readonly oldStart: string | undefined
  readonly new: Id | undefined
}

/** An entry by itself, without those before it. */
export type ParsedEntry = Omit<LogEntry, 'updates'> & { readonly updates: readonly ParsedUpdate[] }

export function encodeEntry(entry: LogEntry): Uint8Array {
  const updates = entry.updates.map(({ name, old, new: next }) => ({
    name,
    oldStart: old?.slice(0, 2 * OLD_BYTES),
    new: next,
  }))
  return seal('varveLG', encodeContent({ ...entry, updates }))
}

/** An entry without its envelope. */
export function encodeContent(entry: ParsedEntry): Uint8Array {
  const { head, who, index, shallow } = entry
  const retired = entry.retiredPacks ?? []
  const features = entry.features ?? []
  const writer = new ByteWriter().varint(entry.number).bytes(uuidToBytes(entry.uuid))
  writer.u8(
    (head === undefined ? 0 : head.old === undefined ? MOVED : MOVED | MOVED_FROM) |
      (retired.length === 0 ? 0 : RETIRED) |
      (shallow === undefined ? 0 : SHALLOW) |
      (index === undefined ? 0 : index.old === undefined ? INDEX : INDEX | INDEX_TREE) |
      (features.length === 0 ? 0 : FEATURES),
  )
  if (features.length > 0) writeList(writer, features, (feature) => writer.text(feature))
  writeList(writer, entry.updates, ({ name, oldStart, new: next }) => {
    const prefix = PREFIXES.findLastIndex((text) => name.startsWith(text))
    writer.u8((oldStart === undefined ? 0 : 1) | (next === undefined ? 0 : 2) | (prefix << 2))
    writer.text(name.slice(PREFIXES[prefix]!.length))
    if (oldStart !== undefined) writer.bytes(Buffer.from(oldStart, 'hex'))
    if (next !== undefined) writer.id(next)
  })
  if (head?.old !== undefined) writer.text(head.old)
  if (head !== undefined) writer.text(head.new)
  writer.text(who.name).text(who.email)
  writeSigned(writer, who.seconds)
  writeSigned(writer, who.offsetMinutes)
  writer.text(entry.message)
  writeIds(writer, entry.packs as readonly Id[])
  if (retired.length > 0) writeIds(writer, retired as readonly Id[])
  if (shallow !== undefined) {
    writeIds(writer, shallow.added)
    writeIds(writer, shallow.removed)
  }
  if (index?.old !== undefined) writer.id(index.old)
  return writer.finish()
}

/** Reads an entry and checks that it is the one its name says. */
export function decodeEntry(bytes: Uint8Array, number: number, name: string): ParsedEntry {
  return decodeContent(unseal('varveLG', bytes, name), number, name)
}

/** Reads an entry without its envelope. */
export function decodeContent(content: Uint8Array, number: number, name: string): ParsedEntry {
  const reader = new ByteReader(content, 'corrupt-log')
  try {
    if (reader.varint() !== number) throw corruptLog(name, 'it has another number inside')
    return readEntry(reader, number, name)
  } catch (error) {
    throw faultIn(name, error)
  }
}

/**
 * The entry that follows where refs are as in `refs`, which are then as it leaves them. `corrupt-log`
 * when one of them is not what it says was before.
 */
export function resolveEntry(entry: ParsedEntry, refs: Map<string, Id>): LogEntry {
  const updates = entry.updates.map(({ name, oldStart, new: next }): RefUpdate => {
    const old = refs.get(name)
    if (old?.slice(0, 2 * OLD_BYTES) !== oldStart) {
      throw corruptLog(`entry ${entry.number}`, `${name} was not what it says before it`)
    }
    if (next === undefined) refs.delete(name)
    else refs.set(name, next)
    return { name, old, new: next }
  })
  return { ...entry, updates }
}

function readEntry(reader: ByteReader, number: number, name: string): ParsedEntry {
  const uuid = uuidFromBytes(reader.bytes(16))
  const parts = reader.u8()
  const has = (part: number): boolean => (parts & part) !== 0
  const alone = (has(MOVED_FROM) && !has(MOVED)) || (has(INDEX_TREE) && !has(INDEX))
  if (parts > 0x7f || alone) throw reader.error('unknown flags')
  const features = has(FEATURES) ? readFeatures(reader, name) : []
  const updates = readList(reader, (): ParsedUpdate => {
    const flags = reader.u8()
    const prefix = PREFIXES[flags >> 2]
    if (prefix === undefined) throw reader.error('unknown flags')
    const ref = checkedRefName(reader, prefix + reader.text())
    const oldStart = flags & 1 ? hexOf(reader.bytes(OLD_BYTES)) : undefined
    return { name: ref, oldStart, new: flags & 2 ? reader.id() : undefined }
  })
  const headOld = has(MOVED_FROM) ? { old: readPlace(reader) } : {}
  const head = has(MOVED) ? { head: { ...headOld, new: readPlace(reader) } } : {}
  const who = {
    name: reader.text(),
    email: reader.text(),
    seconds: readSigned(reader),
    offsetMinutes: readSigned(reader),
  }
  const fault = signatureFault(who)
  if (fault !== undefined) throw reader.error(`who wrote it: ${fault}`)
  const message = reader.text()
  const packs = readIds(reader)
  const retiredPacks = has(RETIRED) ? readIds(reader) : []
  const shallow = has(SHALLOW)
    ? { shallow: { added: readIds(reader), removed: readIds(reader) } }
    : {}
  const indexOld = has(INDEX_TREE) ? { old: reader.id() } : {}
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
    ...shallow,
    ...(has(INDEX) ? { index: indexOld } : {}),
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

const MOST_FEATURES = 256
const LONGEST_FEATURE = 100

/**
 * Reads the features that a reader must have; `unsupported-format` where this one has not, `name` being the storage
 * object that says so.
 */
export function readFeatures(reader: ByteReader, name: string): string[] {
  let count = 0
  const features = readList(reader, () => {
    const feature = reader.text()
    if (++count > MOST_FEATURES) throw reader.error(`more than ${MOST_FEATURES} features`)
    if (feature === '' || feature.length > LONGEST_FEATURE) {
      throw reader.error(`a feature of ${feature.length} characters`)
    }
    return feature
  })
  checkFeatures(features, name)
  return features
}

/** Reads the name of a ref: other text could drive a terminal, or be taken for another ref. */
export function readRefName(reader: ByteReader): string {
  return checkedRefName(reader, reader.text())
}

/** Of what is no name: it may be as long as the file. */
const LONGEST_SHOWN = 200

function checkedRefName(reader: ByteReader, name: string): string {
  if (!isRefName(name)) {
    throw reader.error(`not the name of a ref: ${JSON.stringify(name.slice(0, LONGEST_SHOWN))}`)
  }
  return name
}

/** Where HEAD is: the name of a ref, or an id. */
function readPlace(reader: ByteReader): string {
  const text = reader.text()
  return isId(text) ? text : checkedRefName(reader, text)
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
  const hex = hexOf(bytes)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
