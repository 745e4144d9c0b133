import { VarveError } from '../core/errors.ts'
import { escapeJson } from '../core/json-text.ts'
import { escapeControl } from '../core/names.ts'
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts'
import { VERSION } from './version.ts'

export interface ErrorReport {
  readonly text: string
  readonly exitCode: ExitCode
}

/** What the user is told of an error, as text or as one JSON document, and the exit code. */
export function reportError(
  error: unknown,
  options: { json: boolean; debug: boolean },
): ErrorReport {
  if (error instanceof VarveError) {
    return {
      text: options.json ? jsonReport(error) : textReport(error, options.debug),
      exitCode: exitCodeOf(error.code),
    }
  }
  return { text: bugReport(error, options.json), exitCode: exitCodes.bug }
}

function textReport(error: VarveError, debug: boolean): string {
  const lines = [`varve: ${escapeControl(error.message, '\n')}`]
  if (error.hint !== undefined) lines.push(`hint: ${escapeControl(error.hint, '\n')}`)
  if (debug && error.stack !== undefined) lines.push(escapeControl(error.stack, '\n'))
  return `${lines.join('\n')}\n`
}

function jsonReport(error: VarveError): string {
  const { code, message, hint, data } = error
  return `${toJsonText({ error: { code, message, hint, data } })}\n`
}

function bugReport(error: unknown, json: boolean): string {
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  if (json) return `${toJsonText({ error: { code: 'bug', message, data: { stack } } })}\n`
  return [
    `varve: a bug: ${escapeControl(message, '\n')}`,
    ...(stack === undefined ? [] : [escapeControl(stack, '\n')]),
    'hint: please report this to the makers of varve, with the command line and all of this text',
    `hint: varve ${VERSION}, node ${process.versions.node}, ${process.platform} ${process.arch}`,
    '',
  ].join('\n')
}

/**
 * JSON of any result: 64-bit integers as decimal strings, bytes as base64, maps as objects.
 * Control characters that JSON allows unescaped are escaped all the same.
 */
export function toJsonText(value: unknown): string {
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (Object.is(member, -0)) return MINUS_ZERO
    if (typeof member === 'bigint') return member.toString()
    if (member instanceof Map) return Object.fromEntries(member)
    if (member instanceof Set) return [...member]
    if (ArrayBuffer.isView(member)) {
      return Buffer.from(member.buffer, member.byteOffset, member.byteLength).toString('base64')
    }
    return member
  })
  return escapeJson(text ?? 'null').replaceAll(MINUS_ZERO_JSON, '-0')
}

/** JSON.stringify would print the 0 of −0. No text has half a surrogate pair, so this is none. */
const MINUS_ZERO = '\ud800-0'
const MINUS_ZERO_JSON = JSON.stringify(MINUS_ZERO)
