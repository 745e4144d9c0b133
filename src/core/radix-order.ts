const DIGIT_BITS = 11
const BUCKETS = 1 << DIGIT_BITS

/**
 * Sorts row numbers by keys of `stride` 32-bit words each, most significant first: from the least
 * significant digit up, each pass stable, passes in which all rows have the same digit left out.
 * `rows` holds 0, 1, 2… and is changed; the result is it or an array as long.
 */
export function radixOrder(words: Uint32Array, stride: number, rows: Uint32Array): Uint32Array {
  const count = rows.length
  let from = rows
  let to: Uint32Array = new Uint32Array(count)
  // The word that is being sorted by moves along with the rows: fetching it through the row number
  // in every pass would miss the cache at every row.
  let word: Uint32Array = new Uint32Array(count)
  let moved: Uint32Array = new Uint32Array(count)
  for (let index = stride - 1; index >= 0; index--) {
    if (isConstant(words, stride, index)) continue
    for (let i = 0; i < count; i++) word[i] = words[from[i]! * stride + index]!
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      const starts = startsOfDigits(word, shift)
      if (starts === undefined) continue
      for (let i = 0; i < count; i++) {
        const value = word[i]!
        const at = starts[(value >>> shift) & (BUCKETS - 1)]!++
        to[at] = from[i]!
        moved[at] = value
      }
      ;[from, to] = [to, from]
      ;[word, moved] = [moved, word]
    }
  }
  return from
}

function isConstant(words: Uint32Array, stride: number, index: number): boolean {
  for (let at = index; at < words.length; at += stride) {
    if (words[at] !== words[index]) return false
  }
  return true
}

/** Where each digit's rows begin; undefined where all rows have the same digit. */
function startsOfDigits(word: Uint32Array, shift: number): Uint32Array | undefined {
  const starts = new Uint32Array(BUCKETS)
  for (let i = 0; i < word.length; i++) starts[(word[i]! >>> shift) & (BUCKETS - 1)]!++
  if (starts[(word[0]! >>> shift) & (BUCKETS - 1)] === word.length) return undefined
  let sum = 0
  for (let digit = 0; digit < BUCKETS; digit++) {
    const count = starts[digit]!
    starts[digit] = sum
    sum += count
  }
  return starts
}
