import { VarveError } from '../../core/errors.ts'

export const LF = 0x0a
export const CR = 0x0d
export const QUOTE = 0x22
export const TAB = 0x09
const HASH = 0x23
const SPACE = 0x20

/** The delimiters that are found by themselves, the likelier first. */
export const CANDIDATES = [0x2c, 0x3b, TAB, 0x7c]

/** How much of the input's beginning the delimiter is found from. */
export const SNIFF_BYTES = 64 * 1024

/** Lines that are looked at for spaces. */
const MOST_LINES = 100
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

// Neither what numbers and dates are written with, nor a quote or a line end.
const DELIMITER = /^[\t !#$%&'()*,/:;<=>?@[\\\]^_`{|}~]$/

/** The byte of a delimiter given as text (`\\t` and `tab` too); `usage` unless it can be one. */
export function delimiterByte(text: string): number {
  const character = text === '\\t' || text === 'tab' ? '\t' : text
  if (!DELIMITER.test(character)) {
    throw new VarveError('usage', `not a delimiter: ${JSON.stringify(text)}`, {
      hint: 'a delimiter is one ASCII character that no number has in it: , ; | or \\t',
    })
  }
  return character.charCodeAt(0)
}

/**
 * The delimiter among `,` `;` tab and `|` that a table beginning with `sample` uses: of those in
 * the first line (outside quotes) the one that is in every line equally often, else the one that
 * is there most often. A comma where there is none: a table of one column. Where the comma is the
 * mark of decimals, it is the delimiter only of a first line that has none of the others.
 */
export function sniffDelimiter(sample: Uint8Array, whole: boolean, decimalComma = false): number {
  const [first] = countByLine(sample, whole, 1)
  if (first === undefined) return CANDIDATES[0]!
  if (decimalComma && first.some((count, i) => i > 0 && count > 0)) {
    return sniffAmong(sample, whole, CANDIDATES.slice(1))
  }
  return sniffAmong(sample, whole, CANDIDATES)
}

/**
 * Whether spaces are the delimiter of a table beginning with `sample`: none that is found by itself is
 * in the first line, there are as many spaces in every line, and numbers between those of the second.
 */
export function isSpaced(sample: Uint8Array, whole: boolean): boolean {
  const lines = countByLine(sample, whole, MOST_LINES, [SPACE, ...CANDIDATES])
  const [spaces = 0, ...others] = lines[0] ?? []
  if (spaces === 0 || lines.length < 2 || others.some((count) => count > 0)) return false
  if (lines.some((counts) => counts[0] !== spaces)) return false
  const [, second = ''] = Buffer.from(sample)
    .toString('latin1')
    .trimStart()
    .split(/[\r\n]+/, 2)
  return second.split(' ').every((word) => NUMBER.test(word))
}

/**
 * How many lines stand before the table that `sample` begins with: the first is a remark that begins
 * with `#` and has one cell alone, and from some line on all have the same number of several. 0 where
 * it is not so.
 */
export function linesBefore(sample: Uint8Array, whole: boolean): number {
  if (sample[0] !== HASH) return 0
  const lines = countByLine(sample, whole, MOST_LINES)
  const start = lines.findIndex((counts) => counts.some((count) => count > 0))
  if (start < 1 || lines.length < start + 2) return 0
  const isRegular = CANDIDATES.some(
    (_, i) =>
      lines[start]![i]! > 0 && lines.every((c, at) => at < start || c[i] === lines[start]![i]),
  )
  if (!isRegular) return 0
  const text = Buffer.from(sample)
    .toString('latin1')
    .split(/\r\n|\n|\r/)
  const filled = text.flatMap((line, at) => (line === '' ? [] : [at]))
  return filled[start] ?? 0
}

function sniffAmong(sample: Uint8Array, whole: boolean, candidates: readonly number[]): number {
  const [first] = countByLine(sample, whole, 1, candidates) as [number[]]
  // Where the first line has one candidate alone, the others cannot win.
  if (first.filter((count) => count > 0).length < 2) {
    return candidates[
      Math.max(
        0,
        first.findIndex((count) => count > 0),
      )
    ]!
  }
  const lines = countByLine(sample, whole, Number.POSITIVE_INFINITY, candidates)
  const header = lines[0]!
  let best = 0
  let bestScore = 0
  for (let i = 0; i < candidates.length; i++) {
    const inHeader = header[i]!
    if (inHeader === 0) continue
    const regular = lines.every((counts) => counts[i] === inHeader)
    const score = inHeader + (regular ? 1_000_000 : 0)
    if (score > bestScore) {
      best = i
      bestScore = score
    }
  }
  return candidates[best]!
}

/** How often each candidate is outside quotes in each of the first lines that are not blank. */
function countByLine(
  sample: Uint8Array,
  whole: boolean,
  most: number,
  candidates: readonly number[] = CANDIDATES,
): number[][] {
  const lines: number[][] = []
  let counts = candidates.map(() => 0)
  let quoted = false
  let lineStart = 0
  for (let at = 0; at < sample.length; at++) {
    const byte = sample[at]!
    if (byte === QUOTE) quoted = !quoted
    else if (quoted) continue
    else if (byte === LF || byte === CR) {
      if (at > lineStart && lines.push(counts) === most) return lines
      counts = candidates.map(() => 0)
      lineStart = at + 1
    } else {
      const candidate = candidates.indexOf(byte)
      if (candidate !== -1) counts[candidate]!++
    }
  }
  // A line that the sample cuts counts only where there is no other.
  if (lineStart < sample.length && (whole || lines.length === 0)) lines.push(counts)
  return lines
}
