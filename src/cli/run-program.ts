import { isAbsolute } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'

export interface ProgramToRun {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  /** Further environment variables. */
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/**
 * Runs a program of the user's with their terminal, what it prints on stderr; its exit code, 128 and more where a
 * signal ended it. `file-not-found` where there is none, `refused` where it cannot be started, `interrupted` where the command is.
 */
export async function runProgram({
  program,
  args,
  cwd,
  env,
  signal,
}: ProgramToRun): Promise<number> {
  const { execa } = await import('execa')
  const done = await execa(program, args, {
    cwd,
    env,
    stdin: 'inherit',
    stdout: 2,
    stderr: 2,
    reject: false,
    cancelSignal: signal,
  })
  if (signal.aborted) throw new VarveError('interrupted', 'interrupted')
  if (done.exitCode !== undefined) return done.exitCode
  if (done.isTerminated) return 128
  const shown = escapeControl(program)
  if (done.code === 'ENOENT') {
    const hint = program.includes('/')
      ? 'a path begins at the top of the work tree'
      : `it is looked for in PATH: ./${shown} for one in the work tree`
    throw new VarveError('file-not-found', `there is no program ${shown}`, {
      data: { program },
      ...(!isAbsolute(program) && { hint }),
    })
  }
  if (done.code === 'EACCES') {
    throw new VarveError('refused', `${shown} may not be run`, {
      data: { program },
      hint: `chmod +x ${shown}`,
    })
  }
  const why = escapeControl(done.originalMessage ?? 'it cannot be started')
  throw new VarveError('refused', `${shown}: ${why}`, { data: { program } })
}
