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
import { type Interruption, listenForSignals } from './signals.ts'
import { spellingsOf, type Token, tokenise } from './tokenise.ts'

/** Runs one command line and says with which code to exit. */
export async function runCommandLine(host: Host, table: CommandTable): Promise<ExitCode> {
  const interruption = listenForSignals()
  // Until the command line was read, this decides how an error is shown.
  const shown = { json: host.argv.includes('--json') }
  try {
    return await dispatch(host, table, interruption, shown)
  } catch (error) {
    if (error instanceof BrokenPipe) return exitCodes.brokenPipe
    const interrupted = interruption.exitCode()
    if (interrupted !== undefined && isAbort(error)) return interrupted
    const debug = (host.env.VARVE_DEBUG ?? '') !== ''
    const report = reportError(error, { json: shown.json, debug })
    host.stderr.write(report.text)
    return report.exitCode
  } finally {
    interruption.release()
  }
}

async function dispatch(
  host: Host,
  table: CommandTable,
  interruption: Interruption,
  shown: { json: boolean },
): Promise<ExitCode> {
  const before = tokenise(host.argv, spellingsOf([...globalOptions, versionOption]), true)
  const first = readGlobalOptions(before.options)
  shown.json = first.json
  const [name = first.version ? 'version' : 'help', ...rest] = before.rest
  const help = first.help && before.rest.length > 0
  const entry = findCommand(table, name)
  const { command, argv, prefix } = await resolveSubcommand(await entry.load(), rest)
  const parsed = await parseArguments(command, help ? ['--help'] : argv)
  const globals = readGlobalOptions([...before.options, ...parsed.globals])
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
    throw error
  }
  return answer
}

/** Follows `config set` to the command it names; words that name none belong to the fallback. */
async function resolveSubcommand(
  command: Command,
  argv: readonly string[],
): Promise<{ command: Command; argv: readonly string[]; prefix: string }> {
  let current = command
  let left = argv
  let prefix = ''
  while (current.subcommands.length > 0) {
    const named = current.subcommands.find((subcommand) => subcommand.name === left[0])
    const next =
      named ?? current.subcommands.find((subcommand) => subcommand.name === current.fallback)
    if (left[0] === '--help' || left[0] === '-h') break
    if (next === undefined) {
      const { subcommandError } = await import('./subcommand-error.ts')
      throw subcommandError(current, left[0])
    }
    prefix += `${current.name} `
    current = next
    if (named !== undefined) left = left.slice(1)
  }
  return { command: current, argv: left, prefix }
}

function isAbort(error: unknown): boolean {
  return hasCode(error, 'interrupted') || (error instanceof Error && error.name === 'AbortError')
}

export type { Token }
