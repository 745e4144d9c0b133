import { cutText, safeText, textWidth } from '../safe-text.ts'
import { type Look, paint, type Role } from './look.ts'

/** A piece of a line: a text, or pieces that share its width. */
export interface Span {
  readonly text?: string | undefined
  readonly role?: Role | undefined
  readonly spans?: readonly Span[] | undefined
  /** Columns that it takes whatever it says: it is cut, or filled up. */
  readonly width?: number | undefined
  /** Filled up on the left. */
  readonly right?: boolean | undefined
}

export interface LineOptions {
  /** Columns that the line takes. */
  readonly width: number
  readonly look: Look
  /** Under the cursor. */
  readonly selected?: boolean | undefined
}

/** Beyond so many characters a column nothing is looked at. */
const CHARACTERS_A_COLUMN = 8

/**
 * The one way by which text gets onto the screen: as one line of exactly the given width, cut and filled up by what
 * characters take, and with nothing in it that a terminal would obey.
 */
export function drawLine(spans: readonly Span[], { width, look, selected }: LineOptions): string {
  const { line, used } = pieces(spans, width, selected === true ? undefined : look, look)
  const whole = line + ' '.repeat(width - used)
  return selected ? paint(whole, 'cursor', look) : whole
}

/** @param painting undefined where nothing of it has a look of its own */
function pieces(
  spans: readonly Span[],
  width: number,
  painting: Look | undefined,
  look: Look,
): { line: string; used: number } {
  let line = ''
  let used = 0
  for (const span of spans) {
    const room = Math.min(width - used, span.width ?? width)
    if (room <= 0) continue
    const piece =
      span.spans === undefined
        ? text(span, room, painting, look)
        : pieces(span.spans, room, painting, look)
    const fill = span.width === undefined ? 0 : room - piece.used
    line += span.right ? ' '.repeat(fill) + piece.line : piece.line + ' '.repeat(fill)
    used += piece.used + fill
  }
  return { line, used }
}

function text(span: Span, room: number, painting: Look | undefined, look: Look) {
  const safe = shown(span.text ?? '', room, look)
  const line = painting === undefined ? safe : paint(safe, span.role, painting)
  return { line, used: textWidth(safe) }
}

/** Text as it can be shown in so many columns. */
export function shown(from: string, columns: number, { unicode }: Look): string {
  const safe = safeText(from.slice(0, columns * CHARACTERS_A_COLUMN + 1))
  return cutText(unicode ? safe : inAscii(safe), columns, unicode ? '…' : '~')
}

const glyphs: ReadonlyMap<string, string> = new Map([
  ['↓', 'Down'],
  ['↑', 'Up'],
  ['→', 'Right'],
  ['←', 'Left'],
  ['…', '..'],
  ['·', '.'],
  ['─', '-'],
  ['│', '|'],
])

/** Other characters than ASCII take as many columns as they would, but for those that varve itself draws. */
function inAscii(safe: string): string {
  if (/^[ -~]*$/.test(safe)) return safe
  return safe.replace(/[^ -~]/gu, (character) => {
    return glyphs.get(character) ?? '?'.repeat(textWidth(character))
  })
}
