// Places in a dictionary as Parquet packs them (`hybrid.ts` of that format), and the values there.

/**
 * Numbers of `width` bits, at most 32, one behind another from bit `bit` of `source` on, least significant bit
 * first. Up to 8 bytes behind the last are read.
 */
export function unpackPlaces(
  source: usize,
  bit: i32,
  width: i32,
  count: i32,
  target: usize,
): void {
  const mask = (<u64>1 << <u64>width) - 1
  let at = bit
  for (let i = 0; i < count; i++, at += width) {
    const bits = load<u64>(source + <usize>(at >> 3)) >> <u64>(at & 7)
    store<u32>(target + (<usize>i << 2), <u32>(bits & mask))
  }
}

/** The greatest of numbers of 32 bits; 0 of none. */
export function greatest(values: usize, count: i32): u32 {
  let most = i32x4.splat(0)
  let i = 0
  for (; i + 3 < count; i += 4) most = i32x4.max_u(most, v128.load(values + (<usize>i << 2)))
  let found = max(
    max(<u32>i32x4.extract_lane(most, 0), <u32>i32x4.extract_lane(most, 1)),
    max(<u32>i32x4.extract_lane(most, 2), <u32>i32x4.extract_lane(most, 3)),
  )
  for (; i < count; i++) found = max(found, load<u32>(values + (<usize>i << 2)))
  return found
}

/** The values of 8 bytes at places, none of which is outside. */
export function takeEights(values: usize, places: usize, count: i32, target: usize): void {
  for (let i = 0; i < count; i++) {
    const place = <usize>load<u32>(places + (<usize>i << 2))
    store<u64>(target + (<usize>i << 3), load<u64>(values + (place << 3)))
  }
}
