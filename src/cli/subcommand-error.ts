import type { VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { type Command, usageError } from './define-command.ts'

/** Why `varve config frob` cannot be: what was given, and what there is. */
export function subcommandError(command: Command, given: string | undefined): VarveError {
  const names = command.subcommands.filter(({ hidden }) => !hidden).map(({ name }) => name)
  if (given === undefined) return usageError(`${command.name} needs one of: ${names.join(', ')}`)
  const near = nearest(given, names)
  return usageError(
    `${command.name} has no subcommand ${JSON.stringify(given)}`,
    near === undefined
      ? `it has: ${names.join(', ')}`
      : `did you mean \`varve ${command.name} ${near}\`?`,
  )
}
