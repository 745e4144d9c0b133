import { ByteReader, ByteWriter } from '../core/bytes.ts'
import { hasCode } from '../core/errors.ts'
import { decodeEntry, type LogEntry } from './log-entry.ts'
import { corruptLog, seal, unseal } from './log-envelope.ts'
import { logName } from './log-names.ts'

// The content of an archive, after the envelope's head: the entries that a checkpoint covers, as
// they stood in the log. Its name is the number of its last entry.
//
//   first            varint, number of the first entry
//   entries          list of: varint length, the entry with its envelope

/** An entry and its bytes as published. */
export interface RawEntry {
  readonly entry: LogEntry
  readonly bytes: Uint8Array
}

export function encodeArchive(entries: readonly RawEntry[]): Uint8Array {
  const writer = new ByteWriter(4096).varint(entries[0]?.entry.number ?? 0).varint(entries.length)
  for (const { bytes } of entries) writer.lengthPrefixed(bytes)
  return seal('varveLA', writer.finish())
}

/** The entries of an archive, the oldest first. */
export function decodeArchive(bytes: Uint8Array, name: string): LogEntry[] {
  const reader = new ByteReader(unseal('varveLA', bytes, name), 'corrupt-log')
  try {
    const first = reader.varint()
    const count = reader.varint()
    const entries: LogEntry[] = []
    for (let number = first; number < first + count; number++) {
      entries.push(decodeEntry(reader.lengthPrefixed(), number, logName('log', number)))
    }
    reader.expectEnd()
    return entries
  } catch (error) {
    if (hasCode(error, 'corrupt-log') && error.data.name === undefined) {
      throw corruptLog(name, error.message, error)
    }
    throw error
  }
}
