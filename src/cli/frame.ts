import { hasCode } from '../core/errors.ts'
import { type CommandTable, findCommand } from './command-table.ts'
import type { Command } from './define-command.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import {
  type GlobalOptions,
  globalOptions,
  readGlobalOptions,
  versionOption,
} from './global-options.ts'
import type { Host } from './host.ts'
import { makeContext } from './make-context.ts'
import { BrokenPipe } from './output.ts'
import { parseArguments } from './parse-arguments.ts'
import { reportError } from './report-error.ts'
import { resolveSubcommand } from './resolve-subcommand.ts'
import { type Interruption, listenForSignals } from './signals.ts'
import { spellingsOf, tokenise } from './tokenise.ts'
import { adviseOnZstd } from './zstd-advice.ts'

/** Runs one command line and says with which code to exit. */
export async function runCommandLine(host: Host, table: CommandTable): Promise<ExitCode> {
  const interruption = listenForSignals()
  // Until the command line was read, this decides how an error is shown.
  const shown = { json: host.argv.includes('--json') }
  const fail = (error: unknown): ExitCode => {
    if (error instanceof BrokenPipe) return exitCodes.brokenPipe
    const interrupted = interruption.exitCode()
    if (interrupted !== undefined && isAbort(error)) return interrupted
    const debug = (host.env.VARVE_DEBUG ?? '') !== ''
    const report = reportError(error, { json: shown.json, debug })
    host.stderr.write(report.text)
    return report.exitCode
  }
  // Node itself would exit with 1, which stands for "no".
  const onCrash = (error: unknown) => process.exit(fail(error))
  process.on('uncaughtException', onCrash)
  try {
    return await dispatch(host, table, interruption, shown)
  } catch (error) {
    return fail(error)
  } finally {
    process.off('uncaughtException', onCrash)
    interruption.release()
  }
}

async function dispatch(
  host: Host,
  table: CommandTable,
  interruption: Interruption,
  shown: { json: boolean },
): Promise<ExitCode> {
  if (host.argv[0] === '__complete') {
    const { runCompletion } = await import('./run-completion.ts')
    await runCompletion(host, table, host.argv.slice(1), interruption.signal)
    return exitCodes.ok
  }
  const before = tokenise(host.argv, spellingsOf([...globalOptions, versionOption]), true)
  const first = readGlobalOptions(before.options)
  const [name = first.version ? 'version' : 'help', ...rest] = before.rest
  // `varve --help COMMAND` asks for the command's help, `varve --help` for the list of commands.
  const asked = first.help && before.rest.length > 0 ? ['--help', ...rest] : rest
  const entry = findCommand(table, name)
  const { command, argv, prefix } = resolveSubcommand(await entry.load(), asked)
  const parsed = await parseArguments(command, argv, prefix)
  const leading = before.options.filter(({ option }) => option.name !== 'help')
  const globals = readGlobalOptions([...leading, ...parsed.globals])
  shown.json = globals.json
  return execute({ host, table, interruption, command, prefix, args: parsed.args, globals })
}

interface Execution {
  readonly host: Host
  readonly table: CommandTable
  readonly interruption: Interruption
  readonly command: Command
  /** The words between `varve` and the command's name. */
  readonly prefix: string
  readonly args: Record<string, unknown>
  readonly globals: GlobalOptions
}

async function execute(execution: Execution): Promise<ExitCode> {
  const { host, table, interruption, command, args, globals } = execution
  let answer: ExitCode = exitCodes.ok
  const context = makeContext({
    host,
    globals,
    commands: table,
    abort: interruption.signal,
    onAnswerNo: () => {
      answer = exitCodes.no
    },
  })
  const { openPrinting } = await import('./open-printing.ts')
  const printing = await openPrinting({
    host,
    globals,
    context,
    paged: globals.help || command.pager(args),
  })
  if (printing.paged) interruption.ignoreInterrupts()
  try {
    if (globals.help) {
      const { helpText } = await import('./help-text.ts')
      await printing.text(helpText(command, printing.style, execution.prefix))
    } else {
      const { printResult } = await import('./print-result.ts')
      const result = await command.run(args, context)
      await printResult(command, args, result, printing)
    }
    await printing.close()
  } catch (error) {
    await printing.close().catch(() => undefined)
    if (error instanceof BrokenPipe && printing.paged) return answer
    throw await context.explain(error)
  } finally {
    adviseOnZstd(context)
    await context.close()
  }
  return answer
}

function isAbort(error: unknown): boolean {
  return hasCode(error, 'interrupted') || (error instanceof Error && error.name === 'AbortError')
}
