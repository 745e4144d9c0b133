import type { ByteReader, ByteWriter } from './bytes.ts'
import { MAX_KEY_BYTES } from './key.ts'
import type { ProllyEntry, ProllyFormat } from './prolly.ts'
import {
  decodeChunks,
  encodeChunks,
  INLINE_COLUMNS,
  type SegmentColumns,
} from './series-columns.ts'
import { SEGMENT_ROWS } from './split.ts'

// Entry of a segment, at level 0 of a series' tree of segments:
//
//   varint n, n bytes   first key
//   varint n, n bytes   last key
//   varint              rows, at most 32,768
//   up to 16 columns:   their chunk lists (series-columns.ts), one after another
//   more columns:       32 bytes id of a `columns` object

/** A segment: its first and last key, its rows (`weight`), and where its columns are (`value`). */
export type SegmentEntry = ProllyEntry<SegmentColumns>

/** How the entries of a series with this many columns are laid out. */
export function segmentFormat(columnCount: number): ProllyFormat<SegmentColumns> {
  return {
    kind: 'segments',
    encodeEntry(writer: ByteWriter, { key, last, weight, value }: SegmentEntry): void {
      writer.lengthPrefixed(key).lengthPrefixed(last).varint(weight)
      if (typeof value === 'string') writer.id(value)
      else for (const chunks of value) encodeChunks(writer, chunks)
    },
    decodeEntry(reader: ByteReader): SegmentEntry {
      const key = reader.lengthPrefixed()
      const last = reader.lengthPrefixed()
      if (key.length > MAX_KEY_BYTES || last.length > MAX_KEY_BYTES) {
        throw reader.error('a key is too long')
      }
      const weight = reader.varint()
      if (weight === 0 || weight > SEGMENT_ROWS) throw reader.error(`a segment of ${weight} rows`)
      const value =
        columnCount > INLINE_COLUMNS
          ? reader.id()
          : Array.from({ length: columnCount }, () => decodeChunks(reader, weight))
      return { key, last, weight, value }
    },
  }
}
