import { ByteReader, ByteWriter } from '../core/bytes.ts'
import type { Id } from '../core/id.ts'
import {
  decodeContent,
  encodeContent,
  type LogEntry,
  type ParsedEntry,
  readList,
  readRefName,
  resolveEntry,
  writeList,
} from './log-entry.ts'
import { faultIn, seal, unseal } from './log-envelope.ts'
import { decodeBody, RAW, ZSTD } from './pack-encoding.ts'
import { loadZstd } from './zstd.ts'

// The content of an archive, after the envelope's head: the entries that a checkpoint covers, but for
// the packs that they named, which say nothing any more. Its name is the number of its last entry.
//
//   first            varint, number of the first entry
//   refs             list of: name (text), 32 bytes; those that the entries change, as they were before
//   method           u8: 0 as they are, 1 one zstd frame
//   length           varint, of the entries
//   entries          list of: varint length, the entry without envelope

const LEVEL = 12
/**
 * More bytes of entries than this are not packed: what is made of them takes many times their bytes, and an
 * archive may take no more memory than what it takes on disk accounts for. 128 entries are mostly some 20 KB.
 */
const LONGEST_PACKED = 2 * 1024 * 1024

/**
 * @param entries one after another, of which the first follows where refs are as in `before`
 */
export async function encodeArchive(
  entries: readonly ParsedEntry[],
  before: ReadonlyMap<string, Id | undefined>,
): Promise<Uint8Array> {
  const names = new Set(entries.flatMap(({ updates }) => updates.map(({ name }) => name)))
  const refs = [...names].flatMap((name) => {
    const id = before.get(name)
    return id === undefined ? [] : [{ name, id }]
  })
  const list = new ByteWriter(4096)
  writeList(list, entries, ({ retiredPacks: _, ...entry }) => {
    list.lengthPrefixed(encodeContent({ ...entry, packs: [] }))
  })
  const plain = list.finish()
  const zstd = await loadZstd()
  const frame = plain.length > LONGEST_PACKED ? undefined : zstd.compress(plain, LEVEL)
  const writer = new ByteWriter(4096).varint(entries[0]?.number ?? 0)
  writeList(writer, refs, ({ name, id }) => writer.text(name).id(id))
  writer.u8(frame === undefined ? RAW : ZSTD).varint(plain.length)
  return seal('varveLA', writer.bytes(frame ?? plain).finish())
}

/** The entries of an archive, the oldest first, without packs. */
export async function decodeArchive(bytes: Uint8Array, name: string): Promise<LogEntry[]> {
  const reader = new ByteReader(unseal('varveLA', bytes, name), 'corrupt-log')
  try {
    const first = reader.varint()
    const refs = new Map(readList(reader, (): [string, Id] => [readRefName(reader), reader.id()]))
    const method = reader.u8()
    if (method !== RAW && method !== ZSTD) throw reader.error('entries of unknown method')
    const length = reader.varint()
    if (method === ZSTD && length > LONGEST_PACKED) {
      throw reader.error(`${length} bytes of entries in a frame`)
    }
    const list = new ByteReader(
      await decodeBody(method, reader.bytes(reader.remaining), length),
      'corrupt-log',
    )
    let number = first
    const entries = readList(list, () => {
      const entry = decodeContent(list.lengthPrefixed(), number, name)
      number++
      return resolveEntry(entry, refs)
    })
    list.expectEnd()
    return entries
  } catch (error) {
    throw faultIn(name, error)
  }
}
