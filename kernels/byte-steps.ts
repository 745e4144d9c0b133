// Differences of the bytes of a plane (`split.ts` in the core), modulo 256. Up to 15 bytes behind the last may be read
// and overwritten.

/** Each byte less the one before it; the first as it is. `target` is none of the bytes of `source`. */
export function stepBytes(source: usize, target: usize, count: i32): void {
  if (count === 0) return
  store<u8>(target, load<u8>(source))
  for (let i: usize = 1; i < <usize>count; i += 16) {
    const bytes = v128.load(source + i)
    v128.store(target + i, i8x16.sub(bytes, v128.load(source + i - 1)))
  }
}

/** Makes each byte the sum of it and all before it, in place. */
export function sumBytes(values: usize, count: i32): void {
  const zero = i8x16.splat(0)
  let before = zero
  for (let i: usize = 0; i < <usize>count; i += 16) {
    let v = v128.load(values + i)
    v = i8x16.add(v, v128.shuffle<u8>(zero, v, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30))
    v = i8x16.add(v, v128.shuffle<u8>(zero, v, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29))
    v = i8x16.add(v, v128.shuffle<u8>(zero, v, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27))
    v = i8x16.add(v, v128.shuffle<u8>(zero, v, 0, 0, 0, 0, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23))
    v = i8x16.add(v, before)
    v128.store(values + i, v)
    before = v128.shuffle<u8>(v, v, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15)
  }
}
