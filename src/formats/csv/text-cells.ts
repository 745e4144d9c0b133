import type { CellTaker } from './each-cell.ts'
import { isJson } from './json-check.ts'
import { ESCAPED } from './tokenizer.ts'

const QUOTE = 0x22
/** Room that is given back when the value that needed it was read. */
const ROOMY_BYTES = 1024 * 1024

/** Room for the value of a cell in which quotes are doubled. */
let unescaped = new Uint8Array(256)

/** Copies a cell's bytes with each doubled quote once; returns how many. */
function unquote(bytes: Uint8Array, start: number, end: number): number {
  if (unescaped.length < end - start) unescaped = new Uint8Array(end - start)
  let count = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    unescaped[count++] = byte
    if (byte === QUOTE) at++
  }
  return count
}

/** Lets go of the room that one long value took. */
function release(): void {
  if (unescaped.length > ROOMY_BYTES) unescaped = new Uint8Array(256)
}

/** Any text, as it stands. */
export const takeString: CellTaker = (_batch, _cell, bytes, start, end, token, builder) => {
  if ((token & ESCAPED) === 0) builder.appendBytes(bytes, start, end)
  else {
    // First, for it may put a larger buffer in the place of this one.
    const count = unquote(bytes, start, end)
    builder.appendBytes(unescaped, 0, count)
    release()
  }
  return true
}

/** JSON, as it stands. */
export const takeJson: CellTaker = (batch, cell, bytes, start, end, token, builder) => {
  if ((token & ESCAPED) === 0) {
    return isJson(bytes, start, end) && takeString(batch, cell, bytes, start, end, token, builder)
  }
  const count = unquote(bytes, start, end)
  const isValid = isJson(unescaped, 0, count)
  if (isValid) builder.appendBytes(unescaped, 0, count)
  release()
  return isValid
}
