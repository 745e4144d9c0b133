import { nearest } from '../../core/nearest.ts'
import { badInput, type Place, quoteText } from '../bad-input.ts'
import { checkName, missingColumn, type TableHeader } from '../map-columns.ts'
import { CANDIDATES, TAB } from './dialect.ts'
import { isMarker, looksLikeDate, numberAdvice } from './near-values.ts'
import type { CsvDialect, CsvStream } from './stream.ts'
import { QUOTED } from './tokenizer.ts'

/** The names of a table's columns, those that are wanted. */
export interface CsvHeader extends TableHeader {
  readonly places: readonly Place[]
  /** For each name, its cell in a record. */
  readonly cells: readonly number[]
}

/** What of a dialect says how columns are called. */
export type NamingDialect = Pick<CsvDialect, 'header' | 'names' | 'columns' | 'rename'>

/**
 * Reads the first record as column names or, where it is data, names the columns: as the dialect
 * says, else `c1`, `c2`, …. Of the columns there are those that the dialect wants, under their new
 * names. `bad-input` where there is no record, or a name is missing, twice there, or not one that a
 * column can have. Unquoted names lose the spaces around them.
 */
export async function readHeader(
  stream: CsvStream,
  dialect: NamingDialect = {},
): Promise<CsvHeader> {
  const { tokenizer } = stream
  const { file } = tokenizer
  const isData = dialect.header === false
  const rows = await stream.next()
  if (rows === 0) {
    throw badInput({
      file,
      place: { line: tokenizer.line, column: 1 },
      found: tokenizer.line > 1 ? 'the end of the input' : 'an empty input',
      expected: isData ? 'rows' : 'a header with the names of the columns',
    })
  }
  const { texts, places } = firstRecord(stream)
  if (!isData) checkDelimiter(stream, texts, places)
  if (isData) stream.untake(rows)
  const found = {
    file,
    texts: isData ? positionalNames(file, texts, places, dialect) : texts,
    places,
  }
  return named(found, dialect)
}

/** `bad-input` where the one name that a delimiter leaves looks like several with another. */
function checkDelimiter(
  { tokenizer }: CsvStream,
  texts: readonly string[],
  places: readonly Place[],
): void {
  if (texts.length > 1 || (tokenizer.starts[0]! & QUOTED) !== 0) return
  const other = CANDIDATES.find((byte) => texts[0]!.includes(String.fromCharCode(byte)))
  if (other === undefined) return
  const character = other === TAB ? 'tab' : String.fromCharCode(other)
  throw badInput({
    file: tokenizer.file,
    place: places[0],
    found: `the one column ${quoteText(texts[0]!)}`,
    expected: `columns with ${quoteText(String.fromCharCode(tokenizer.delimiter))} between them`,
    hint: `--delimiter '${character}', or quotes around a name that has it in it`,
  })
}

