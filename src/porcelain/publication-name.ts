import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import { momentOf, parseIso } from '../core/time.ts'
import { withoutFormat } from '../formats/table-formats.ts'

/** What a file's path says of a table that was published several times. */
export interface NamedPublication {
  /** The series: the path without date and ending; empty where nothing is left of it. */
  readonly series: string
  /** When it was published, in seconds since 1970. */
  readonly seconds: number
}

/** `2024-05-31`, `20240531`, `2024/05/31`, with a time behind it: `T1030`, `_10-30-05`, `T10:30Z`. */
const DAY =
  /(?<!\d)(\d{4})([-_./]?)(\d{2})\2(\d{2})(?:[T_ -](\d{2})[:.-]?(\d{2})(?:[:.-]?(\d{2}))?Z?(?![-_:.]?\d))?(?!\d)/g
/** Seconds since 1970, from 2001 to 2033. */
const SECONDS = /(?<!\d)(1\d{9})(?!\d)/g
/** `2024-05`: the first day of the month. */
const MONTH = /(?<!\d)(\d{4})[-_/](\d{2})(?![-_/.]?\d)/g

interface Found {
  readonly text: string
  readonly at: number
  readonly seconds: number
}

/**
 * The publication that a path such as `2024-05-31/brent.csv`, `brent_20240531.csv` or
 * `00001-1539591600/brent.csv` names. `bad-input` where it has no date, or two that differ.
 */
export function publicationOf(path: string): NamedPublication {
  const plain = withoutFormat(path)
  const found = [...days(plain), ...seconds(plain)]
  const dates = found.length > 0 ? found : [...months(plain)]
  const [first] = dates
  if (first === undefined) throw unclear(path, 'no date')
  if (dates.some((date) => date.seconds !== first.seconds)) {
    throw unclear(path, dates.map(({ text }) => text).join(' and '))
  }
  let rest = plain
  for (const { text, at } of dates.toReversed()) {
    rest = `${rest.slice(0, at)}\0${rest.slice(at + text.length)}`
  }
  return { series: nameOf(rest), seconds: first.seconds }
}

/** What is left of a path whose dates are cut out: parts of nothing but a number go with them. */
function nameOf(path: string): string {
  return path
    .split('/')
    .map((part) => {
      if (!part.includes('\0')) return part
      const [before = '', after = ''] = part.split('\0')
      const [left, right] = [before.replace(/[-_. ]+$/, ''), after.replace(/^[-_. ]+/, '')]
      if (/^\d*$/.test(left) && /^\d*$/.test(right)) return ''
      return left !== '' && right !== '' ? `${left}_${right}` : left + right
    })
    .filter((part) => part !== '')
    .join('/')
}

function* days(text: string): Generator<Found> {
  for (const match of text.matchAll(DAY)) {
    const [whole, year, , month, day, hour = '00', minute = '00', second = '00'] = match
    const parts = parseIso(`${year}-${month}-${day}T${hour}:${minute}:${second}`)
    if (parts === undefined) continue
    yield { text: whole, at: match.index, seconds: Number(momentOf(parts).seconds) }
  }
}

function* seconds(text: string): Generator<Found> {
  for (const match of text.matchAll(SECONDS)) {
    yield { text: match[0], at: match.index, seconds: Number(match[1]) }
  }
}

function* months(text: string): Generator<Found> {
  for (const match of text.matchAll(MONTH)) {
    const parts = parseIso(`${match[1]}-${match[2]}`)
    if (parts === undefined) continue
    yield { text: match[0], at: match.index, seconds: Number(momentOf(parts).seconds) }
  }
}

function unclear(path: string, found: string): VarveError {
  return new VarveError(
    'bad-input',
    `${escapeControl(path)}: expected the date of a publication in the name, found ${escapeControl(found)}`,
    {
      data: { file: path, found, expected: 'one date' },
      hint: 'as in 2024-05-31, 20240531T1030 or 1717151400; or --known-at-from modified, or column:NAME',
    },
  )
}
