import { isBytesType } from '../column.ts'
import { takeApart } from './layout.ts'

// What a dictionary is made of: canonical bytes, but in a column of texts in place of offsets, of which
// all change with one text that is put in, the lengths of the texts: 4 bytes each, and 0 in front.

/** The bytes with lengths in place of offsets; as they are where they are no column of texts. */
export function withLengths(canonical: Uint8Array): Uint8Array {
  return replaceOffsets(canonical, (offsets) => {
    for (let row = offsets.length - 1; row > 0; row--) offsets[row]! -= offsets[row - 1]!
  })
}

/** The bytes of which {@link withLengths} made these. */
export function withOffsets(bytes: Uint8Array): Uint8Array {
  return replaceOffsets(bytes, (offsets) => {
    for (let row = 1; row < offsets.length; row++) offsets[row]! += offsets[row - 1]!
  })
}

function replaceOffsets(bytes: Uint8Array, replace: (offsets: Uint32Array) => void): Uint8Array {
  const pieces = takeApart(bytes)
  if (pieces === undefined || !isBytesType(pieces.type)) return bytes
  const result = new Uint8Array(bytes)
  replace(new Uint32Array(result.buffer, pieces.start, pieces.rows + 1))
  return result
}
