import type { BadInputFacts } from '../bad-input.ts'

/** What is wrong with a record, apart from where. */
export type Fault = Pick<BadInputFacts, 'found' | 'expected' | 'reason' | 'hint'>

const isQuoted =
  'a cell with a quote in it is quoted as a whole, and the quote in it doubled: "5"" pipe"'

/** The ways in which bytes are not records of cells. */
export const faults = {
  unterminated: {
    found: 'the end of the input',
    expected: 'a closing quote',
    reason: 'the quote was opened here',
    hint: undefined,
  },
  afterQuote: {
    found: 'text after the closing quote',
    expected: 'a delimiter or the end of the line',
    reason: undefined,
    hint: isQuoted,
  },
  innerQuote: {
    found: 'a quote inside an unquoted cell',
    expected: 'a delimiter or the end of the line',
    reason: undefined,
    hint: isQuoted,
  },
  nul: {
    found: 'a NUL byte',
    expected: 'text in UTF-8',
    reason: undefined,
    hint: 'is it UTF-16, or not a text at all? iconv -f utf-16 -t utf-8 converts',
  },
  longRecord: {
    found: 'a longer one',
    expected: 'a record of at most 512 MiB',
    reason: undefined,
    hint: undefined,
  },
  longValue: (quoted: boolean): Fault => ({
    found: 'a longer one',
    expected: 'a value of at most 64 MiB',
    reason: quoted ? 'is the quote that opens here never closed?' : undefined,
    hint: undefined,
  }),
  ragged: (cells: number, width: number): Fault => ({
    found: `${cells}`,
    expected: width === 1 ? '1 cell' : `${width} cells`,
    reason: undefined,
    hint:
      cells > width
        ? 'a cell that has the delimiter in it must be quoted; --skip N leaves out lines before the header'
        : undefined,
  }),
  invalidUtf8: (byte: number): Fault => ({
    found: `the byte 0x${byte.toString(16).padStart(2, '0')}`,
    expected: 'text in UTF-8',
    reason: undefined,
    hint: 'iconv -f latin1 -t utf-8 converts, if it is Latin-1',
  }),
} as const
