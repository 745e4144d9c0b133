import { Buffer } from 'node:buffer'
import { VarveError } from './errors.ts'

/** The longest part of a series name, in UTF-8 bytes: with `.csv` behind it, it is a file name. */
export const MAX_NAME_PART_BYTES = 240
/** The longest series, collection, ref or column name, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 1000

// Most text is this. A class of Unicode takes a fifth of a millisecond to set up, even where it is never asked for:
// those are made when they are needed.
const PLAIN = /^[ -~]*$/
const PLAIN_LINES = /^[ -~\n]*$/
// Half of a surrogate pair: text that has no UTF-8.
const loneSurrogate = () => /\p{Surrogate}/u
// C0 and C1 controls; format characters (bidi, zero-width, soft hyphen, tags); line and paragraph
// separators; the Hangul fillers, which are letters that print as nothing.
const unseenCharacter = () => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u
const RESERVED = /[\\:*?"<>|]/
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?: *\.|$)/i

/**
 * Checks the name of a series, `collection/series`: parts split by `/`, which are file names on
 * every system a work tree may be on. `invalid-name` with the reason otherwise. Returns the name.
 */
export function checkSeriesName(name: string): string {
  return checkPath(name, 'series')
}

/** As {@link checkSeriesName} for a collection; one trailing `/` is taken off. */
export function checkCollectionName(name: string): string {
  return checkPath(name.endsWith('/') ? name.slice(0, -1) : name, 'collection')
}

/** Whether {@link checkSeriesName} takes this name. */
export function isSeriesName(name: string): boolean {
  return pathFault(name) === undefined
}

/**
 * Checks a column name: any well-formed text without control or invisible characters, up to
 * {@link MAX_NAME_BYTES} bytes. `invalid-name` with the reason otherwise. Returns the name.
 */
export function checkColumnName(name: string): string {
  const fault = textFault(name)
  if (fault !== undefined) throw invalidName('column', name, fault)
  return name
}

export interface RefNameOptions {
  /** Whether a name without a `/` is taken, as `HEAD` or the short name of a branch. */
  readonly oneLevel?: boolean
}

/**
 * Checks the full name of a ref (`refs/heads/main`) by git's rules (`git check-ref-format`), and
 * for the invisible characters git lets through. `invalid-name` with the reason otherwise.
 * Returns the name.
 */
export function checkRefName(name: string, options: RefNameOptions = {}): string {
  const fault = refFault(name, options.oneLevel ?? false)
  if (fault !== undefined) throw invalidName('ref', name, fault)
  return name
}

/** Whether {@link checkRefName} takes this name. */
export function isRefName(name: string, options: RefNameOptions = {}): boolean {
  return refFault(name, options.oneLevel ?? false) === undefined
}

/**
 * Checks the short name of a branch or a tag and returns its full name: as git, it may not start
 * with `-` nor be `HEAD`.
 */
export function branchRefName(name: string): string {
  return shortRefName('branch', 'refs/heads/', name)
}

/** As {@link branchRefName}, for a tag. */
export function tagRefName(name: string): string {
  return shortRefName('tag', 'refs/tags/', name)
}

/**
 * Makes text from outside safe for a terminal: control characters, bidi and zero-width
 * characters and broken surrogates are written out (`\x1b`, `\u202e`, `\n`). The joiners U+200C and
 * U+200D stay: languages and emoji need them and they move nothing. Characters in `keep` stay too.
 */
export function escapeControl(text: string, keep = ''): string {
  if ((keep.includes('\n') ? PLAIN_LINES : PLAIN).test(text)) return text
  return text.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (character) =>
    keep.includes(character) ? character : escapeCharacter(character),
  )
}

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  const code = character.codePointAt(0)!
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\u{${code.toString(16)}}`
}

function shortRefName(what: string, prefix: string, name: string): string {
  const fault =
    refFault(name, true) ??
    (name.startsWith('-') ? 'it starts with "-", like an option' : undefined) ??
    (name === 'HEAD' ? 'HEAD means the current commit' : undefined)
  if (fault !== undefined) throw invalidName(what, name, fault)
  return prefix + name
}

function checkPath(name: string, what: string): string {
  const fault = pathFault(name)
  if (fault !== undefined) throw invalidName(what, name, fault)
  return name
}

function pathFault(name: string): string | undefined {
  const fault = textFault(name)
  if (fault !== undefined) return fault
  if (name.startsWith('/')) return 'it starts with "/"'
  for (const part of name.split('/')) {
    const partFault = pathPartFault(part)
    if (partFault !== undefined) return partFault
  }
  return undefined
}

function pathPartFault(part: string): string | undefined {
  if (part === '') return 'a part between "/" is empty'
  if (part === '.' || part === '..') return `"${part}" may not be a part of it`
  if (byteLength(part) > MAX_NAME_PART_BYTES) {
    return `a part of it is over ${MAX_NAME_PART_BYTES} bytes (${byteLength(part)})`
  }
  const reserved = RESERVED.exec(part)
  if (reserved !== null) return `it has ${JSON.stringify(reserved[0])} in it`
  if (part.startsWith(' ')) return 'a part starts with a space'
  if (part.endsWith(' ')) return 'a part ends with a space'
  if (part.endsWith('.')) return 'a part ends with a dot'
  if (DEVICE.test(part)) return `"${part}" is a device on Windows`
  if (part.toLowerCase() === '.varve') return '.varve is where the repository lives'
  return undefined
}

function refFault(name: string, oneLevel: boolean): string | undefined {
  const fault = textFault(name)
  if (fault !== undefined) return fault
  if (name === '@') return '"@" means HEAD'
  const reserved = /[ ~^:?*[\\]/.exec(name)
  if (reserved !== null) return `it has ${JSON.stringify(reserved[0])} in it`
  if (name.includes('..')) return 'it has ".." in it'
  if (name.includes('@{')) return 'it has "@{" in it'
  if (name.endsWith('.')) return 'it ends with a dot'
  const parts = name.split('/')
  if (!oneLevel && parts.length < 2) return 'it has no "/": a full name starts with refs/'
  for (const part of parts) {
    if (part === '') return 'a part between "/" is empty'
    if (part.startsWith('.')) return 'a part starts with a dot'
    if (part.endsWith('.lock')) return 'a part ends with ".lock"'
  }
  return undefined
}

function textFault(name: string): string | undefined {
  if (name === '') return 'it is empty'
  const isPlain = PLAIN.test(name)
  if (!isPlain && loneSurrogate().test(name)) return 'it is not valid UTF-8'
  const unseen = isPlain ? null : unseenCharacter().exec(name)
  if (unseen !== null) {
    return `it has the control or invisible character ${escapeCharacter(unseen[0])} in it`
  }
  const bytes = byteLength(name)
  if (bytes > MAX_NAME_BYTES) return `it is over ${MAX_NAME_BYTES} bytes (${bytes})`
  return undefined
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

function invalidName(what: string, name: string, reason: string): VarveError {
  const shown = [...name].length > 60 ? `${[...name].slice(0, 57).join('')}…` : name
  return new VarveError('invalid-name', `not a ${what} name: "${escapeAll(shown)}": ${reason}`, {
    data: { name, reason },
  })
}

function escapeAll(text: string): string {
  const source = `${unseenCharacter().source}|${loneSurrogate().source}`
  return text.replace(new RegExp(source, 'gu'), escapeCharacter)
}
