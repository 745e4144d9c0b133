import type { Operation } from './delta-operations.ts'

/** A sequence whose elements are equal where all their numbers are. */
export interface Symbols {
  readonly length: number
  readonly low: Uint32Array
  readonly high?: Uint32Array
  readonly flags?: Uint8Array
}

export interface MatchOptions {
  /** Elements that must be equal in a row before two places are taken for the same. */
  readonly window: number
  /** Elements that cost about as much as one operation. */
  readonly operationCost: number
  /**
   * How much more an element takes that is put in elsewhere than in place of one that it may be close to.
   * Elements of few kinds are alike in many places by chance.
   */
  readonly elsewhere: number
}

/** Places with the same hash that are looked at. */
const CHAIN = 32
/** Of a stretch this long no longer one is looked for. */
const LONG = 128
/** A stretch of equal elements is worth leaving out at most this many times its length. */
const REACH = 64
/** Places that are looked at, elements there, and how far beside them. */
const PROBES = 8
const PROBED = 16
const SHIFTS = 32
/** Up to this many elements put in there is nothing to be gained from a longer search. */
const FEW = 4

/**
 * Operations that make `fresh` of `base`: what both begin and end with is kept; between, places that
 * correspond are looked for, in order. The same sequences give the same operations.
 */
export function matchSymbols(base: Symbols, fresh: Symbols, options: MatchOptions): Operation[] {
  const shared = Math.min(base.length, fresh.length)
  let start = 0
  while (start < shared && same(base, start, fresh, start)) start++
  let tail = 0
  while (
    tail < shared - start &&
    same(base, base.length - 1 - tail, fresh, fresh.length - 1 - tail)
  ) {
    tail++
  }
  const left = base.length - start - tail
  const put = fresh.length - start - tail
  if (left === 0 && put === 0) return []
  const whole = [{ kept: start, left, put }]
  if (left === 0 || put === 0 || put <= FEW) return whole
  const place = { start, left, put }
  const replaced = left === put ? inPlace(base, fresh, place, options) : whole
  const most = cost(replaced, options)
  if (most <= put / 4) return replaced
  const shifted = options.elsewhere === 1 || left !== put || isShifted(base, fresh, place)
  if (!shifted) return replaced
  const elsewhere = search(base, fresh, place, options)
  return cost(elsewhere, options) * options.elsewhere < most ? elsewhere : replaced
}

function same(a: Symbols, i: number, b: Symbols, j: number): boolean {
  return (
    a.low[i] === b.low[j] &&
    (a.high === undefined || a.high[i] === b.high![j]) &&
    (a.flags === undefined || a.flags[i] === b.flags![j])
  )
}

function cost(operations: readonly Operation[], { operationCost }: MatchOptions): number {
  let total = operationCost * operations.length
  for (const { put } of operations) total += put
  return total
}

interface Stretch {
  readonly start: number
  readonly left: number
  readonly put: number
}

/** Whether many elements stand a little beside where they stood, by the look of a few. */
function isShifted(base: Symbols, fresh: Symbols, { start, put }: Stretch): boolean {
  for (let part = 1; part < PROBES; part++) {
    const at = start + Math.floor((put * part) / PROBES)
    for (let shift = -SHIFTS; shift <= SHIFTS; shift++) {
      const place = at + shift
      if (shift === 0 || place < 0) continue
      if (
        runFrom(base, place, base.length, fresh, at, Math.min(fresh.length, at + PROBED)) >= PROBED
      ) {
        return true
      }
    }
  }
  return false
}

/** Elements replaced where they stand, some equal ones between them with them. */
function inPlace(
  base: Symbols,
  fresh: Symbols,
  { start, put }: Stretch,
  { operationCost }: MatchOptions,
): Operation[] {
  const operations: Operation[] = []
  const end = start + put
  let done = 0
  let from = start
  while (from < end) {
    let to = from + 1
    for (let at = to; at < end && at - to < operationCost; at++) {
      if (!same(base, at, fresh, at)) to = at + 1
    }
    operations.push({ kept: from - done, left: to - from, put: to - from })
    done = to
    from = to
    while (from < end && same(base, from, fresh, from)) from++
  }
  return operations
}

/** Elements put in or left out anywhere: stretches of both that are equal, found by their hashes. */
function search(
  base: Symbols,
  fresh: Symbols,
  { start, left, put }: Stretch,
  { window }: MatchOptions,
): Operation[] {
  const baseEnd = start + left
  const end = start + put
  const table = new Places(base, start, baseEnd, window)
  const operations: Operation[] = []
  let done = start
  let taken = start
  let kept = start
  const push = (toBase: number, toFresh: number): void => {
    operations.push({ kept, left: toBase - taken, put: toFresh - done })
    kept = 0
  }
  for (let at = start; at + window <= end; at++) {
    let place = -1
    let length = 0
    for (let next = table.first(fresh, at, taken); next !== -1; next = table.next(next)) {
      const run = runFrom(base, next, baseEnd, fresh, at, end)
      if (run >= window && run > length && next - taken <= REACH * run) {
        place = next
        length = run
      }
      if (length >= LONG) break
    }
    if (place === -1) continue
    let before = 0
    while (
      place - before > taken &&
      at - before > done &&
      same(base, place - before - 1, fresh, at - before - 1)
    ) {
      before++
    }
    push(place - before, at - before)
    kept += length + before
    taken = place + length
    done = at + length
    at = done - 1
  }
  if (taken < baseEnd || done < end) push(baseEnd, end)
  return operations
}

/** How many elements from these places on are the same. */
function runFrom(
  a: Symbols,
  i: number,
  endOfA: number,
  b: Symbols,
  j: number,
  endOfB: number,
): number {
  const most = Math.min(endOfA - i, endOfB - j)
  let run = 0
  while (run < most && same(a, i + run, b, j + run)) run++
  return run
}

/** Where in a sequence each run of `window` elements begins, by their hash, in rising order. */
class Places {
  readonly #window: number
  readonly #start: number
  readonly #heads: Int32Array
  readonly #next: Int32Array
  #steps = 0

  constructor(symbols: Symbols, start: number, end: number, window: number) {
    const places = Math.max(0, end - start - window + 1)
    this.#window = window
    this.#start = start
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(16, 2 * places)))).fill(-1)
    this.#next = new Int32Array(places)
    for (let place = places - 1; place >= 0; place--) {
      const slot = this.#slot(symbols, start + place)
      this.#next[place] = this.#heads[slot]!
      this.#heads[slot] = place
    }
  }

  /** The first place at or behind `from` that may be like `at` in other symbols; −1 without any. */
  first(symbols: Symbols, at: number, from: number): number {
    this.#steps = 0
    let place = this.#heads[this.#slot(symbols, at)]!
    while (place !== -1 && place + this.#start < from) {
      if (++this.#steps > CHAIN) return -1
      place = this.#next[place]!
    }
    return place === -1 ? -1 : place + this.#start
  }

  next(place: number): number {
    if (++this.#steps > CHAIN) return -1
    const next = this.#next[place - this.#start]!
    return next === -1 ? -1 : next + this.#start
  }

  #slot({ low, high }: Symbols, at: number): number {
    let hash = 0
    for (let i = at; i < at + this.#window; i++) {
      hash = Math.imul(hash ^ low[i]!, 0x9e37_79b1)
      hash ^= hash >>> 15
      if (high !== undefined) hash = Math.imul(hash ^ high[i]!, 0x85eb_ca6b)
    }
    hash ^= hash >>> 13
    return hash & (this.#heads.length - 1)
  }
}
