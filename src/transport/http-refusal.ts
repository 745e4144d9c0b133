import { hasCode, VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'

/** What is wrong with a request: the answer's status, and what is said about it. */
export class Refusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly code: string

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export function tooMany(): Refusal {
  return new Refusal(503, 'unreachable', 'too many requests at once', { 'Retry-After': '2' })
}

/** The answer that an error is; what of it may name things of the server stays here. */
export function refusalOf(error: unknown) {
  if (error instanceof Refusal) return { ...error, message: error.message, hint: undefined }
  if (!(error instanceof VarveError)) {
    return { status: 500, code: 'io', message: 'the server failed', headers: {}, hint: undefined }
  }
  // Messages of errors may name files of the server: only those about the request go out.
  const isOfRequest = ['bad-peer', 'too-large', 'refused', 'access-denied'].includes(error.code)
  const status =
    error.code === 'too-large' ? 413 : error.code === 'refused' ? 403 : isOfRequest ? 400 : 500
  const message = isOfRequest ? error.message : 'the server failed'
  return {
    status,
    code: error.code,
    message,
    headers: {},
    hint: isOfRequest ? error.hint : undefined,
  }
}

/** What the log says of an error. */
export function errorWord(error: unknown): string {
  if (error instanceof Refusal) return error.message
  if (hasCode(error, 'interrupted')) return error.message
  return escapeControl(error instanceof Error ? error.message : String(error))
}
