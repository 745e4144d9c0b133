const DIGIT_BITS = 11
const BUCKETS = 1 << DIGIT_BITS

/**
 * Sorts row numbers by keys of `stride` 32-bit words each, most significant first: from the least
 * significant digit up, each pass stable, passes in which all rows have the same digit left out.
 * Changes `rows`; returns it or an array as long.
 */
export function radixOrder(words: Uint32Array, stride: number, rows: Uint32Array): Uint32Array {
  let from: Uint32Array = rows
  let to: Uint32Array = new Uint32Array(rows.length)
  for (let word = stride - 1; word >= 0; word--) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      const starts = countDigits(words, stride, word, shift)
      if (starts === undefined) continue
      for (let i = 0; i < from.length; i++) {
        const row = from[i]!
        const digit = (words[row * stride + word]! >>> shift) & (BUCKETS - 1)
        to[starts[digit]!++] = row
      }
      const swap = from
      from = to
      to = swap
    }
  }
  return from
}

/** Where each digit's rows begin; undefined where all rows have the same digit. */
function countDigits(
  words: Uint32Array,
  stride: number,
  word: number,
  shift: number,
): Uint32Array | undefined {
  const counts = new Uint32Array(BUCKETS)
  for (let at = word; at < words.length; at += stride) {
    counts[(words[at]! >>> shift) & (BUCKETS - 1)]!++
  }
  const rows = words.length / stride
  if (counts[(words[word]! >>> shift) & (BUCKETS - 1)] === rows) return undefined
  let sum = 0
  for (let digit = 0; digit < BUCKETS; digit++) {
    const count = counts[digit]!
    counts[digit] = sum
    sum += count
  }
  return counts
}
