import type { ErrorCode } from '../core/errors.ts'

/** The exit codes, with what each tells a script. `docs/exit-codes.md` is made from this. */
export const exitCodes = {
  ok: 0,
  no: 1,
  usage: 2,
  notFound: 3,
  badInput: 4,
  conflict: 5,
  refused: 6,
  corrupt: 7,
  machine: 8,
  bug: 70,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodeMeanings: ReadonlyMap<ExitCode, string> = new Map<ExitCode, string>([
  [exitCodes.ok, 'It worked. "Nothing had to change" is also 0.'],
  [exitCodes.no, 'It worked, and the answer is no: `diff --exit-code` found differences.'],
  [exitCodes.usage, 'The command line cannot be understood.'],
  [exitCodes.notFound, 'Something named is not there, or the name fits several things.'],
  [exitCodes.badInput, 'What was given is not what it must be. Nothing was changed.'],
  [exitCodes.conflict, 'Someone else was there first, or two changes meet.'],
  [exitCodes.refused, 'It would lose or overwrite something, or it lacks something.'],
  [exitCodes.corrupt, 'Stored bytes are not what they must be, or are from a newer varve.'],
  [exitCodes.machine, 'The machine failed: disk full, permission, input or output.'],
  [exitCodes.bug, 'A bug in varve. The message says how to report it.'],
  [exitCodes.interrupted, 'Stopped by Ctrl-C. The repository is as it was.'],
  [exitCodes.brokenPipe, 'Whoever read the output went away, as `head` does. No message.'],
  [exitCodes.terminated, 'Stopped by SIGTERM. The repository is as it was.'],
])

/** The exit code of each kind of error. */
export const exitCodeOf: Readonly<Record<ErrorCode, ExitCode>> = {
  usage: exitCodes.usage,
  'not-a-repository': exitCodes.notFound,
  'object-not-found': exitCodes.notFound,
  'ref-not-found': exitCodes.notFound,
  'revision-not-found': exitCodes.notFound,
  'ambiguous-revision': exitCodes.notFound,
  'series-not-found': exitCodes.notFound,
  'column-not-found': exitCodes.notFound,
  'file-not-found': exitCodes.notFound,
  'before-history': exitCodes.notFound,
  'bad-input': exitCodes.badInput,
  'invalid-name': exitCodes.badInput,
  'invalid-id': exitCodes.badInput,
  'invalid-date': exitCodes.badInput,
  'invalid-value': exitCodes.badInput,
  'schema-mismatch': exitCodes.badInput,
  'too-large': exitCodes.badInput,
  'already-exists': exitCodes.refused,
  refused: exitCodes.refused,
  'nothing-to-commit': exitCodes.refused,
  'identity-unknown': exitCodes.refused,
  conflict: exitCodes.conflict,
  'corrupt-object': exitCodes.corrupt,
  'corrupt-pack': exitCodes.corrupt,
  'corrupt-log': exitCodes.corrupt,
  'corrupt-file': exitCodes.corrupt,
  'unsupported-format': exitCodes.corrupt,
  io: exitCodes.machine,
  'disk-full': exitCodes.machine,
  'permission-denied': exitCodes.machine,
  interrupted: exitCodes.interrupted,
}
