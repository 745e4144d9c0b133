/**
 * How far 64-bit integers surely rise: from `values[from − 1]` on, each exceeds the one before it by `least` (0: it may
 * be equal; 1) up to the row that is returned, which nothing is said about. Where the first is not positive that
 * is `from`.
 *
 * Bits of positive doubles order as those of positive integers do, and a double is read at once; what is no such bits, as those
 * of a NaN, compares as false.
 *
 * @param halves of each integer, low first
 */
export function risesUntil(halves: Uint32Array, from: number, least: 0 | 1): number {
  const { buffer, byteOffset, length } = halves
  if (byteOffset % 8 !== 0) return from
  const values = new Float64Array(buffer, byteOffset, length >>> 1)
  let row = from
  let before = values[from - 1]!
  if (!(before > 0)) return from
  if (least === 1) {
    for (; row < values.length; row++) {
      const value = values[row]!
      if (!(value > before)) break
      before = value
    }
  } else {
    for (; row < values.length; row++) {
      const value = values[row]!
      if (!(value >= before)) break
      before = value
    }
  }
  return row
}
