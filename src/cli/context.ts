import type { Signature } from '../core/commit.ts'
import type { Connect } from '../plumbing/connect.ts'
import type { Repository, RepositoryParts } from '../plumbing/repository.ts'
import type { RunHook } from '../porcelain/hooks.ts'
import type { CommandTable } from './command-table.ts'
import type { Config } from './config.ts'
import type { FullScreen } from './full-screen.ts'
import type { Progress, ProgressOptions } from './progress.ts'

/** What a command may know of the world around it. Operations get values from it, never it. */
export interface Context {
  /** The repository; `not-a-repository` when there is none here. Opened once. */
  repository(): Promise<Repository>
  /** As {@link Context.repository}, but nothing of it is read yet: its ref log may be damaged. */
  uncheckedRepository(): Promise<Repository>
  /** The repository at another location, as `-R` takes them. Closed with the command. */
  repositoryAt(location: string): Promise<Repository>
  /** As {@link Context.repository}, or undefined where there is none. */
  optionalRepository(): Promise<Repository | undefined>
  /**
   * The parts of a repository that may not be there yet: for `init` and `clone`.
   *
   * @param folder where its data is: `X/.varve`, or `X.varve` for a bare one
   * @param workTree the folder of its files, which must be there; undefined for a bare one
   */
  repositoryParts(folder: string, workTree: string | undefined): Promise<RepositoryParts>
  /** The time of this command: the same at every call. */
  now(): Clock
  /** The time, anew at each call: for what goes on for long. */
  clock(): Clock
  /**
   * Who does it and when: VARVE_AUTHOR_* or VARVE_COMMITTER_*, else configuration, else git's;
   * `identity-unknown` when nobody says.
   */
  identity(role: 'author' | 'committer'): Promise<Signature>
  /** Configuration: the user's, the repository's, then `-c`. */
  config(): Promise<Config>
  /** An environment variable; one that is empty counts as not set. */
  env(name: string): string | undefined
  /** The folder to start from, after `-C`. */
  readonly cwd: string
  /** A path as given by the user, made absolute. */
  resolve(path: string): string
  /**
   * The bytes of a file the user named: `file-not-found`, `permission-denied`, `io`. Pieces that are lent hold until
   * the next is asked for.
   */
  readFile(
    path: string,
    options?: { readonly isLent?: boolean | undefined },
  ): AsyncIterable<Uint8Array>
  /** The bytes `from` to `to` (exclusive) of a file the user named, fewer where it ends. */
  readRange(path: string, from: number, to: number): Promise<Uint8Array>
  /** Writes a file the user named: whole, or not at all. Returns how many bytes it has. */
  writeFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number>
  /** Standard input; reading ends with `interrupted` when the command is. */
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  /** Lines of the terminal; 24 where that is not known. */
  readonly screenRows: number
  /** Characters in a line of the terminal; 80 where that is not known. */
  readonly screenColumns: number
  /** Whether `--json` was given. */
  readonly json: boolean
  readonly quiet: boolean
  /** Aborted by Ctrl-C and SIGTERM: operations discard what they have begun. */
  readonly abort: AbortSignal
  /** Shows how far a long operation has come: on stderr, only on a terminal. */
  progress(options: ProgressOptions): Progress
  /** One line on stderr that is not part of the answer; `--quiet` leaves it out. */
  note(text: string): void
  /** A warning on stderr. */
  warn(text: string, hint?: string): void
  /** The command worked and the answer is no: exit code 1. */
  answerNo(): void
  /** Begins a conversation with another repository, by its URL, path, or the file of a bundle. */
  readonly connect: Connect
  /** Runs one of the user's hooks, in the repository of this command. */
  readonly hook: RunHook
  /** Whether there is a terminal that {@link Context.fullScreen} can draw on. */
  readonly hasFullScreen: boolean
  /** Runs something with the whole terminal, which is as it was afterwards, however it ends. */
  fullScreen<T>(run: (screen: FullScreen) => Promise<T>): Promise<T>
  /** Lets the user edit text in their editor, and returns what was saved. */
  edit(text: string, fileName: string): Promise<string>
  /** All commands, for help and completion. */
  readonly commands: CommandTable
}

export interface Clock {
  /** Since 1970. */
  readonly milliseconds: number
  readonly seconds: number
  /** The local time zone's distance from UTC. */
  readonly offsetMinutes: number
}
