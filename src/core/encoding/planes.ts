import { type Kernels, planeStride } from './kernels.ts'
import type { PartReader } from './part-reader.ts'

// Byte planes: whole numbers of the same width, the highest bytes of all of them first, the lowest
// last. Where numbers are small or alike, whole planes are zero or nearly so.

/** Numbers from here on do not fit: their zigzag form would pass 2^53. */
export const RESIDUAL_LIMIT = 2 ** 52

/** Bytes that whole numbers up to `largest` take: 0 to 7. */
export function bytesFor(largest: number): number {
  let bytes = 0
  for (let rest = largest; rest >= 1; rest = Math.floor(rest / 256)) bytes++
  return bytes
}

/**
 * The planes of `values[from]` and all after it, highest first. The values, in an array of the kernels,
 * are whole numbers that fit `bytes` bytes: in zigzag form (0, −1, 1, −2 … as 0, 1, 2, 3 …) where
 * `zigzag`, else not negative.
 */
export function toPlanes(
  values: Float64Array,
  from: number,
  bytes: number,
  zigzag: boolean,
  kernels: Kernels,
): Uint8Array[] {
  const count = values.length - from
  const stride = planeStride(count)
  return kernels.scope(() => {
    const planes = kernels.bytes(bytes * stride)
    const at = values.byteOffset + 8 * from
    kernels.run.toPlanes(at, count, bytes, zigzag, planes.byteOffset, stride)
    return takePlanes(planes, bytes, stride, count)
  })
}

/** Copies of planes that kernels wrote. */
export function takePlanes(
  planes: Uint8Array,
  number: number,
  stride: number,
  count: number,
): Uint8Array[] {
  return Array.from({ length: number }, (_, i) => planes.slice(i * stride, i * stride + count))
}

/** The next streams, as planes of `count` bytes where kernels read them. */
export function readPlanes(reader: PartReader, number: number, count: number): Uint8Array {
  const stride = planeStride(count)
  const placed = reader.kernels.bytes(number * stride)
  for (let i = 0; i < number; i++) {
    reader.streamInto(placed.subarray(i * stride, i * stride + count))
  }
  return placed
}
