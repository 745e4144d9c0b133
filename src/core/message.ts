import { isUtf8 } from 'node:buffer'
import { bytesToText } from './bytes.ts'
import { VarveError } from './errors.ts'

// Commits and tags are text as git's are: header lines, an empty line, the message.

/** The message with one newline at its end, or none when it is empty. */
export function endWithNewline(message: string): string {
  const text = message.replace(/\n+$/, '')
  return text === '' ? '' : `${text}\n`
}

/**
 * The message as git keeps one that was typed (`--cleanup=whitespace`): no spaces at the ends of
 * lines, no empty lines at either end, one at most in between, one newline at the end.
 */
export function cleanMessage(message: string): string {
  const text = message
    .replace(/\r\n?/g, '\n')
    .replace(/[ \t\f\v]+$/gm, '')
    .replace(/^\n+/, '')
    .replace(/\n{3,}/g, '\n\n')
  return endWithNewline(text)
}

function faultOf(message: string): string | undefined {
  if (message.includes('\0')) return 'has a NUL character'
  if (/\p{Surrogate}/u.test(message)) return 'has half of a surrogate pair'
  if (message !== endWithNewline(message)) return 'does not end with one newline'
  return undefined
}

/** `bad-input` unless the message can be written as it is. */
export function checkMessage(message: string): void {
  const fault = faultOf(message)
  if (fault !== undefined) throw new VarveError('bad-input', `the message ${fault}`)
}

/** Reads the text of a commit or tag, line by line. What does not fit is `corrupt-object`. */
export class HeaderReader {
  readonly #kind: string
  readonly #text: string
  #at = 0

  constructor(kind: string, bytes: Uint8Array) {
    this.#kind = kind
    if (!isUtf8(bytes)) throw this.error('is not valid UTF-8')
    this.#text = bytesToText(bytes)
  }

  /** The value of the header that must come next. */
  expect(name: string): string {
    const value = this.take(name)
    if (value === undefined) throw this.error(`has no ${name} where it must be`)
    return value
  }

  /** The value of the next header when it has this name. */
  take(name: string): string | undefined {
    const start = this.#at + name.length + 1
    if (!this.#text.startsWith(`${name} `, this.#at)) return undefined
    const end = this.#text.indexOf('\n', start)
    if (end < 0) throw this.error('is cut short')
    this.#at = end + 1
    return this.#text.slice(start, end)
  }

  /** The message: all after the empty line that must come next. */
  message(): string {
    if (this.#text[this.#at] !== '\n') throw this.error('has a header that is not known')
    const message = this.#text.slice(this.#at + 1)
    const fault = faultOf(message)
    if (fault !== undefined) throw this.error(`has a message that ${fault}`)
    return message
  }

  error(reason: string): VarveError {
    return new VarveError('corrupt-object', `a ${this.#kind} ${reason}`)
  }
}
