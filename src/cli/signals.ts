import { VarveError } from '../core/errors.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

/** How long an interrupted command may take to clean up after itself. */
const PATIENCE_MS = 10_000

export interface Interruption {
  readonly signal: AbortSignal
  /** The exit code of the signal that came, if one did. */
  exitCode(): ExitCode | undefined
  /** Leaves Ctrl-C to another program on the terminal: leaving the pager ends our output. */
  ignoreInterrupts(): void
  release(): void
}

/**
 * Turns SIGINT and SIGTERM into an abort, so that operations discard what they began. A second
 * signal, or cleaning up that takes too long, ends the process at once.
 */
export function listenForSignals(): Interruption {
  const controller = new AbortController()
  let code: ExitCode | undefined
  const onSignal = (exitCode: ExitCode) => () => {
    if (code !== undefined) process.exit(exitCode)
    code = exitCode
    setTimeout(() => process.exit(exitCode), PATIENCE_MS).unref()
    controller.abort(new VarveError('interrupted', 'interrupted'))
  }
  const onInterrupt = onSignal(exitCodes.interrupted)
  const onTerminate = onSignal(exitCodes.terminated)
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  return {
    signal: controller.signal,
    exitCode: () => code,
    ignoreInterrupts() {
      process.off('SIGINT', onInterrupt)
      process.on('SIGINT', ignore)
    },
    release() {
      process.off('SIGINT', onInterrupt)
      process.off('SIGINT', ignore)
      process.off('SIGTERM', onTerminate)
    },
  }
}

function ignore(): void {}
