import { VarveError } from '../core/errors.ts'

/** The machine as the frame sees it: the one place where ambient input is read. */
export interface Host {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Effective user id; undefined where there are none, as on Windows. */
  readonly uid?: number | undefined
  now(): Date
}

export function hostOfProcess(): Host {
  const { argv, env } = process
  return {
    argv: argv.slice(2),
    env,
    // Getters: the folder may be gone, and touching a stream of `process` opens it, which takes a while.
    get cwd() {
      return currentFolder()
    },
    get stdin() {
      return process.stdin
    },
    get stdout() {
      return process.stdout
    },
    get stderr() {
      return process.stderr
    },
    uid: process.geteuid?.(),
    now: () => new Date(),
  }
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new VarveError('file-not-found', 'the folder you are in is not there any more', {
      hint: 'cd to another one',
      cause,
    })
  }
}
