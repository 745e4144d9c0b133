import { planeStride } from './kernels.ts'
import type { PartReader } from './part-reader.ts'
import type { NewParts, Parts } from './parts.ts'
import { readPlanes } from './planes.ts'

// Split: values of a fixed width as they are, the last byte of all of them first, then the byte before
// it …, the first byte last: sign, exponent and mantissa of floats come apart. Each plane is a stream.
// In steps: before them u8, in which bit k is set where plane k has differences: each byte less the one
// before it, modulo 256; the first as it is. Noise around a level has few high steps, whatever the level.

/** Of fewer values differences gain nothing worth a try. */
const TRY_STEPS = 2048
const SAMPLE_BLOCKS = 4
const SAMPLE_ROWS = 512
/** Bits a byte from which on differences are taken for noise: to add them up again would cost more than they gain. */
const NOISE_BITS = 7

/** Planes, as streams, and which of them have differences. */
export interface SplitParts {
  readonly streams: Parts
  /** Bit k for plane k; 0: none. */
  readonly steps: number
}

/** @param bytes values of `width` bytes, one after another, in an array of the kernels */
export function encodeSplit(bytes: Uint8Array, width: number, newParts: NewParts): SplitParts {
  const { kernels } = newParts
  const count = bytes.length / width
  const stride = planeStride(count)
  const streams = newParts()
  let steps = 0
  kernels.scope(() => {
    const planes = kernels.bytes(width * stride)
    kernels.run.split(bytes.byteOffset, count, width, planes.byteOffset, stride)
    for (let k = 0; k < width; k++) {
      const plane = planes.subarray(k * stride, k * stride + count)
      const plain = newParts().stream(plane.slice())
      const stepped = steppedPlane(plane, plain, newParts)
      if (stepped !== undefined) steps |= 1 << k
      streams.append(stepped ?? plain)
    }
  })
  return { streams, steps }
}

/** The differences of a plane, which lies in an array of the kernels, where they take less room than it does. */
function steppedPlane(plane: Uint8Array, plain: Parts, newParts: NewParts): Parts | undefined {
  if (!newParts.thorough && !mayHaveFewSteps(plane)) return undefined
  const { kernels } = newParts
  const steps = kernels.scope(() => {
    const target = kernels.bytes(planeStride(plane.length))
    kernels.run.stepBytes(plane.byteOffset, target.byteOffset, plane.length)
    return target.slice(0, plane.length)
  })
  const stepped = newParts().stream(steps)
  return stepped.separateSize() < plain.separateSize() ? stepped : undefined
}

/** Whether, by a sample, there are differences, and they are not mostly noise. */
function mayHaveFewSteps(plane: Uint8Array): boolean {
  if (plane.length < TRY_STEPS) return false
  const counts = new Uint16Array(256)
  for (let block = 0; block < SAMPLE_BLOCKS; block++) {
    const start = 1 + Math.floor(((plane.length - SAMPLE_ROWS - 1) * block) / (SAMPLE_BLOCKS - 1))
    for (let i = start; i < start + SAMPLE_ROWS; i++) counts[(plane[i]! - plane[i - 1]!) & 255]!++
  }
  const taken = SAMPLE_BLOCKS * SAMPLE_ROWS
  if (counts[0] === taken) return false
  let bits = 0
  for (const count of counts) if (count > 0) bits += count * Math.log2(taken / count)
  return bits < NOISE_BITS * taken
}

/**
 * Fills `target` with values of `width` bytes.
 * @param steps as {@link SplitParts} has it
 */
export function decodeSplit(
  reader: PartReader,
  width: number,
  target: Uint8Array,
  steps: number,
): void {
  const { kernels } = reader
  const count = target.length / width
  const stride = planeStride(count)
  kernels.scope(() => {
    const placed = readPlanes(reader, width, count)
    for (let k = 0; k < width; k++) {
      if (steps & (1 << k)) kernels.run.sumBytes(placed.byteOffset + k * stride, count)
    }
    const values = kernels.owns(target) ? target : kernels.bytes(target.length)
    kernels.run.join(placed.byteOffset, stride, count, width, values.byteOffset)
    if (values !== target) target.set(values)
  })
}
