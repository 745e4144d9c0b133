import type { Readable, Writable } from 'node:stream'
import { VarveError } from '../core/errors.ts'
import type { ProgramWords } from './ssh-command.ts'
import type { SshEnd } from './ssh-errors.ts'

/** A command that runs on another machine: its standard input and output, and how it ends. */
export interface RemoteProgram {
  readonly readable: Readable
  readonly writable: Writable
  /** Settles once the program has ended and nothing more comes of it; never rejects. */
  readonly ended: Promise<SshEnd>
  /** What came on standard error so far and was not taken yet. */
  takeErrors(): string
  /** Ends it, whatever it does. */
  stop(): void
}

/** Of standard error, as much as an error may show. */
const MOST_ERRORS = 16 * 1024

/** The end of a text that comes in pieces: of a stream that the other side may fill without end. */
export class ErrorText {
  #text = ''
  #taken = 0

  add(piece: Uint8Array | string): void {
    this.#text += typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8')
    const surplus = this.#text.length - MOST_ERRORS
    if (surplus <= 0) return
    this.#text = this.#text.slice(surplus)
    this.#taken = Math.max(0, this.#taken - surplus)
  }

  get text(): string {
    return this.#text
  }

  take(): string {
    const fresh = this.#text.slice(this.#taken)
    this.#taken = this.#text.length
    return fresh
  }
}

/** Starts the system's ssh. It asks for passwords and about keys on the terminal by itself. */
export async function startSshProgram(
  [program, ...words]: ProgramWords,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RemoteProgram> {
  const { execa } = await import('execa')
  const child = execa(program, words, {
    env: environment,
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    encoding: 'buffer',
  })
  const errors = new ErrorText()
  child.stderr.on('data', (piece: Uint8Array) => errors.add(piece))
  // A program that ends early leaves a broken pipe: how it ended says more.
  child.stdin.on('error', () => undefined)
  child.stdout.on('error', () => undefined)
  const ended = child.then((result): SshEnd => {
    const isNotThere = result.code === 'ENOENT'
    return {
      exitCode: result.exitCode,
      errors: errors.text || (isNotThere ? `${program}: command not found` : ''),
      ...(result.code !== undefined && { failure: startFailure(program, result.code) }),
    }
  })
  return {
    readable: child.stdout,
    writable: child.stdin,
    ended,
    takeErrors: () => errors.take(),
    stop: () => void child.kill(),
  }
}

function startFailure(program: string, code: string): VarveError {
  return new VarveError('unreachable', `cannot start ${program}: ${code}`, {
    data: { program, system: code },
    hint: 'install OpenSSH, name another command with core.sshCommand, or set core.ssh to builtin',
  })
}
