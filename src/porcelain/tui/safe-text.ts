import stringWidth from 'string-width'
import { escapeControl } from '../../core/names.ts'

/** Joiners and selectors of how a character looks: terminals do not agree on how wide they make it. */
const AMBIGUOUS = /\u200c|\u200d|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu
const PLAIN = /^[ -~]*$/

/**
 * Text from outside as it may be put on the screen: no control, bidi or invisible characters, and none that make
 * others wider or narrower; syllables and accents that are written in parts as the one character that there is for them.
 */
export function safeText(text: string): string {
  if (PLAIN.test(text)) return text
  return escapeControl(text.replaceAll('\t', ' ')).replace(AMBIGUOUS, '').normalize('NFC')
}

const widths = new Map<number, number>()

function widthOf(character: string): number {
  const code = character.codePointAt(0)!
  const known = widths.get(code)
  if (known !== undefined) return known
  const width = stringWidth(character)
  widths.set(code, width)
  return width
}

/** Columns that safe text takes where no characters are joined: never less than a terminal gives it. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

/** Safe text of at most so many columns; where it is longer, with a mark at its end. */
export function cutText(text: string, columns: number, mark: string): string {
  if (columns <= 0) return ''
  if (PLAIN.test(text)) {
    if (text.length <= columns) return text
    return text.slice(0, Math.max(0, columns - mark.length)) + mark.slice(0, columns)
  }
  if (textWidth(text) <= columns) return text
  const room = columns - mark.length
  let width = 0
  let length = 0
  for (const character of text) {
    width += widthOf(character)
    if (width > room) break
    length += character.length
  }
  return text.slice(0, length) + mark.slice(0, columns)
}
