/**
 * What went wrong, as a word a script can branch on. Each code has one exit code
 * (`src/cli/exit-codes.ts`) and one line in `docs/exit-codes.md`.
 */
export type ErrorCode =
  // the request itself
  | 'usage'
  // something named does not exist, or the name fits several things
  | 'not-a-repository'
  | 'object-not-found'
  | 'ref-not-found'
  | 'revision-not-found'
  | 'ambiguous-revision'
  | 'series-not-found'
  | 'column-not-found'
  | 'key-not-found'
  | 'file-not-found'
  | 'before-history'
  // what was given is not what it must be
  | 'bad-input'
  | 'invalid-name'
  | 'invalid-id'
  | 'invalid-date'
  | 'invalid-value'
  | 'schema-mismatch'
  | 'too-large'
  // doing it would lose or overwrite something
  | 'already-exists'
  | 'refused'
  | 'nothing-to-commit'
  | 'identity-unknown'
  // someone else was there first, or two changes meet
  | 'conflict'
  // bytes are not what they must be
  | 'corrupt-object'
  | 'corrupt-pack'
  | 'corrupt-log'
  | 'corrupt-file'
  | 'unsupported-format'
  // the other side of a transfer
  | 'bad-peer'
  | 'disconnected'
  | 'unreachable'
  | 'untrusted-host'
  | 'access-denied'
  // the machine
  | 'io'
  | 'disk-full'
  | 'permission-denied'
  | 'interrupted'

export interface VarveErrorOptions {
  /** Facts for programs: plain JSON values, printed under `--json`. */
  readonly data?: Readonly<Record<string, unknown>>
  /** What the reader can do about it: one line, a command where there is one. */
  readonly hint?: string
  readonly cause?: unknown
}

/** The only error that varve throws on purpose. Any other `Error` that reaches the user is a bug. */
export class VarveError extends Error {
  readonly code: ErrorCode
  readonly data: Readonly<Record<string, unknown>>
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: VarveErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'VarveError'
    this.code = code
    this.data = options.data ?? {}
    this.hint = options.hint
  }
}

/** Whether `error` is a {@link VarveError} with this code: for catching only what one can name. */
export function hasCode(error: unknown, code: ErrorCode): error is VarveError {
  return error instanceof VarveError && error.code === code
}
