import { VarveError } from '../core/errors.ts'
import type { Service } from './carrier.ts'
import type { SshUrl } from './remote-url.ts'

/** A program and its arguments, as the system takes them: no shell reads them. */
export type ProgramWords = readonly [program: string, ...words: string[]]

/** What makes git start a shell for a command: everything else is words with spaces between. */
const NEEDS_SHELL = /[|&;<>()$`\\"'\n*?[#~=%]/

/**
 * The words of `core.sshCommand`, as git takes it: a command that a shell would read as plain words is split at
 * spaces; any other is given to `sh`, and what varve adds reaches it as arguments, which the shell does not read.
 */
export function wordsOfCommand(command: string): ProgramWords {
  if (NEEDS_SHELL.test(command)) return ['sh', '-c', `${command} "$@"`, command]
  const [program, ...words] = command.split(/[ \t]+/).filter((word) => word !== '')
  if (program === undefined) throw new VarveError('invalid-value', 'the command for ssh is empty')
  return [program, ...words]
}

/** What `ssh` is given: the host, and a command for the shell there. The URL was checked when it was read. */
export function sshArguments(url: SshUrl, remoteCommand: string): string[] {
  const port = url.port === undefined ? [] : ['-p', String(url.port)]
  const user = url.user === undefined ? '' : `${url.user}@`
  return [...port, `${user}${url.host}`, remoteCommand]
}

/**
 * The command line for the shell of the other side.
 *
 * @param program in place of `varve upload-pack`: a piece of that shell's language, as git's `--upload-pack` is
 */
export function remoteCommand(service: Service, path: string, program?: string): string {
  return `${program ?? `varve ${service}`} ${shellWord(path)}`
}

/** One word of a shell. `!` is quoted too, for csh. */
export function shellWord(text: string): string {
  return `'${text.replace(/['!]/g, (sign) => `'\\${sign}'`)}'`
}
