// Finds the distinct ones among values, in the order in which they first occur: for each of these the
// number of its first value in `firsts` and how many there are in `counts`, for each value which it is
// in `found`. `table` has 2^bits slots, at least twice `limit`. Returns how many are distinct, −1 once
// there are more than `limit`.

const GOLDEN: u64 = 0x9e3779b97f4a7c15

/** Values of 1, 2, 4 or 8 bytes, by their bits. */
export function distinctValues(
  values: usize,
  count: i32,
  width: i32,
  limit: i32,
  table: usize,
  bits: i32,
  firsts: usize,
  counts: usize,
  found: usize,
): i32 {
  memory.fill(table, 255, <usize>4 << bits)
  const mask = (1 << bits) - 1
  const shift = <u64>(64 - bits)
  let entries = 0
  for (let i = 0; i < count; i++) {
    const value = valueAt(values, i, width)
    let slot = <i32>((value * GOLDEN) >> shift)
    let entry = load<i32>(table + (<usize>slot << 2))
    while (entry !== -1) {
      if (valueAt(values, load<i32>(firsts + (<usize>entry << 2)), width) === value) break
      slot = (slot + 1) & mask
      entry = load<i32>(table + (<usize>slot << 2))
    }
    if (entry === -1) {
      if (entries === limit) return -1
      entry = entries
      entries++
      store<i32>(table + (<usize>slot << 2), entry)
      store<i32>(firsts + (<usize>entry << 2), i)
      store<u32>(counts + (<usize>entry << 2), 0)
    }
    const at = counts + (<usize>entry << 2)
    store<u32>(at, load<u32>(at) + 1)
    store<u16>(found + (<usize>i << 1), <u16>entry)
  }
  return entries
}

@inline
function valueAt(values: usize, i: i32, width: i32): u64 {
  if (width === 8) return load<u64>(values + (<usize>i << 3))
  if (width === 4) return <u64>load<u32>(values + (<usize>i << 2))
  if (width === 2) return <u64>load<u16>(values + (<usize>i << 1))
  return <u64>load<u8>(values + <usize>i)
}

/**
 * Texts: value i is bytes `offsets[i]` to `offsets[i + 1]`. Up to 8 bytes behind the last may be read.
 * @param heads room for `limit` numbers of 64 bits: what is compared first of each that is distinct
 */
export function distinctTexts(
  bytes: usize,
  offsets: usize,
  heads: usize,
  count: i32,
  limit: i32,
  table: usize,
  bits: i32,
  firsts: usize,
  counts: usize,
  found: usize,
): i32 {
  memory.fill(table, 255, <usize>4 << bits)
  const mask = (1 << bits) - 1
  const shift = <u64>(64 - bits)
  let entries = 0
  let place = load<u32>(offsets)
  for (let i = 0; i < count; i++) {
    const from = bytes + <usize>place
    const next = load<u32>(offsets + (<usize>i << 2), 4)
    const length = <usize>(next - place)
    place = next
    const head = headOf(from, length)
    let slot = <i32>((head * GOLDEN) >> shift)
    let entry = load<i32>(table + (<usize>slot << 2))
    while (entry !== -1) {
      if (load<u64>(heads + (<usize>entry << 3)) === head) {
        if (length <= SHORT) break
        const first = offsets + (<usize>load<i32>(firsts + (<usize>entry << 2)) << 2)
        const start = load<u32>(first)
        if (
          <usize>(load<u32>(first, 4) - start) === length &&
          same(bytes + <usize>start, from, length)
        ) {
          break
        }
      }
      slot = (slot + 1) & mask
      entry = load<i32>(table + (<usize>slot << 2))
    }
    if (entry === -1) {
      if (entries === limit) return -1
      entry = entries
      entries++
      store<i32>(table + (<usize>slot << 2), entry)
      store<u64>(heads + (<usize>entry << 3), head)
      store<i32>(firsts + (<usize>entry << 2), i)
      store<u32>(counts + (<usize>entry << 2), 0)
    }
    const tally = counts + (<usize>entry << 2)
    store<u32>(tally, load<u32>(tally) + 1)
    store<u16>(found + (<usize>i << 1), <u16>entry)
  }
  return entries
}

/** Texts up to so many bytes are known by their head: their bytes, and their length in the highest. */
const SHORT: usize = 7

/** Of a longer text the best bits of a hash, which are its highest, and all bits of the highest byte. */
@inline
function headOf(from: usize, length: usize): u64 {
  if (length > SHORT) return (hash(from, length) >> 8) | (<u64>255 << 56)
  const value = load<u64>(from) & ((<u64>1 << (<u64>length << 3)) - 1)
  return value | (<u64>length << 56)
}

// Bytes behind the last text may be read, and are masked away.
@inline
function hash(from: usize, length: usize): u64 {
  let value: u64 = <u64>length * GOLDEN
  let left = length
  let at = from
  while (left > 8) {
    value = (value ^ load<u64>(at)) * GOLDEN
    value ^= value >> 29
    at += 8
    left -= 8
  }
  value ^= load<u64>(at) & (<u64>-1 >> (64 - (<u64>left << 3)))
  return value * GOLDEN
}

@inline
function same(a: usize, b: usize, length: usize): bool {
  let at: usize = 0
  while (at + 8 <= length) {
    if (load<u64>(a + at) !== load<u64>(b + at)) return false
    at += 8
  }
  const left = length - at
  if (left === 0) return true
  return ((load<u64>(a + at) ^ load<u64>(b + at)) & (<u64>-1 >> (64 - (<u64>left << 3)))) === 0
}

/**
 * The opposite for texts: those whose entries are `codes`, end to end, and where each ends. Entry e is
 * bytes `places[e]` to `places[e + 1]` of `entries`. Returns their length; −1 where it passes `total`.
 */
export function gatherTexts(
  codes: usize,
  count: i32,
  entries: usize,
  places: usize,
  target: usize,
  offsets: usize,
  total: i32,
): i32 {
  let length = 0
  store<u32>(offsets, 0)
  for (let i = 0; i < count; i++) {
    const place = places + (<usize>load<u16>(codes + (<usize>i << 1)) << 2)
    const from = load<u32>(place)
    const size = <i32>(load<u32>(place, 4) - from)
    if (size > total - length) return -1
    const to = target + <usize>length
    // What is copied too much the next text overwrites.
    if (size <= 16) v128.store(to, v128.load(entries + <usize>from))
    else memory.copy(to, entries + <usize>from, <usize>size)
    length += size
    store<u32>(offsets + (<usize>i << 2), <u32>length, 4)
  }
  return length
}
