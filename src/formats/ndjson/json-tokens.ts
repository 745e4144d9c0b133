// JSON by its grammar (RFC 8259), from bytes. Each function gets the place of a token's first byte
// and returns the place behind the token; the bytes end in one that is no part of any token.

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Behind spaces, tabs and ends of lines. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at]!
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at++
  }
  return at
}

/**
 * Behind a text; `at` is the place of its first quote. −1 where it has no end, or a control
 * character in it.
 */
export function skipText(bytes: Uint8Array, at: number, end: number): number {
  for (let here = at + 1; here < end; here++) {
    const byte = bytes[here]!
    if (byte === QUOTE) return here + 1
    if (byte < 0x20) return -1
    if (byte === BACKSLASH) here++
  }
  return -1
}

/** Behind a number; −1 where there is none. */
export function skipNumber(bytes: Uint8Array, start: number): number {
  let at = start
  if (bytes[at] === 0x2d) at++
  const first = at
  at = skipDigits(bytes, at)
  if (at === first || (bytes[first] === 0x30 && at > first + 1)) return -1
  if (bytes[at] === 0x2e) {
    const fraction = at + 1
    at = skipDigits(bytes, fraction)
    if (at === fraction) return -1
  }
  if ((bytes[at]! | 0x20) === 0x65) {
    at++
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
    const exponent = at
    at = skipDigits(bytes, at)
    if (at === exponent) return -1
  }
  return at
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  return at
}

/** Whether a word stands at a place. */
export function isWordAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false
  return true
}

/**
 * Looks for the end of an array or an object, piece by piece: by its brackets alone, whatever else
 * may be wrong inside.
 */
export class BracketScan {
  #depth = 0
  #inText = false
  #escaped = false

  /** Behind the closing bracket, or −1 where it is not before `end`: the scan goes on from there. */
  find(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false
        else if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE) this.#inText = false
      } else if (byte === QUOTE) this.#inText = true
      else if (byte === 0x7b || byte === 0x5b) this.#depth++
      else if (byte === 0x7d || byte === 0x5d) {
        this.#depth--
        if (this.#depth === 0) return at + 1
      }
    }
    return -1
  }
}
