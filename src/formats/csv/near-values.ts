import { parseIso } from '../../core/time.ts'
import { type DateLayout, parseDateLayout } from './date-layout.ts'
import { hasForeignMonth } from './foreign-months.ts'
import { NOT_A_TIME, scanTime, type TimeScanner } from './scan.ts'

// Cells that are no value of a type and were surely meant as one: inference must not take a column
// for text because of them.

const MARKERS: ReadonlySet<string> = new Set([
  '',
  '.',
  '..',
  '...',
  '-',
  '--',
  '---',
  '?',
  ':',
  '*',
  '\\n',
  'na',
  'n/a',
  'n.a.',
  'n.a',
  'nat',
  '#n/a',
  '#n/a n/a',
  '#na',
  '<na>',
  'nan',
  'null',
  '(null)',
  'nil',
  'none',
  'missing',
  '#value!',
  '#ref!',
  '#div/0!',
  '#num!',
  '#name?',
  '#null!',
])

/** Whether a text commonly stands for no value: `NA`, `.`, `null`, `#N/A`. */
export function isMarker(text: string): boolean {
  return text.length <= 8 && MARKERS.has(text.trim().toLowerCase())
}

/** `--null NA`, as a shell takes it. */
export function nullOption(markers: readonly string[]): string {
  const plain = markers.map((marker) => marker.trim()).join(',')
  return `--null ${/^[\w./,:-]+$/.test(plain) ? plain : `'${plain}'`}`
}

