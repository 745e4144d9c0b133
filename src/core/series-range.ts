import type { KeyBound, KeyBounds } from './bounds.ts'
import { compareBytes } from './bytes.ts'
import { MAX_KEY_BYTES } from './key.ts'

/**
 * Keys from `from` (included) to `to` (excluded), by their bytes; an end that is undefined is open.
 * Neither needs to be a key itself.
 */
export interface KeyRange {
  readonly from: Uint8Array | undefined
  readonly to: Uint8Array | undefined
}

export const ALL_KEYS: KeyRange = { from: undefined, to: undefined }

/** Greater than every key. */
const PAST_ALL = new Uint8Array(MAX_KEY_BYTES + 1).fill(0xff)

/** The least bytes greater than all that begin with `prefix`. */
export function afterPrefix(prefix: Uint8Array): Uint8Array {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return PAST_ALL
  const after = prefix.slice(0, length)
  after[length - 1]!++
  return after
}

/** Bounds as cuts between keys: an inclusive bound takes in every key that begins with it. */
export function keyRange({
  from,
  to,
}: Partial<Record<'from' | 'to', KeyBound | undefined>>): KeyRange {
  return {
    from: from === undefined ? undefined : from.inclusive ? from.key : afterPrefix(from.key),
    to: to === undefined ? undefined : to.inclusive ? afterPrefix(to.key) : to.key,
  }
}

/** The keys that are within both. */
export function intersectBounds(a: KeyBounds, b: KeyBounds): KeyBounds {
  const from = tighter(a, b, 'from', 1)
  const to = tighter(a, b, 'to', -1)
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

function tighter(a: KeyBounds, b: KeyBounds, side: 'from' | 'to', sign: 1 | -1) {
  const [x, y] = [keyRange(a)[side], keyRange(b)[side]]
  if (x === undefined || y === undefined) return a[side] ?? b[side]
  return compareBytes(x, y) * sign >= 0 ? a[side] : b[side]
}

export function isBefore(range: KeyRange, key: Uint8Array): boolean {
  return range.from !== undefined && compareBytes(key, range.from) < 0
}

export function isAfter(range: KeyRange, key: Uint8Array): boolean {
  return range.to !== undefined && compareBytes(key, range.to) >= 0
}

export function contains(range: KeyRange, key: Uint8Array): boolean {
  return !isBefore(range, key) && !isAfter(range, key)
}
