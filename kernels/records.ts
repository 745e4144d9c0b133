// Records of a table in text (`plain-records.ts` of the CSV format): 64 bytes at a time are asked for what
// may end a cell.

const LF: u8 = 0x0a
const CR: u8 = 0x0d
const QUOTE: u8 = 0x22

@inline
function among(v: v128, delimiter: v128): u32 {
  const lines = v128.or(i8x16.eq(v, i8x16.splat(LF)), i8x16.eq(v, i8x16.splat(CR)))
  const others = v128.or(i8x16.eq(v, i8x16.splat(QUOTE)), i8x16.eq(v, i8x16.splat(0)))
  return <u32>i8x16.bitmask(v128.or(i8x16.eq(v, delimiter), v128.or(lines, others)))
}

/** A bit for each of `count` bytes, at most 64, that may end a cell. */
@inline
function stopsAmong(bytes: usize, count: i32, delimiter: v128): u64 {
  let stops = <u64>among(v128.load(bytes), delimiter)
  if (count >= 64) {
    stops |= <u64>among(v128.load(bytes, 16), delimiter) << 16
    stops |= <u64>among(v128.load(bytes, 32), delimiter) << 32
    return stops | (<u64>among(v128.load(bytes, 48), delimiter) << 48)
  }
  for (let at = 16; at < count; at += 16) {
    stops |= <u64>among(v128.load(bytes + <usize>at), delimiter) << at
  }
  return stops & ((<u64>1 << count) - 1)
}

/**
 * Cuts records of `width` cells, at most `maxRows` of them, from the beginning of `count` bytes, up to one
 * that is not whole, or has a quote, a NUL, a lone CR, another number of cells, or nothing in any of
 * them. For each cell its start << 2 and its end, for each record where it begins, all counted
 * from `base`. Returns how many, and puts at `consumed` how many bytes they take.
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
  let rows = 0
  let record = 0
  let cell = 0
  let cells = 0
  let next: usize = 0
  for (let at = 0; at < count; at += 64) {
    let stops = stopsAmong(bytes + <usize>at, count - at, delimiters)
    while (stops != 0) {
      const position = at + <i32>ctz(stops)
      stops &= stops - 1
      const stop = load<u8>(bytes + <usize>position)
      let end = position
      if (<i32>stop != delimiter) {
        if (stop == CR && position + 1 < count && load<u8>(bytes + <usize>position, 1) == LF) continue
        if (stop == LF && position > record && load<u8>(bytes + <usize>(position - 1)) == CR) end--
        if (stop != LF || cells + 1 != width || end - record == cells) {
          store<u32>(consumed, <u32>record)
          return rows
        }
      } else if (cells + 1 == width) {
        store<u32>(consumed, <u32>record)
        return rows
      }
      store<i32>(starts + next, (base + cell) << 2)
      store<i32>(ends + next, base + end)
      next += 4
      cell = position + 1
      cells++
      if (<i32>stop == delimiter) continue
      store<i32>(offsets + (<usize>rows << 2), base + record)
      rows++
      record = cell
      cells = 0
      if (rows == maxRows) {
        store<u32>(consumed, <u32>record)
        return rows
      }
    }
  }
  store<u32>(consumed, <u32>record)
  return rows
}
