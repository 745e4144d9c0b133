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
 * The planes of `values[from]` and all after it, highest first. The values are whole numbers that fit
 * `bytes` bytes: in zigzag form (0, −1, 1, −2 … as 0, 1, 2, 3 …) where `zigzag`, else not negative.
 */
export function toPlanes(
  values: Float64Array,
  from: number,
  bytes: number,
  zigzag: boolean,
): Uint8Array[] {
  const count = values.length - from
  const planes = Array.from({ length: bytes }, () => new Uint8Array(count))
  if (bytes === 0) return planes
  if (bytes > 4) {
    wide(values, from, planes, zigzag)
    return planes
  }
  // The lowest plane in a loop of its own: most columns have no other.
  const low = planes[bytes - 1]!
  if (zigzag) {
    for (let i = 0; i < count; i++) {
      const value = values[from + i]! | 0
      low[i] = (value << 1) ^ (value >> 31)
    }
  } else {
    for (let i = 0; i < count; i++) low[i] = values[from + i]! | 0
  }
  for (let plane = bytes - 2; plane >= 0; plane--) {
    const shift = 8 * (bytes - 1 - plane)
    const target = planes[plane]!
    if (zigzag) {
      for (let i = 0; i < count; i++) {
        const value = values[from + i]! | 0
        target[i] = ((value << 1) ^ (value >> 31)) >>> shift
      }
    } else {
      for (let i = 0; i < count; i++) target[i] = (values[from + i]! | 0) >>> shift
    }
  }
  return planes
}

function wide(
  values: Float64Array,
  from: number,
  planes: readonly Uint8Array[],
  zigzag: boolean,
): void {
  const last = planes.length - 1
  for (let i = 0; i < values.length - from; i++) {
    const value = values[from + i]!
    let rest = zigzag ? (value < 0 ? -2 * value - 1 : 2 * value) : value
    for (let plane = last; plane >= 0; plane--) {
      const above = Math.floor(rest / 256)
      planes[plane]![i] = rest - above * 256
      rest = above
    }
  }
}

/** The numbers of {@link toPlanes}, into `target[from]` and all after it. */
export function fromPlanes(
  planes: readonly Uint8Array[],
  target: Float64Array,
  from: number,
  zigzag: boolean,
): void {
  const count = target.length - from
  const bytes = planes.length
  if (bytes === 0) {
    target.fill(0, from)
    return
  }
  if (bytes > 4) {
    for (let i = 0; i < count; i++) {
      let value = 0
      for (let plane = 0; plane < bytes; plane++) value = value * 256 + planes[plane]![i]!
      target[from + i] = zigzag ? unzigzag(value) : value
    }
    return
  }
  const low = planes[bytes - 1]!
  if (bytes === 1) {
    if (zigzag) for (let i = 0; i < count; i++) target[from + i] = (low[i]! >>> 1) ^ -(low[i]! & 1)
    else for (let i = 0; i < count; i++) target[from + i] = low[i]!
    return
  }
  if (bytes === 2) {
    const high = planes[0]!
    for (let i = 0; i < count; i++) {
      const value = (high[i]! << 8) | low[i]!
      target[from + i] = zigzag ? (value >>> 1) ^ -(value & 1) : value
    }
    return
  }
  const top = bytes === 4 ? planes[0]! : undefined
  const upper = planes[bytes - 3]!
  const middle = planes[bytes - 2]!
  for (let i = 0; i < count; i++) {
    const value =
      ((top === undefined ? 0 : top[i]! << 24) |
        (upper[i]! << 16) |
        (middle[i]! << 8) |
        low[i]!) >>>
      0
    target[from + i] = zigzag ? (value >>> 1) ^ -(value & 1) : value
  }
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
