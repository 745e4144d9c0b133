import { countsOf, entropySize } from './entropy.ts'
import { type Kernels, planeStride } from './kernels.ts'
import { takePlanes } from './planes.ts'

// Low bits: the last bits of whole numbers are as good as noise where the numbers scatter widely. They are kept as
// they are, `bits` of each, one behind another, least significant bit first, zeros behind the last; only what is above
// them is in planes. These have fewer different bytes then, and there may be fewer of them.

/** What the lowest plane has to shrink to: where it gains less, the planes above it lose as much. */
const WORTH = 0.988
/** At least one bit of a byte is in a plane. */
export const MOST_LOW_BITS = 7

export function lowLength(bits: number, count: number): number {
  return Math.ceil((bits * count) / 8)
}

/** Bytes that so many low bits of `count` values take beside what `counts`, how often each last byte comes, says of the others. */
function sizeWith(bits: number, counts: Uint32Array, count: number): number {
  const groups = new Uint32Array(256 >> bits)
  for (let byte = 0; byte < 256; byte++) groups[byte >> bits]! += counts[byte]!
  return lowLength(bits, count) + entropySize(groups, count)
}

/** How many low bits make the lowest plane shortest; 0 where that is hardly shorter. */
export function likelyLowBits(plane: Uint8Array, kernels: Kernels): number {
  const { length } = plane
  const counts = countsOf(plane, kernels)
  let best = 0
  let least = WORTH * Math.min(length, entropySize(counts, length))
  for (let bits = 1; bits <= MOST_LOW_BITS; bits++) {
    const size = sizeWith(bits, counts, length)
    if (size < least) {
      best = bits
      least = size
    }
  }
  return best
}

/** What is above the low bits in planes, highest first, none of which would be all zeros at the front; and the low bits. */
export function takeLowBits(
  planes: readonly Uint8Array[],
  bits: number,
  kernels: Kernels,
): { planes: Uint8Array[]; low: Uint8Array } {
  const number = planes.length
  const count = planes[0]!.length
  const stride = planeStride(count)
  return kernels.scope(() => {
    const placed = kernels.bytes(number * stride)
    planes.forEach((plane, i) => {
      placed.set(plane, i * stride)
    })
    const low = kernels.bytes(lowLength(bits, count))
    const { run } = kernels
    run.takeLow(placed.byteOffset, stride, number, count, bits, low.byteOffset)
    const above = takePlanes(placed, number, stride, count)
    const isZero = above[0]!.every((byte) => byte === 0)
    return { planes: isZero ? above.slice(1) : above, low: low.slice() }
  })
}
