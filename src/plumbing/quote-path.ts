import { Buffer, isUtf8 } from 'node:buffer'
import { VarveError } from '../core/errors.ts'

const ODD = /["\\]|[^\x20-\x7e]/u
const ESCAPES = new Map([
  [0x07, 'a'],
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0b, 'v'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x22, '"'],
  [0x5c, '\\'],
])
const MEANINGS = new Map([...ESCAPES].map(([byte, letter]) => [letter, byte]))

/**
 * A path as git prints it (core.quotePath): as it is where it is plain ASCII, otherwise in double
 * quotes with C escapes, other bytes as three octal digits. Under `-z` paths are not quoted.
 */
export function quotePath(path: string): string {
  if (!ODD.test(path)) return path
  let quoted = '"'
  for (const byte of Buffer.from(path, 'utf8')) {
    const letter = ESCAPES.get(byte)
    if (letter !== undefined) quoted += `\\${letter}`
    else if (byte < 0x20 || byte > 0x7e) quoted += `\\${byte.toString(8).padStart(3, '0')}`
    else quoted += String.fromCharCode(byte)
  }
  return `${quoted}"`
}

const isUnreadable = (path: string): boolean => /["\\\p{C}]/u.test(path)

/** A path for people: quoted only where it has something in it that cannot be seen as it is. */
export function readablePath(path: string): string {
  return isUnreadable(path) ? quotePath(path) : path
}

/** Reads what {@link quotePath} wrote; text that does not begin with a quote is taken as it is. */
export function unquotePath(text: string): string {
  if (!text.startsWith('"')) return text
  const bytes: number[] = []
  const item = /\\(?:([abtnvfr"\\])|([0-3][0-7]{2}))|([^"\\]+)/y
  item.lastIndex = 1
  while (item.lastIndex < text.length - 1) {
    const match = item.exec(text)
    if (match === null) throw badQuotes(text)
    if (match[1] !== undefined) bytes.push(MEANINGS.get(match[1])!)
    else if (match[2] !== undefined) bytes.push(Number.parseInt(match[2], 8))
    else bytes.push(...Buffer.from(match[3]!, 'utf8'))
  }
  if (text.length < 2 || !text.endsWith('"') || item.lastIndex !== text.length - 1) {
    throw badQuotes(text)
  }
  const raw = Buffer.from(bytes)
  if (!isUtf8(raw)) throw badQuotes(text)
  return raw.toString('utf8')
}

function badQuotes(text: string): VarveError {
  return new VarveError('bad-input', `not a quoted path: ${text.slice(0, 200)}`, {
    hint: 'a quoted path is "…" with \\", \\\\, \\n, \\t or three octal digits inside; -z takes paths as they are',
  })
}
