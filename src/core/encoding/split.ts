import type { PartReader } from './part-reader.ts'
import type { Parts } from './parts.ts'

// Split: values of a fixed width as they are, the last byte of all of them first, then the byte before
// it …, the first byte last: sign, exponent and mantissa of floats come apart. Each plane is a stream.

/** @param bytes values of `width` bytes, one after another */
export function encodeSplit(bytes: Uint8Array, width: number, parts: Parts): Parts {
  const count = bytes.length / width
  for (let byte = width - 1; byte >= 0; byte--) {
    const plane = new Uint8Array(count)
    for (let i = 0, at = byte; i < count; i++, at += width) plane[i] = bytes[at]!
    parts.stream(plane)
  }
  return parts
}

/** Fills `target` with values of `width` bytes. */
export function decodeSplit(reader: PartReader, width: number, target: Uint8Array): void {
  const count = target.length / width
  for (let byte = width - 1; byte >= 0; byte--) {
    const plane = reader.stream(count)
    for (let i = 0, at = byte; i < count; i++, at += width) target[at] = plane[i]!
  }
}
