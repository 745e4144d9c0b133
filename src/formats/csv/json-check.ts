// JSON by its grammar alone (RFC 8259), from bytes: a text of 60 MiB is checked without a string
// or an object of that size.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MAX_DEPTH = 4096

/** Whether bytes `start` to `end` (exclusive) are one JSON text; that they are UTF-8 is given. */
export function isJson(bytes: Uint8Array, start: number, end: number): boolean {
  // For each open array or object: its closing bracket.
  const open = new Uint8Array(MAX_DEPTH)
  let depth = 0
  let at = skipSpace(bytes, start, end)
  for (;;) {
    // A value begins here.
    const byte = at < end ? bytes[at]! : 0
    if (byte === 0x7b || byte === 0x5b) {
      if (depth === MAX_DEPTH) return false
      const close = byte + 2
      at = skipSpace(bytes, at + 1, end)
      if (at < end && bytes[at] === close) at++
      else {
        open[depth++] = close
        if (close === 0x7d) {
          at = skipKey(bytes, at, end)
          if (at < 0) return false
        }
        continue
      }
    } else {
      at = byte === QUOTE ? skipText(bytes, at, end) : skipLiteral(bytes, at, end)
      if (at < 0) return false
    }
    // A value ended here: close what ends with it.
    for (;;) {
      at = skipSpace(bytes, at, end)
      if (depth === 0) return at === end
      if (at >= end) return false
      const close = open[depth - 1]!
      if (bytes[at] === close) {
        depth--
        at++
        continue
      }
      if (bytes[at] !== 0x2c) return false
      at = skipSpace(bytes, at + 1, end)
      if (close === 0x7d) {
        at = skipKey(bytes, at, end)
        if (at < 0) return false
      }
      break
    }
  }
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at]!
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at++
  }
  return at
}

/** Behind a member's name, its colon and the space around them; −1 when there is none. */
function skipKey(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || bytes[start] !== QUOTE) return -1
  const name = skipText(bytes, start, end)
  if (name < 0) return -1
  const colon = skipSpace(bytes, name, end)
  return colon < end && bytes[colon] === 0x3a ? skipSpace(bytes, colon + 1, end) : -1
}

function skipText(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at + 1
    if (byte < 0x20) return -1
    if (byte === BACKSLASH) {
      const escaped = at + 1 < end ? String.fromCharCode(bytes[at + 1]!) : ''
      if (escaped === 'u') {
        if (at + 6 > end) return -1
        for (let i = at + 2; i < at + 6; i++) if (!isHexDigit(bytes[i]!)) return -1
        at += 5
      } else if (escaped !== '' && '"\\/bfnrt'.includes(escaped)) at++
      else return -1
    }
  }
  return -1
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

const WORDS = ['true', 'false', 'null'].map((word) => Array.from(word, (c) => c.charCodeAt(0)))

/** Behind a number, `true`, `false` or `null`; −1 when there is none. */
function skipLiteral(bytes: Uint8Array, start: number, end: number): number {
  for (const word of WORDS) {
    if (start + word.length <= end && word.every((byte, i) => bytes[start + i] === byte)) {
      return start + word.length
    }
  }
  let at = start
  if (at < end && bytes[at] === 0x2d) at++
  const whole = skipDigits(bytes, at, end)
  if (whole === at || (bytes[at] === 0x30 && whole > at + 1)) return -1
  at = whole
  if (at < end && bytes[at] === 0x2e) {
    const fraction = skipDigits(bytes, at + 1, end)
    if (fraction === at + 1) return -1
    at = fraction
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++
    const exponent = skipDigits(bytes, at, end)
    if (exponent === at) return -1
    at = exponent
  }
  return at
}

function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isDigit(bytes[at]!)) at++
  return at
}
