import { type ByteReader, type ByteWriter, compareBytes } from '../../src/core/bytes.ts'
import type { ProllyEdit, ProllyEntry, ProllyFormat } from '../../src/core/prolly.ts'
import { endsNode } from '../../src/core/prolly-node.ts'

/** Entries with a number for a value, which spans and weights may vary with. */
export const numbers: ProllyFormat<number> = {
  kind: 'segments',
  encodeEntry(writer: ByteWriter, { key, last, weight, value }) {
    writer.lengthPrefixed(key).lengthPrefixed(last).varint(weight).varint(value)
  },
  decodeEntry(reader: ByteReader) {
    const key = reader.lengthPrefixed()
    const last = reader.lengthPrefixed()
    return { key, last, weight: reader.varint(), value: reader.varint() }
  },
}

/** The big-endian bytes of a whole number below 2^32. */
export function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, number)
  return key
}

export function entryOf(number: number, value = number, weight = 1): ProllyEntry<number> {
  const key = keyOf(number)
  return { key, last: key, weight, value }
}

export function putOf(number: number, value = number): ProllyEdit<number> {
  return { key: keyOf(number), entry: entryOf(number, value) }
}

export function removalOf(number: number): ProllyEdit<number> {
  return { key: keyOf(number), entry: undefined }
}

export function sortEdits(edits: ProllyEdit<number>[]): ProllyEdit<number>[] {
  return edits.sort((a, b) => compareBytes(a.key, b.key))
}

/** The entries that a map from key number to value stands for. */
export function entriesOf(values: ReadonlyMap<number, number>): ProllyEntry<number>[] {
  return [...values.keys()].sort((a, b) => a - b).map((n) => entryOf(n, values.get(n)!))
}

/**
 * Key numbers of which a quarter each ends nodes on level 0, 1 and 2, so that small trees are
 * tall: nodes have 4 entries on average rather than 24.
 */
export function steepKeys(count: number): number[] {
  const keys: number[] = []
  for (let number = 0; keys.length < count; number++) {
    const key = keyOf(number)
    if (number % 24 === 0 || [0, 1, 2].some((level) => endsNode(level, key))) keys.push(number)
  }
  return keys
}

/** Key numbers none of which ends a node, at any of the lowest four levels. */
export function flatKeys(count: number): number[] {
  const keys: number[] = []
  for (let number = 0; keys.length < count; number++) {
    if (![0, 1, 2, 3].some((level) => endsNode(level, keyOf(number)))) keys.push(number)
  }
  return keys
}
