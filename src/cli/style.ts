import { randomBytes } from 'node:crypto'
import { escapeControl } from '../core/names.ts'

const styleNames = ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const
export type StyleName = (typeof styleNames)[number]

/** What `toText` is given: colours, and what is known of where the text goes. */
export interface Style extends Readonly<Record<StyleName, (text: string) => string>> {
  /** Columns of the terminal; 80 where it is none. */
  readonly columns: number
  /** Whether the text is for a person at a terminal, directly or through the pager. */
  readonly terminal: boolean
}

export type Paint = Readonly<Record<StyleName, (text: string) => string>>

/**
 * Styles are marked in the text and painted after control characters were escaped, so that data
 * cannot bring escape sequences of its own. The marks hold a random word that no data can guess.
 */
const NONCE = randomBytes(6).toString('hex')
const MARK = new RegExp(`\ufdd0${NONCE}(?:([a-z]+);|\ufdd1)`, 'g')

export function createStyle(where: { columns: number; terminal: boolean; colour: boolean }): Style {
  const marks = styleNames.map((name): [StyleName, (text: string) => string] => [
    name,
    where.colour
      ? (text) => (text === '' ? '' : `\ufdd0${NONCE}${name};${text}\ufdd0${NONCE}\ufdd1`)
      : (text) => text,
  ])
  const { columns, terminal } = where
  return { ...(Object.fromEntries(marks) as Record<StyleName, never>), columns, terminal }
}

/** Text from `toText` as it is printed: safe for a terminal, marks turned into colours. */
export function renderText(text: string, options: { raw: boolean; paint?: Paint }): string {
  const safe = options.raw ? text : escapeControl(text, '\n\t')
  return options.paint === undefined ? safe : paintMarks(safe, options.paint)
}

function paintMarks(text: string, paint: Paint): string {
  const open: { name: StyleName; before: string }[] = []
  let current = ''
  let from = 0
  for (const match of text.matchAll(MARK)) {
    current += text.slice(from, match.index)
    from = match.index + match[0].length
    const name = match[1] as StyleName | undefined
    if (name !== undefined) {
      open.push({ name, before: current })
      current = ''
      continue
    }
    const top = open.pop()
    if (top !== undefined) current = top.before + paint[top.name](current)
  }
  return current + text.slice(from)
}
