// Bytes by how often they come (`entropy.ts` in the core): four states take turns, byte i has state i mod 4. Shares
// are of 4,096; states are from 65,536 up, and give up or take in 16 bits at a time.

const BITS: u32 = 12
const SLOTS: u32 = 1 << BITS
const LEAST: u32 = 1 << 16

/** How often each byte comes: 256 numbers. Behind them is room for three times as many. */
export function countBytes(source: usize, count: i32, counts: usize): void {
  memory.fill(counts, 0, 4096)
  let i = 0
  // In turns, as to add to what was just added to has to wait for it.
  for (; i + 3 < count; i += 4) {
    const bytes = load<u32>(source + <usize>i)
    const a = counts + (<usize>(bytes & 255) << 2)
    const b = counts + 1024 + (<usize>((bytes >> 8) & 255) << 2)
    const c = counts + 2048 + (<usize>((bytes >> 16) & 255) << 2)
    const d = counts + 3072 + (<usize>(bytes >> 24) << 2)
    store<u32>(a, load<u32>(a) + 1)
    store<u32>(b, load<u32>(b) + 1)
    store<u32>(c, load<u32>(c) + 1)
    store<u32>(d, load<u32>(d) + 1)
  }
  for (; i < count; i++) {
    const a = counts + (<usize>load<u8>(source + <usize>i) << 2)
    store<u32>(a, load<u32>(a) + 1)
  }
  for (let at = counts; at < counts + 1024; at += 16) {
    const upper = i32x4.add(v128.load(at), v128.load(at, 1024))
    v128.store(at, i32x4.add(upper, i32x4.add(v128.load(at, 2048), v128.load(at, 3072))))
  }
}

/** Where bytes are others than `common`, u32 each; returns how many, or −1 where they are more than `limit`. */
export function otherBytes(
  source: usize,
  count: i32,
  common: i32,
  limit: i32,
  places: usize,
): i32 {
  const all = i8x16.splat(<i8>common)
  let found = 0
  for (let i = 0; i < count; i += 16) {
    const others = i8x16.ne(v128.load(source + <usize>i), all)
    if (!v128.any_true(others)) continue
    let mask = i8x16.bitmask(others)
    if (count - i < 16) mask &= (1 << (count - i)) - 1
    for (; mask !== 0; mask &= mask - 1) {
      if (found === limit) return -1
      store<i32>(places + (<usize>found << 2), i + ctz(mask))
      found++
    }
  }
  return found
}

/** Where what is known of a byte stands: u64 ⌊2^44 / share⌋ + 1, u32 its share, u32 the shares of those before it. */
@inline
function entryOf(table: usize, source: usize): usize {
  return table + (<usize>load<u8>(source) << 4)
}

/** Fills such a table from 256 shares, u16 each. */
export function fillTable(shares: usize, table: usize): void {
  let before: u32 = 0
  for (let byte = 0; byte < 256; byte++) {
    const share = <u32>load<u16>(shares + (<usize>byte << 1))
    if (share === 0) continue
    const entry = table + (<usize>byte << 4)
    store<u64>(entry, (<u64>1 << 44) / <u64>share + 1)
    store<u32>(entry, share, 8)
    store<u32>(entry, before, 12)
    before += share
  }
}

/** 1 where a state has to give up its low 16 bits before the byte of an entry, else 0. */
@inline
function isFull(x: u32, entry: usize): u32 {
  return <u32>(x >= load<u32>(entry, 8) << (32 - BITS))
}

/** The quotient is exact, as x is less than share · 2^20, and share less than 2^12. */
@inline
function push(x: u32, entry: usize): u32 {
  const times = <u32>((<u64>x * load<u64>(entry)) >> 44)
  return (times << BITS) + (x - times * load<u32>(entry, 8)) + load<u32>(entry, 12)
}

/**
 * Writes bytes backwards from `end` on, as numbers of 16 bits; returns where they begin. Up to 2 bytes before that may be
 * written, too.
 * @param table as `fillTable` fills it; shares are less than 4,096
 * @param states four: filled with what they are in the end
 */
