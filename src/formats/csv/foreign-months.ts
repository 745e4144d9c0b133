/** Languages whose names of months are known, to be told from other words. */
const LANGUAGES =
  'bg ca cs da de el es et eu fi fr ga hr hu id is it lt lv ms mt nb nl pl pt ro ru sk sl sq sr sv tr uk vi'.split(
    ' ',
  )

const WORD = '(?<month>\\p{L}[\\p{L}\\p{M}]{2,})\\.?'
const WEEKDAY = '(?:\\p{L}{2,}\\.?,? )?'
const YEAR = "(?:\\d{4}|'?\\d{2})(?!\\d)"
const OF = '(?:de |di )?'

/** A day, a month in words and a year; a month and a year; a year and a month. */
const SHAPES = [
  `^${WEEKDAY}\\d{1,2}(?:\\.|º|er|-a)?[-/. ]*${OF}${WORD}[-/., ]*${OF}${YEAR}`,
  `^${WORD}[-/., ]*${OF}(?:\\d{1,2},? )?\\d{4}(?!\\d)`,
  `^\\d{4}\\.?[-/., ]*${WORD}(?:[-/. ]*\\d{1,2}\\.?)?$`,
]

/** Characters of a date. */
const LONGEST = 40

let expressions: readonly RegExp[] | undefined
let names: ReadonlySet<string> | undefined

/** The names, short and in full, as they stand alone and in dates. */
function monthNames(): ReadonlySet<string> {
  const found = new Set<string>()
  for (const language of LANGUAGES) {
    for (const month of ['long', 'short'] as const) {
      for (const day of [undefined, 'numeric'] as const) {
        const format = new Intl.DateTimeFormat(language, { month, day, timeZone: 'UTC' })
        for (let at = 0; at < 12; at++) {
          const parts = format.formatToParts(Date.UTC(2025, at, 15))
          found.add(bare(parts.find(({ type }) => type === 'month')?.value ?? ''))
        }
      }
    }
  }
  return found
}

/** A name without marks on its letters, for they are often left out. */
function bare(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}|\.$/gu, '')
    .toLowerCase()
}

/** Whether a text is a date with the name of a month in one of many languages. */
export function hasForeignMonth(text: string): boolean {
  if (text.length > LONGEST) return false
  expressions ??= SHAPES.map((shape) => new RegExp(shape, 'iu'))
  return expressions.some((shape) => {
    const month = shape.exec(text)?.groups?.month
    if (month === undefined) return false
    names ??= monthNames()
    return names.has(bare(month))
  })
}
