import type { Place } from '../bad-input.ts'
import { CR, LF } from './dialect.ts'

/** The place of byte `offset`, given that byte `start` begins line `line`. */
export function placeOf(bytes: Uint8Array, start: number, line: number, offset: number): Place {
  let lineStart = start
  let current = line
  for (let at = start; at < offset; at++) {
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF)) {
      current++
      lineStart = at + 1
    }
  }
  let column = 1
  // Characters, not bytes: the trailing bytes of a UTF-8 sequence do not count.
  for (let at = lineStart; at < offset; at++) if ((bytes[at]! & 0xc0) !== 0x80) column++
  return { line: current, column }
}
