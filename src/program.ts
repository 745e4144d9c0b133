import { runCommandLine } from './cli/frame.ts'
import { hostOfProcess } from './cli/host.ts'
import { commands } from './commands.ts'

/** Does what the command line asks for, and ends the process. */
export async function run(): Promise<void> {
  const exitCode = await runCommandLine(hostOfProcess(), commands)
  // An open standard input or a pending timer must not keep the process.
  process.exit(exitCode)
}
