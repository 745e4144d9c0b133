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
  [
    exitCodes.interrupted,
    'Stopped by Ctrl-C. The repository is as it was, unless a message says otherwise.',
  ],
  [exitCodes.brokenPipe, 'Whoever read the output went away, as `head` does. No message.'],
  [
    exitCodes.terminated,
    'Stopped by SIGTERM. The repository is as it was, unless a message says otherwise.',
  ],
])

interface ErrorMeaning {
  readonly exitCode: ExitCode
  readonly meaning: string
}

const { no, usage, notFound, badInput, conflict, refused, corrupt, machine, interrupted } =
  exitCodes

/** Each error with its exit code and what it says. */
export const errorMeanings: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  usage: is(usage, 'An unknown command or option, a missing or superfluous argument'),
  'not-a-repository': is(notFound, 'There is no repository here'),
  'object-not-found': is(notFound, 'No object has this id'),
  'ref-not-found': is(notFound, 'No branch, tag or other ref has this name'),
  'revision-not-found': is(notFound, 'The revision names nothing'),
  'ambiguous-revision': is(notFound, 'The shortened id fits several objects'),
  'series-not-found': is(notFound, 'No series or collection has this name'),
  'column-not-found': is(notFound, 'The series has no such column'),
  'key-not-found': is(notFound, 'No row has, or ever had, this key'),
  'file-not-found': is(notFound, 'A file that was named is not there'),
  'before-history': is(notFound, 'The time lies before the first commit'),
  'bad-input': is(badInput, 'Data that cannot be read; `data` says where, found and expected'),
  'invalid-name': is(badInput, 'A name that a series, column, ref or key cannot have'),
  'invalid-id': is(badInput, 'Not an object id'),
  'invalid-date': is(badInput, 'Not a date or time'),
  'invalid-value': is(badInput, 'A value that does not fit its type'),
  'schema-mismatch': is(badInput, "Columns that do not fit the series'"),
  'too-large': is(badInput, 'A value or key over its limit'),
  'already-exists': is(refused, 'The name is taken'),
  refused: is(refused, 'It would lose or overwrite something'),
  'nothing-to-commit': is(no, 'Nothing differs from the last commit'),
  'identity-unknown': is(refused, 'Nobody said who commits'),
  conflict: is(conflict, 'The ref or the rows changed in between, or two sides changed the same'),
  'corrupt-object': is(corrupt, 'An object is not what its id says'),
  'corrupt-pack': is(corrupt, 'A pack is damaged'),
  'corrupt-log': is(corrupt, 'The ref log is damaged'),
  'corrupt-file': is(corrupt, 'HEAD, index or another private file is damaged'),
  'unsupported-format': is(corrupt, 'Written by a newer varve, with something this one lacks'),
  'bad-peer': is(
    corrupt,
    'The other side of a transfer sent what it must not; nothing was changed',
  ),
  disconnected: is(machine, 'The connection ended too early; the same command goes on from there'),
  unreachable: is(machine, 'The other side cannot be reached, or has no varve'),
  'untrusted-host': is(refused, 'The other side is not shown to be who it should be'),
  'access-denied': is(refused, 'The other side does not know you, or does not let you do this'),
  io: is(machine, 'Reading or writing failed'),
  'disk-full': is(machine, 'There is no space left'),
  'permission-denied': is(machine, 'The file system does not allow it'),
  interrupted: is(interrupted, 'Stopped by a signal'),
}

export function exitCodeOf(code: ErrorCode): ExitCode {
  return errorMeanings[code].exitCode
}

function is(exitCode: ExitCode, meaning: string): ErrorMeaning {
  return { exitCode, meaning }
}
