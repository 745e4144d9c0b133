// Records of a table in text (`plain-records.ts` of the CSV format): 64 bytes at a time are asked for what
// may end a cell, a stretch of them at a time is then cut into records.

const LF: u8 = 0x0a
const CR: u8 = 0x0d
const QUOTE: u8 = 0x22

/** So many bytes are looked at before the records in them are cut: little, as what is behind a stray one was looked at in vain. */
const STRETCH = 4096

/** Where `value` is among 64 bytes, a bit for each. */
@inline
function bitsOf(bytes: usize, value: v128): u64 {
  return (
    <u64>i8x16.bitmask(i8x16.eq(v128.load(bytes), value)) |
    (<u64>i8x16.bitmask(i8x16.eq(v128.load(bytes, 16), value)) << 16) |
    (<u64>i8x16.bitmask(i8x16.eq(v128.load(bytes, 32), value)) << 32) |
    (<u64>i8x16.bitmask(i8x16.eq(v128.load(bytes, 48), value)) << 48)
  )
}

/** Marks the bytes of a vector that end a cell where all is plain. */
@inline
function stopsIn(v: v128, delimiter: v128): v128 {
  return v128.or(i8x16.eq(v, delimiter), i8x16.eq(v, i8x16.splat(LF)))
}

/** Marks the bytes of a vector that may be anything but plain. */
@inline
function othersIn(v: v128): v128 {
  const quotes = i8x16.eq(v, i8x16.splat(QUOTE))
  return v128.or(quotes, v128.or(i8x16.eq(v, i8x16.splat(CR)), i8x16.eq(v, i8x16.splat(0))))
}

@inline
function joined(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u64>i8x16.bitmask(a) | (<u64>i8x16.bitmask(b) << 16)
  return low | (<u64>i8x16.bitmask(c) << 32) | (<u64>i8x16.bitmask(d) << 48)
}

/** Notes where the lowest two bits lie, and clears them; of fewer, anything. */
@inline
function noteTwo(bits: u64, base: i32, target: usize): u64 {
  store<i32>(target, base + <i32>ctz(bits))
  bits &= bits - 1
  store<i32>(target, base + <i32>ctz(bits), 4)
  return bits & (bits - 1)
}

/**
 * Cuts records of `width` cells, at most `maxRows` of them, from the beginning of `count` bytes, up to one
 * that is not whole, or has a quote, a NUL, a lone CR, another number of cells, or nothing in any of
 * them. For each cell its start << 2 and its end, for each record where it begins, all counted
 * from `base`. Returns how many, and puts at `consumed` how many bytes they take.
 *
 * @param ends with room for as many more as a stretch has bytes, and six
 */
export function cutRecords(
  bytes: usize,
  count: i32,
  base: i32,
  delimiter: i32,
  width: i32,
  maxRows: i32,
  starts: usize,
  ends: usize,
  offsets: usize,
  consumed: usize,
): i32 {
  const delimiters = i8x16.splat(<i8>delimiter)
  const text = bytes - <usize>base
  const step = <usize>width << 2
  let rows = 0
  let record = base
  // In `ends`, behind the records that were cut: where cells of the next may end, as far as that is known.
  let next: usize = 0
  let found = ends
  let isPlain = true
  for (let at = 0; isPlain && rows < maxRows && at < count; ) {
    const until = min(count, at + STRETCH)
    for (; at < until; at += 64) {
      const block = bytes + <usize>at
      const a = v128.load(block)
      const b = v128.load(block, 16)
      const c = v128.load(block, 32)
      const d = v128.load(block, 48)
      let stops = joined(
        stopsIn(a, delimiters),
        stopsIn(b, delimiters),
        stopsIn(c, delimiters),
        stopsIn(d, delimiters),
      )
      if (count - at < 64) stops &= (<u64>1 << (count - at)) - 1
      const others = v128.or(
        v128.or(othersIn(a), othersIn(b)),
        v128.or(othersIn(c), othersIn(d)),
      )
      if (v128.any_true(others)) {
        const stray = strayAmong(block, count - at, delimiters)
        if (stray != 0) {
          stops &= (stray & -stray) - 1
          isPlain = false
        }
      }
      const end = found + (<usize>popcnt(stops) << 2)
      // Six at a time without a look at how many there are: a guess that fails costs more.
      for (; found < end; found += 24) {
        stops = noteTwo(stops, base + at, found)
        stops = noteTwo(stops, base + at, found + 8)
        stops = noteTwo(stops, base + at, found + 16)
      }
      found = end
      if (!isPlain) break
    }
    for (; rows < maxRows && ends + next + step <= found; rows++) {
      let cell = record
      const last = next + step - 4
      for (; next < last; next += 4) {
        const end = load<i32>(ends + next)
        if (<i32>load<u8>(text + <usize>end) != delimiter) break
        store<i32>(starts + next, cell << 2)
        cell = end + 1
      }
      const stop = load<i32>(ends + last)
      if (next != last || load<u8>(text + <usize>stop) != LF) {
        isPlain = false
        break
      }
      const end = stop > record && load<u8>(text + <usize>(stop - 1)) == CR ? stop - 1 : stop
      // Nothing but delimiters.
      if (end - record == width - 1) {
        isPlain = false
        break
      }
      store<i32>(starts + next, cell << 2)
      store<i32>(ends + next, end)
      store<i32>(offsets + (<usize>rows << 2), record)
      next += 4
      record = stop + 1
    }
  }
  store<u32>(consumed, <u32>(record - base))
  return rows
}

/** A bit for each of the next `count` bytes, at most 64, that is a quote, a NUL or a CR without an LF behind it. */
function strayAmong(bytes: usize, count: i32, delimiters: v128): u64 {
  const lines = bitsOf(bytes, i8x16.splat(LF))
  const behind = count > 64 && load<u8>(bytes, 64) == LF
  const returns = bitsOf(bytes, i8x16.splat(CR)) & ~((lines >> 1) | (<u64>behind << 63))
  const quotes = bitsOf(bytes, i8x16.splat(QUOTE))
  const zeros = bitsOf(bytes, i8x16.splat(0)) & ~bitsOf(bytes, delimiters)
  const stray = returns | quotes | zeros
  return count < 64 ? stray & ((<u64>1 << count) - 1) : stray
}
