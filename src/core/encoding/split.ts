import { planeStride } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import type { NewParts, Parts } from './parts.ts'
import { readPlanes, takePlanes } from './planes.ts'

// Split: values of a fixed width as they are, the last byte of all of them first, then the byte before
// it …, the first byte last: sign, exponent and mantissa of floats come apart. Each plane is a stream.

/** @param bytes values of `width` bytes, one after another, in an array of the kernels */
export function encodeSplit(bytes: Uint8Array, width: number, newParts: NewParts): Parts {
  const { kernels } = newParts
  const count = bytes.length / width
  const stride = planeStride(count)
  const planes = kernels.scope(() => {
    const target = kernels.bytes(width * stride)
    kernels.run.split(bytes.byteOffset, count, width, target.byteOffset, stride)
    return takePlanes(target, width, stride, count)
  })
  const parts = newParts()
  for (const plane of planes) parts.stream(plane)
  return parts
}

/** Fills `target` with values of `width` bytes. */
export function decodeSplit(reader: PartReader, width: number, target: Uint8Array): void {
  const { kernels } = reader
  const count = target.length / width
  const stride = planeStride(count)
  kernels.scope(() => {
    const placed = readPlanes(reader, width, count)
    const values = kernels.owns(target) ? target : kernels.bytes(target.length)
    kernels.run.join(placed.byteOffset, stride, count, width, values.byteOffset)
    if (values !== target) target.set(values)
  })
}
