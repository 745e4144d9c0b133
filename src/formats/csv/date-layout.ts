import { VarveError } from '../../core/errors.ts'
import {
  isNumber,
  type Part,
  type PartKind,
  parseDirectives,
  parseLetters,
} from './layout-parts.ts'
import { scanEpoch, scanParts, whyNoTime } from './layout-scan.ts'
import type { TimeScanner } from './scan.ts'

/** A way to write dates or times, other than ISO 8601. */
export interface DateLayout {
  /** As messages and `--date-format` have it. */
  readonly text: string
  /** Whether its texts are numbers, too: only what is said to be a date is read by it. */
  readonly numeric: boolean
  readonly scan: TimeScanner
  /** Why a text of the right shape names no day or time; undefined where it has another shape. */
  whyNot(text: string): string | undefined
}

const EPOCHS: ReadonlyMap<string, number> = new Map([
  ['epoch_s', 0],
  ['epoch_ms', 3],
  ['epoch_us', 6],
  ['epoch_ns', 9],
])

/**
 * The layout that a text names: `DD.MM.YYYY HH:mm[:ss[.fff]]`, with what may be missing in brackets;
 * `%d/%m/%Y` as C's strptime has it; `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`. `usage` for all
 * else, and for a layout without a year.
 */
export function parseDateLayout(text: string): DateLayout {
  const digits = EPOCHS.get(text)
  if (digits !== undefined) {
    const scan = trimmed((bytes, start, end) => scanEpoch(bytes, start, end, digits))
    return { text, numeric: true, scan, whyNot: () => undefined }
  }
  const parts = text.includes('%') ? parseDirectives(text) : parseLetters(text)
  if (parts === undefined) throw notALayout(text, 'it cannot be read')
  const kinds = parts.flatMap(kindsOf)
  const twice = kinds.find((kind, at) => kind !== 'weekday' && kinds.indexOf(kind) !== at)
  if (twice !== undefined) throw notALayout(text, `it has two parts for the ${WORDS.get(twice)}`)
  const has = (kind: PartKind): boolean => kinds.includes(kind)
  if (!has('year') && !has('shortYear')) throw notALayout(text, 'it has no year')
  if (has('year') && has('shortYear')) throw notALayout(text, 'it has two parts for the year')
  if (has('month') && has('monthName')) throw notALayout(text, 'it has two parts for the month')
  if (has('day') && !has('month') && !has('monthName')) throw notALayout(text, 'it has no month')
  return {
    text,
    numeric: isNumeric(parts),
    scan: trimmed((bytes, start, end) => scanParts(parts, bytes, start, end)),
    whyNot: (cell) => whyNoTime(parts, cell),
  }
}

/** Reads without the spaces around. */
function trimmed(scan: TimeScanner): TimeScanner {
  return (bytes, start, end) => {
    let first = start
    let last = end
    while (first < last && (bytes[first] === 0x20 || bytes[first] === 0x09)) first++
    while (last > first && (bytes[last - 1] === 0x20 || bytes[last - 1] === 0x09)) last--
    return scan(bytes, first, last)
  }
}

const WORDS: ReadonlyMap<PartKind, string> = new Map([
  ['shortYear', 'year'],
  ['monthName', 'month'],
  ['half', 'half of the day'],
  ...(['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction', 'offset'] as const).map(
    (kind) => [kind, kind] as const,
  ),
])

function kindsOf(part: Part): PartKind[] {
  if (part.kind === 'optional') return part.parts!.flatMap(kindsOf)
  return part.kind === 'literal' ? [] : [part.kind]
}

function isNumeric(parts: readonly Part[]): boolean {
  const others = parts.filter((part) => !isNumber(part))
  return others.length === 0 || (others.length === 1 && others[0]!.byte === 0x2e)
}

function notALayout(text: string, reason: string): VarveError {
  return new VarveError('usage', `not a layout of dates: ${JSON.stringify(text)} (${reason})`, {
    data: { layout: text },
    hint: 'as DD/MM/YYYY, "DD.MM.YYYY HH:mm[:ss]", "MMM D, YYYY h:mm A", %d/%m/%Y or epoch_ms',
  })
}
