import { badInput, type Place } from '../bad-input.ts'
import { checkName, type TableHeader } from '../map-columns.ts'
import type { CsvStream } from './stream.ts'
import { QUOTED } from './tokenizer.ts'

/** The names in a table's first line. */
export interface CsvHeader extends TableHeader {
  readonly places: readonly Place[]
}

/**
 * Reads the first record as column names. `bad-input` where there is none, or a name is missing,
 * twice there, or not one that a column can have. Unquoted names lose the spaces around them.
 */
export async function readHeader(stream: CsvStream): Promise<CsvHeader> {
  const { tokenizer } = stream
  const { file } = tokenizer
  if ((await stream.next()) === 0) {
    throw badInput({
      file,
      place: { line: 1, column: 1 },
      found: 'an empty input',
      expected: 'a header with the names of the columns',
    })
  }
  const names: string[] = []
  const places: Place[] = []
  const seen = new Map<string, number>()
  // Places of a header of many columns, on one line: each from the one before.
  let lastOffset = tokenizer.offsets[0]!
  let last: Place = { line: tokenizer.lines[0]!, column: 1 }
  for (let cell = 0; cell < tokenizer.width; cell++) {
    const token = tokenizer.starts[cell]!
    const quoted = (token & QUOTED) !== 0
    const text = tokenizer.text(cell)
    const name = quoted ? text : text.trim()
    const offset = (token >> 2) - (quoted ? 1 : 0)
    last = advance(tokenizer.bytes, lastOffset, offset, last)
    lastOffset = offset
    checkName(name, cell, seen, file, last)
    seen.set(name, cell)
    names.push(name)
    places.push(last)
  }
  return { file, names, places }
}

function advance(bytes: Uint8Array, from: number, to: number, place: Place): Place {
  let { line, column } = place
  for (let at = from; at < to; at++) {
    if (bytes[at] === 0x0a || (bytes[at] === 0x0d && bytes[at + 1] !== 0x0a)) {
      line++
      column = 1
    } else if ((bytes[at]! & 0xc0) !== 0x80) column++
  }
  return { line, column }
}
