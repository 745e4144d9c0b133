import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { ReadFileOptions } from '../storage/read-file.ts'
import type { CommandTable } from './command-table.ts'
import type { Config } from './config.ts'
import { loadConfig } from './config-layers.ts'
import type { Clock, Context } from './context.ts'
import { isFar } from './far-storage.ts'
import type { GlobalOptions } from './global-options.ts'
import type { Host } from './host.ts'
import { type ProgressTarget, startProgress } from './progress.ts'
import {
  assembleFoundRepository,
  farParts,
  findRepository,
  openFoundRepository,
  repositoryParts,
} from './repository-source.ts'

export interface ContextParts {
  readonly host: Host
  readonly globals: GlobalOptions
  readonly commands: CommandTable
  readonly abort: AbortSignal
  readonly onAnswerNo: () => void
}

export interface OwnedContext extends Context {
  /** What to report for an error, after a look at the repository that was opened. */
  explain(error: unknown): Promise<unknown>
  /** Lets go of what was opened. */
  close(): Promise<void>
}

/** The world of one command, each part of it made when it is first asked for. */
export function makeContext(parts: ContextParts): OwnedContext {
  const { host, globals, abort } = parts
  const env = (name: string) => host.env[name] || undefined
  const cwd = globals.directories.reduce(folderFrom, host.cwd)
  const now = once((): Clock => clockAt(host.now()))
  const indexFile = env('VARVE_INDEX_FILE')
  const location = {
    cwd,
    named: globals.repository ?? env('VARVE_REPO'),
    indexFile: indexFile === undefined ? undefined : resolve(cwd, indexFile),
    account: { uid: host.uid, sudoUid: env('SUDO_UID'), home: env('HOME') ?? homedir() },
    surroundings: once(async () => {
      const { surroundingsOf } = await import('./surroundings.ts')
      return surroundingsOf(host, print)
    }),
  }
  const config = once((): Promise<Config> => loadConfig({ env, location, globals }))
  const gitConfig = once(async () => (await import('./git-config.ts')).readGitConfig(cwd))
  let opened: Repository | undefined
  const others: Repository[] = []
  const repository = once(async () => {
    opened = await openFoundRepository(location, await config())
    return opened
  })
  // Progress is not drawn before some time has passed: until then stderr stays shut, as opening it takes
  // longer than what most commands do.
  const target: ProgressTarget | undefined =
    globals.quiet || globals.json
      ? undefined
      : {
          write: (text) => void (host.stderr.isTTY === true && host.stderr.write(text)),
          columns: () => host.stderr.columns ?? 80,
          now: () => host.now().getTime(),
        }
  const print = (line: string) => void host.stderr.write(`${escapeControl(line)}\n`)

  const warn = (text: string, hint?: string): void => {
    print(`varve: warning: ${text}`)
    if (hint !== undefined) print(`hint: ${hint}`)
  }

  const context: OwnedContext = {
    repository,
    uncheckedRepository: async () => {
      const repo = await assembleFoundRepository(location, await config())
      opened = repo
      return repo
    },
    repositoryAt: async (named) => {
      const other = { ...location, named, indexFile: undefined }
      const repo = await openFoundRepository(
        other,
        await loadConfig({ env, location: other, globals }),
      )
      others.push(repo)
      return repo
    },
    optionalRepository: () => optional(repository()),
    repositoryParts: async (folder, workTree) =>
      isFar(folder)
        ? farParts(folder, await config(), location)
        : repositoryParts({ folder, workTree }, await config()),
    now,
    clock: () => clockAt(host.now()),
    async identity(role) {
      const { findIdentity } = await import('./identity.ts')
      const fromGit = async (key: string) => (await gitConfig()).get(key)
      return findIdentity(role, { env, config, now, gitConfig: fromGit })
    },
    config,
    env,
    cwd,
    resolve: (path) => (isAbsolute(path) ? path : resolve(cwd, path)),
    readFile: (path, options) => readNamedFile(resolve(cwd, path), { ...options, signal: abort }),
    async readRange(path, from, to) {
      const { readFileRange } = await import('../storage/read-file.ts')
      return readFileRange(resolve(cwd, path), from, to)
    },
    async writeFile(path, pieces) {
      const { writeFile } = await import('../storage/write-file.ts')
      return writeFile(resolve(cwd, path), pieces, { signal: abort })
    },
    get stdin() {
      return readStdin(host.stdin, abort)
    },
    get stdinIsTerminal() {
      return host.stdin.isTTY === true
    },
    get stdoutIsTerminal() {
      return host.stdout.isTTY === true
    },
    get screenRows() {
      return host.stdout.rows || 24
    },
    get screenColumns() {
      return host.stdout.columns || 80
    },
    json: globals.json,
    quiet: globals.quiet,
    abort,
    progress: (options) => startProgress(options, target),
    note(text) {
      if (!globals.quiet) print(`varve: ${text}`)
    },
    warn,
    answerNo: parts.onAnswerNo,
    async connect(repo, place) {
      const { connector } = await import('./connect.ts')
      const connect = connector({
        ...{ host, location, config, now },
        note: (text) => context.note(text),
        configAt: (other) => loadConfig({ env, location: other, globals }),
        async identity() {
          const { logIdentity } = await import('../plumbing/commands/log-identity.ts')
          return logIdentity(context)
        },
      })
      return connect(repo, place)
    },
    async hook(name, request) {
      const found = await findRepository(location)
      if (found === undefined) return
      const { hookRunner } = await import('./hooks.ts')
      const top = found.workTree ?? found.folder
      const isNamed = location.named !== undefined || found.workTree === undefined
      const run = hookRunner({
        config: await config(),
        home: location.account.home,
        cwd: top,
        env: {
          ...(isNamed && { VARVE_REPO: top }),
          ...(location.indexFile !== undefined && { VARVE_INDEX_FILE: location.indexFile }),
        },
        abort,
        warn,
      })
      await run(name, request)
    },
    get hasFullScreen() {
      return host.stdin.isTTY === true && host.stdout.isTTY === true && host.env.TERM !== 'dumb'
    },
    async fullScreen(run) {
      const { withFullScreen } = await import('./full-screen.ts')
      const { wantsColour } = await import('./open-printing.ts')
      return withFullScreen(host, await wantsColour(host, globals, context), run)
    },
    async edit(text, fileName) {
      const { editText } = await import('./editor.ts')
      return editText(text, { fileName, env, config: await config() })
    },
    commands: parts.commands,
    async explain(error) {
      if (opened === undefined || !(error instanceof VarveError)) return error
      const { lostWithPack } = await import('../plumbing/lost-pack.ts')
      return lostWithPack(opened, error).catch(() => error)
    },
    async close() {
      for (const repo of [opened, ...others]) await repo?.storage.close()
    },
  }
  return context
}