const GROUPED = /^[+-]?[1-9]\d{0,2}(?:([.,' \u00a0\u202f’])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$/
const IN_BRACKETS = /^\((\d[\d.,]*)\)$/
const WITH_COMMA = /^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$/
const WITH_POINT = /^[+-]?\d*\.\d+(?:[eE][+-]?\d+)?$/

/**
 * What to do about a text that is a number to people, and none here: one with the other mark in
 * front of its fraction, or with its digits in groups. Undefined for all else.
 */
export function numberAdvice(text: string, decimal: '.' | ','): string | undefined {
  const trimmed = text.trim()
  const isGrouped = GROUPED.test(trimmed)
  if (decimal === '.' && WITH_COMMA.test(trimmed)) {
    if (!isGrouped) return 'with --decimal , the comma is the mark in front of a fraction'
    return 'with --decimal , the comma is the mark in front of a fraction; digits grouped by thousands are not read'
  }
  if (isGrouped) {
    const bare = trimmed.replace(/[' \u00a0\u202f’]/g, '')
    const marks = bare.replace(/[^.,]/g, '')
    const hasFraction = new Set(marks).size > 1 || (marks.length === 1 && bare !== trimmed)
    const last = hasFraction ? Math.max(bare.lastIndexOf('.'), bare.lastIndexOf(',')) : -1
    const plain = bare.replace(/[.,]/g, (_, at: number) => (at === last ? decimal : ''))
    return `digits grouped by thousands are not read: write ${plain}`
  }
  const inBrackets = IN_BRACKETS.exec(trimmed)?.[1]
  if (inBrackets !== undefined) return `brackets are not read as a minus: write -${inBrackets}`
  if (decimal === ',' && WITH_POINT.test(trimmed)) {
    return 'its fraction has a point in front: leave out --decimal ,'
  }
  return undefined
}

/** What may follow a date that is not written as ISO 8601 has it. */
const TIME = '[[,][ ]H:mm[:ss[.fff]][ ][A][ ][Z]]'

/** Texts of one look, and the layouts that they can be of. */
export interface DateFamily {
  readonly layouts: readonly DateLayout[]
  /** Whether ISO 8601 is of it, too. */
  readonly iso: boolean
  /** Whether it is a month, which stands for its first day: only in an index. */
  readonly month: boolean
}

const ISO_TIME = '[[T][ ]H:mm[:ss[.fff]][ ][A][ ][Z]]'

const FAMILIES: readonly (readonly [RegExp, readonly string[], ('iso' | 'month')?])[] = [
  [/^\d{4}-\d{1,2}-\d{1,2}(?!\d)/, [`YYYY-MM-DD${ISO_TIME}`], 'iso'],
  [/^\d{4}\/\d{1,2}\/\d{1,2}(?!\d)/, [`YYYY/MM/DD${TIME}`]],
  [/^\d{4}\.\d{1,2}\.\d{1,2}(?!\d)/, [`YYYY.MM.DD${TIME}`]],
  [/^\d{1,2}\.\d{1,2}\.\d{4}(?!\d)/, [`DD.MM.YYYY${TIME}`]],
  [/^\d{1,2}\/\d{1,2}\/\d{4}(?!\d)/, [`DD/MM/YYYY${TIME}`, `MM/DD/YYYY${TIME}`]],
  [/^\d{1,2}-\d{1,2}-\d{4}(?!\d)/, [`DD-MM-YYYY${TIME}`, `MM-DD-YYYY${TIME}`]],
  [/^\d{1,2} [A-Za-z]{3,9}\.? \d{4}(?!\d)/, [`D MMM YYYY${TIME}`]],
  [/^\d{1,2}-[A-Za-z]{3,9}-\d{4}(?!\d)/, [`D-MMM-YYYY${TIME}`]],
  [/^\d{1,2}\/[A-Za-z]{3,9}\/\d{4}(?!\d)/, [`D/MMM/YYYY[[:]H:mm[:ss][ ][Z]]`]],
  [/^\d{1,2}-[A-Za-z]{3,9}-\d{2}(?!\d)/, [`D-MMM-YY${TIME}`]],
  [/^[A-Za-z]{3,9}\.? \d{1,2}, ?\d{4}(?!\d)/, [`MMM D,[ ]YYYY${TIME}`]],
  [/^[A-Za-z]{3,9}\.? \d{1,2} \d{4}(?!\d)/, [`MMM D YYYY${TIME}`]],
  [/^[A-Za-z]{2,9}, \d{1,2} [A-Za-z]{3,9} \d{4}(?!\d)/, [`ddd, D MMM YYYY${TIME}`]],
  [/^\d{4}-\d{2}$/, ['YYYY-MM'], 'month'],
  [/^\d{4}\/\d{2}$/, ['YYYY/MM'], 'month'],
  [/^\d{4}M\d{2}$/, ["YYYY'M'MM"], 'month'],
  [/^\d{2}\/\d{4}$/, ['MM/YYYY'], 'month'],
  [/^[A-Za-z]{3,9} \d{4}$/, ['MMM YYYY'], 'month'],
  [/^[A-Za-z]{3,9}-\d{4}$/, ['MMM-YYYY'], 'month'],
]

const families = new Map<number, DateFamily>()

/**
 * The family of a text that is a date in a layout which can be told from the text, or narrowed down
 * to two; undefined for all else, ISO 8601 included.
 */
export function dateFamilyOf(text: string): DateFamily | undefined {
  const trimmed = text.trim()
  if (trimmed.length > 40 || !/\d/.test(trimmed)) return undefined
  const at = FAMILIES.findIndex(([pattern]) => pattern.test(trimmed))
  if (at === -1) return undefined
  let family = families.get(at)
  if (family === undefined) {
    const [, texts, special] = FAMILIES[at]!
    const iso = special === 'iso'
    const layouts = texts.map(parseDateLayout).map((layout) => (iso ? orIso(layout) : layout))
    family = { layouts, iso, month: special === 'month' }
    families.set(at, family)
  }
  return family
}

/** The layout, and ISO 8601 as it is read at most times. */
function orIso(layout: DateLayout): DateLayout {
  const scan: TimeScanner = (bytes, start, end) => {
    const time = scanTime(bytes, start, end)
    return time === NOT_A_TIME ? layout.scan(bytes, start, end) : time
  }
  return { ...layout, scan }
}

/** The layout as people write it, for messages and `--date-format`: without what may be missing. */
export function shortLayout({ text }: DateLayout): string {
  return text.replace('[ ]YYYY', ' YYYY').replace(/\[.*\]$/, '')
}

/**
 * The layout to offer for an index of whole numbers that could be times, by the first of them and how many
 * digits those have that are too large for a double; undefined where they hardly are.
 */
export function numbersOffer(first: number, digits: number): string | undefined {
  if (first > 1e7 && first < 1e8) return layoutOffer(String(first))
  if (first > 1e9 && first < 4e9) return 'epoch_s'
  if (first > 1e12 && first < 4e12) return 'epoch_ms'
  if (first > 1e15 && first < 4e15) return 'epoch_us'
  return digits === 19 ? 'epoch_ns' : undefined
}

/** Layouts to offer for a text that looks like a date; undefined where it does not. */
export function layoutOffer(text: string): string | undefined {
  const trimmed = text.trim()
  const family = dateFamilyOf(trimmed)
  if (family !== undefined) {
    const bytes = Buffer.from(`${trimmed}\n`)
    const fits = family.layouts.filter(
      ({ scan }) => scan(bytes, 0, bytes.length - 1) !== NOT_A_TIME,
    )
    if (fits.length > 0) return fits.map(offered(trimmed)).join(' or ')
  }
  if (/^\d{1,2}([/.-])\d{1,2}\1\d{2}(?!\d)/.test(trimmed)) {
    const mark = /[/.-]/.exec(trimmed)![0]
    const date = Buffer.from(`${/^[\d/.-]+/.exec(trimmed)![0]}\n`)
    const texts = ['DD?MM?YY', 'MM?DD?YY', 'YY?MM?DD'].map((each) => each.replaceAll('?', mark))
    const fits = texts.filter(
      (each) => parseDateLayout(each).scan(date, 0, date.length - 1) !== NOT_A_TIME,
    )
    if (fits.length > 0) return fits.map((each) => offered(trimmed)({ text: each })).join(' or ')
  }
  if (/^(1[6-9]|2[01])\d\d(0[1-9]|1[0-2])([0-2][0-9]|3[01])$/.test(trimmed)) return 'YYYYMMDD'
  return undefined
}

/** A layout with the time and the offset that the text has. */
function offered(text: string): (layout: Pick<DateLayout, 'text'>) => string {
  const time = /(\d[ T,]+)(\d{1,2}:\d\d(:\d\d(\.\d+)?)?)\s*([ap]\.?m\.?)?/i.exec(text)
  if (time === null) return (layout) => quoted(shortLayout(layout as DateLayout))
  const seconds = time[3] === undefined ? '' : time[4] === undefined ? ':ss' : ':ss.fff'
  const clock = `${time[5] === undefined ? 'HH' : 'h'}:mm${seconds}${time[5] === undefined ? '' : ' A'}`
  const separator = /[T]/.test(time[1]!) ? 'T' : ' '
  const offset = /( ?)(?:Z|UTC|[+-]\d\d(?::?\d\d)?)$/i.exec(text)
  const zone = offset === null ? '' : `${offset[1]}Z`
  return (layout) => quoted(`${shortLayout(layout as DateLayout)}${separator}${clock}${zone}`)
}

function quoted(layout: string): string {
  return /[ ']/.test(layout) ? `"${layout}"` : layout
}

const MONTH =
  '(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?)'

const LOOKS_LIKE_DATE = [
  /^\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}(?![\d.])/,
  new RegExp(`^\\d{1,4}[-/. ]?${MONTH}[-/. ,]*\\d{1,4}(?!\\d)`, 'i'),
  /^(1[5-9]|2[01])\d\d[-/. ]?[QWMHSqwmhs]\d{1,2}$/,
  /^[QWHSqwhs]\d{1,2}[-/. ]?(1[5-9]|2[01])\d\d$/,
  /^(1[5-9]|2[01])\d\d[-/.]\d{1,2}$/,
  /^\d{1,2}[-/.](1[5-9]|2[01])\d\d$/,
  /^\d{1,2}:\d\d(:\d\d)?/,
  new RegExp(`^${MONTH}[-/. ,]*\\d{1,4}(?!\\d)`, 'i'),
  /^(mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(day)?,? \d/i,
]

/** Whether a text has the look of a date or a time, be it one or not. */
export function looksLikeDate(text: string): boolean {
  const trimmed = text.trim()
  if (trimmed.length < 4 || trimmed.length > 40) return false
  if (parseIso(trimmed) !== undefined) return true
  return LOOKS_LIKE_DATE.some((look) => look.test(trimmed)) || hasForeignMonth(trimmed)
}