function firstRecord({ tokenizer }: CsvStream): { texts: string[]; places: Place[] } {
  const texts: string[] = []
  const places: Place[] = []
  // Places of a header of many columns, on one line: each from the one before.
  let lastOffset = tokenizer.offsets[0]!
  let last: Place = { line: tokenizer.lines[0]!, column: 1 }
  for (let cell = 0; cell < tokenizer.width; cell++) {
    const token = tokenizer.starts[cell]!
    const quoted = (token & QUOTED) !== 0
    const text = tokenizer.text(cell)
    const offset = (token >> 2) - (quoted ? 1 : 0)
    last = advance(tokenizer.bytes, lastOffset, offset, last)
    lastOffset = offset
    texts.push(quoted ? text : text.trim())
    places.push(last)
  }
  return { texts, places }
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

function positionalNames(
  file: string,
  texts: readonly string[],
  places: readonly Place[],
  { names, columns, rename }: NamingDialect,
): string[] {
  const numbered = texts.map((_, cell) => numberedName(cell))
  const known = new Set(names)
  const isNumbered = numbered.some((name) => known.has(name))
  if (names === undefined || columns !== undefined || rename !== undefined || isNumbered) {
    return numbered
  }
  if (names.length === texts.length) return [...names]
  throw badInput({
    file,
    place: places[0],
    found: `${texts.length}`,
    expected: `${names.length} cells, of the columns ${names.map(quoteText).join(', ')}`,
    hint: 'the columns are c1, c2, … where --rename c1=NAME says what they are',
  })
}

function numberedName(cell: number): string {
  return `c${cell + 1}`
}

interface FoundNames {
  readonly file: string
  readonly texts: readonly string[]
  readonly places: readonly Place[]
}

/** The columns that are wanted, under the names that they are to have. */
function named({ file, texts, places }: FoundNames, dialect: NamingDialect): CsvHeader {
  const { columns, rename } = dialect
  const findCell = (name: string): number => {
    const cell = texts.indexOf(name)
    if (cell !== -1 && texts.indexOf(name, cell + 1) !== -1) {
      const second = texts.indexOf(name, cell + 1)
      checkName(
        name,
        second,
        new Map([[name, cell]]),
        file,
        places[second],
        twiceHint(places, second),
      )
    }
    // One without a name can be spoken of by its number.
    if (cell === -1) return texts.findIndex((text, at) => text === '' && numberedName(at) === name)
    return cell
  }
  const cellOf = (name: string): number => {
    const cell = findCell(name)
    if (cell !== -1) return cell
    const near = nearest(name, texts)
    throw badInput({
      file,
      place: places[0],
      found: String(missingColumn({ file, names: texts }, name, false).data.found),
      expected: `the column ${quoteText(name)}`,
      hint: near === undefined ? undefined : `did you mean ${quoteText(near)}?`,
      data: { missing: name },
    })
  }
  const renamed = new Map([...(rename ?? [])].map(([from, to]) => [cellOf(from), to]))
  const cells = columns === undefined ? texts.map((_, cell) => cell) : columns.map(cellOf)
  const seen = new Map<string, number>()
  const names = cells.map((cell) => {
    const text = texts[cell]!
    const isMeant = columns !== undefined && text === ''
    const name = renamed.get(cell) ?? (isMeant ? numberedName(cell) : text)
    if (name === '') throw withoutName(file, places[cell]!, cell)
    checkName(name, cell, seen, file, places[cell], twiceHint(places, cell))
    seen.set(name, cell)
    return name
  })
  return { file, names, places: cells.map((cell) => places[cell]!), cells }
}

/** How columns of one name are told apart: by their numbers. */
function twiceHint(places: readonly Place[], cell: number): string {
  const { line } = places.at(-1)!
  return `--no-header --skip ${line} --rename ${numberedName(cell)}=NAME: without the header columns are c1, c2, …`
}

function withoutName(file: string, place: Place, cell: number): Error {
  const number = numberedName(cell)
  return badInput({
    file,
    place,
    found: 'nothing',
    expected: `a name for column ${cell + 1}`,
    hint: `--rename ${number}=NAME gives it one; --columns A,B takes only the columns it names`,
  })
}

/**
 * `bad-input` where the first line is more likely data than names: its first cell is a date or a
 * number, and most of the others are values too.
 */
export function checkIsHeader({ file, names, places }: CsvHeader): void {
  if (!isData(names[0]!)) return
  const values = names.filter((name) => isData(name) || isMarker(name) || isWord(name))
  if (values.length * 2 <= names.length) return
  throw badInput({
    file,
    place: places[0],
    found: quoteText(names[0]!),
    expected: 'the names of the columns',
    reason: 'the first line looks like data',
    hint: '--no-header takes it as data, --header as names',
  })
}

function isData(text: string): boolean {
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)
  return isNumber || looksLikeDate(text) || numberAdvice(text, '.') !== undefined
}

function isWord(text: string): boolean {
  return /^(true|false|inf|-inf)$/i.test(text)
}