function clockAt(date: Date): Clock {
  const milliseconds = date.getTime()
  return {
    milliseconds,
    seconds: Math.floor(milliseconds / 1000),
    offsetMinutes: -date.getTimezoneOffset() || 0,
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

async function optional(opening: Promise<Repository>): Promise<Repository | undefined> {
  try {
    return await opening
  } catch (error) {
    if (error instanceof VarveError && error.code === 'not-a-repository') return undefined
    throw error
  }
}

async function* readStdin(
  source: AsyncIterable<Uint8Array>,
  abort: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  const aborted = new Promise<never>((_, reject) => {
    if (abort.aborted) reject(abort.reason)
    abort.addEventListener('abort', () => reject(abort.reason), { once: true })
  })
  aborted.catch(() => undefined)
  try {
    for (;;) {
      const next = await Promise.race([iterator.next().catch(stdinError), aborted])
      if (next.done === true) return
      yield next.value
    }
  } finally {
    // Not awaited: a read that waits for a terminal would hold it up.
    void iterator.return?.()
  }
}

function stdinError(error: Error): never {
  throw new VarveError('io', `cannot read standard input: ${error.message}`, { cause: error })
}

async function* readNamedFile(path: string, options: ReadFileOptions): AsyncGenerator<Uint8Array> {
  const { readFile } = await import('../storage/read-file.ts')
  yield* readFile(path, options)
}

/** The next folder of `-C`. One that is not there would else stand for a repository above it. */
function folderFrom(from: string, to: string): string {
  const folder = resolve(from, to)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder
  throw new VarveError('file-not-found', `there is no folder ${folder}`, { data: { path: folder } })
}
