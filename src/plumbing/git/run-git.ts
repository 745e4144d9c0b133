import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'

/** A git repository that history is read from, and how git is run there. */
export interface GitSource {
  /** An absolute path. */
  readonly folder: string
  /** All of the environment that git gets: how to find git, and the user's own configuration. */
  readonly env: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/**
 * What no repository decides: its configuration may name programs (for its file system monitor, its
 * hooks, its remotes), and a partial clone fetches what it lacks.
 */
const SAFE = [
  ...['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'protocol.allow=never', '-c', 'core.attributesFile=/dev/null'],
  ...['--no-pager', '--no-optional-locks', '--no-replace-objects'],
]
const SAFE_ENV = {
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
}

/** git, started: what it prints, as it comes, and how it ends. */
export interface RunningGit {
  write(text: string): Promise<void>
  readonly output: AsyncIterable<Uint8Array>
  /** Waits for its end; an error where it failed. Safe to call twice. */
  finish(): Promise<void>
  /** Ends it, whatever it does. */
  stop(): Promise<void>
}

/**
 * Starts git on a repository that nothing is known of, so that only its objects are read. Words from
 * outside belong behind `--end-of-options`.
 */
export async function startGit(source: GitSource, args: readonly string[]): Promise<RunningGit> {
  const { execa } = await import('execa')
  const child = execa('git', ['-C', source.folder, ...SAFE, ...args], {
    env: { ...source.env, ...SAFE_ENV },
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false, stderr: true },
    maxBuffer: 64 * 1024,
    reject: false,
    ...(source.signal !== undefined && { cancelSignal: source.signal }),
  })
  // A git that is gone says why by its end.
  child.stdin.on('error', () => undefined)
  let stopped = false
  return {
    async write(text) {
      if (child.stdin.write(text)) return
      await new Promise<void>((resolve) => {
        child.stdin.once('drain', resolve).once('close', resolve)
      })
    },
    output: child.stdout,
    async finish() {
      child.stdin.end()
      const { failed, code, stderr } = await child
      source.signal?.throwIfAborted()
      if (failed && !stopped) throw gitError(source, code, String(stderr))
    },
    async stop() {
      stopped = true
      child.kill()
      await child
    },
  }
}

/** What git prints, as text; for what is small. */
export async function readGit(source: GitSource, args: readonly string[]): Promise<string> {
  const git = await startGit(source, args)
  const pieces: Uint8Array[] = []
  for await (const piece of git.output) pieces.push(piece)
  await git.finish()
  return Buffer.concat(pieces).toString('utf8')
}

function gitError({ folder }: GitSource, code: unknown, stderr: string): VarveError {
  if (code === 'ENOENT') {
    return new VarveError('refused', 'git is needed to read git repositories, and is not found', {
      hint: 'install git, or put it on PATH',
    })
  }
  const lines = stderr.split('\n').filter((line) => line !== '')
  const first = (lines.find((line) => /^(?:fatal|error):/.test(line)) ?? lines[0] ?? '').replace(
    /^(?:fatal|error): /,
    '',
  )
  const data = { folder, git: first }
  if (/not a git repository/.test(first)) {
    return new VarveError('not-a-repository', `${folder} is not a git repository`, { data })
  }
  if (/cannot change to/.test(first)) {
    return new VarveError('file-not-found', `there is no folder ${folder}`, { data })
  }
  if (/dubious ownership/.test(first)) {
    return new VarveError('refused', `git does not trust ${folder}: it belongs to somebody else`, {
      data,
      hint: `git config --global --add safe.directory ${folder}`,
    })
  }
  return new VarveError('bad-input', `git in ${folder}: ${escapeControl(first)}`, { data })
}