export function encodeBytes(
  source: usize,
  count: i32,
  table: usize,
  states: usize,
  end: usize,
): usize {
  for (let lane = 0; lane < 4; lane++) store<u32>(states + (<usize>lane << 2), LEAST)
  let at = end
  let i = count - 1
  for (; (i & 3) !== 3 && i >= 0; i--) {
    const entry = entryOf(table, source + <usize>i)
    // Nothing has to be given up yet: every state is at its least.
    store<u32>(states + (<usize>(i & 3) << 2), push(LEAST, entry))
  }
  let a = load<u32>(states)
  let b = load<u32>(states, 4)
  let c = load<u32>(states, 8)
  let d = load<u32>(states, 12)
  // Nobody can guess which states are full: what they would give up is always written, and counts where they are.
  let full: u32 = 0
  for (; i >= 0; i -= 4) {
    const p = entryOf(table, source + <usize>(i - 3))
    const q = entryOf(table, source + <usize>(i - 2))
    const r = entryOf(table, source + <usize>(i - 1))
    const s = entryOf(table, source + <usize>i)
    full = isFull(d, s)
    store<u16>(at - 2, <u16>d)
    at -= <usize>(full << 1)
    d >>= full << 4
    full = isFull(c, r)
    store<u16>(at - 2, <u16>c)
    at -= <usize>(full << 1)
    c >>= full << 4
    full = isFull(b, q)
    store<u16>(at - 2, <u16>b)
    at -= <usize>(full << 1)
    b >>= full << 4
    full = isFull(a, p)
    store<u16>(at - 2, <u16>a)
    at -= <usize>(full << 1)
    a >>= full << 4
    d = push(d, s)
    c = push(c, r)
    b = push(b, q)
    a = push(a, p)
  }
  store<u32>(states, a)
  store<u32>(states, b, 4)
  store<u32>(states, c, 8)
  store<u32>(states, d, 12)
  return at
}

/** For each of 4,096 slots: u8 the byte it belongs to, 12 bits that byte's share, 12 bits its place among them. */
export function fillSlots(shares: usize, slots: usize): void {
  let at = slots
  for (let byte: u32 = 0; byte < 256; byte++) {
    const share = <u32>load<u16>(shares + (<usize>byte << 1))
    for (let place: u32 = 0; place < share; place++, at += 4) {
      store<u32>(at, byte | (share << 8) | (place << 20))
    }
  }
}

@inline
function pull(x: u32, entry: u32): u32 {
  return ((entry >> 8) & (SLOTS - 1)) * (x >> BITS) + (entry >> 20)
}

/**
 * Reads `count` bytes from the numbers at `from`; returns where it ended, or 0 where there are not enough of them. Up to
 * 8 bytes behind `end` may be read.
 */
export function decodeBytes(
  slots: usize,
  states: usize,
  from: usize,
  end: usize,
  target: usize,
  count: i32,
): usize {
  let a = load<u32>(states)
  let b = load<u32>(states, 4)
  let c = load<u32>(states, 8)
  let d = load<u32>(states, 12)
  let at = from
  let i = 0
  for (; i + 3 < count && at <= end; i += 4) {
    const p = load<u32>(slots + (<usize>(a & (SLOTS - 1)) << 2))
    const q = load<u32>(slots + (<usize>(b & (SLOTS - 1)) << 2))
    const r = load<u32>(slots + (<usize>(c & (SLOTS - 1)) << 2))
    const s = load<u32>(slots + (<usize>(d & (SLOTS - 1)) << 2))
    a = pull(a, p)
    b = pull(b, q)
    c = pull(c, r)
    d = pull(d, s)
    store<u32>(target + <usize>i, (p & 255) | ((q & 255) << 8) | ((r & 255) << 16) | (s << 24))
    if (a < LEAST) {
      a = (a << 16) | load<u16>(at)
      at += 2
    }
    if (b < LEAST) {
      b = (b << 16) | load<u16>(at)
      at += 2
    }
    if (c < LEAST) {
      c = (c << 16) | load<u16>(at)
      at += 2
    }
    if (d < LEAST) {
      d = (d << 16) | load<u16>(at)
      at += 2
    }
  }
  store<u32>(states, a)
  store<u32>(states, b, 4)
  store<u32>(states, c, 8)
  store<u32>(states, d, 12)
  if (at > end) return 0
  for (; i < count; i++) {
    const state = states + (<usize>(i & 3) << 2)
    const entry = load<u32>(slots + (<usize>(load<u32>(state) & (SLOTS - 1)) << 2))
    store<u8>(target + <usize>i, <u8>entry)
    let x = pull(load<u32>(state), entry)
    if (x < LEAST) {
      if (at + 2 > end) return 0
      x = (x << 16) | load<u16>(at)
      at += 2
    }
    store<u32>(state, x)
  }
  return at
}
