import { VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { Command } from './define-command.ts'
import { commandHabits } from './git-habits.ts'

/** The chapters of `varve help`, in order. */
export const commandGroups = {
  start: 'start a repository',
  change: 'change series and commit',
  examine: 'read data and history',
  history: 'branches, tags and past states',
  share: 'exchange with other repositories',
  maintain: 'look after a repository',
  about: 'varve itself',
  plumbing: 'plumbing, for scripts',
} as const
export type CommandGroupName = keyof typeof commandGroups

/** A command that is known by name; its module is loaded when it is called. */
export interface CommandEntry {
  readonly name: string
  readonly group: CommandGroupName
  /** The same words as in the command's declaration, here so that lists load no modules. */
  readonly summary: string
  load(): Promise<Command>
}

export type CommandTable = ReadonlyMap<string, CommandEntry>

export function commandTable(entries: readonly CommandEntry[]): CommandTable {
  return new Map(entries.map((entry) => [entry.name, entry]))
}

/** One line of the table. */
export function command(
  group: CommandGroupName,
  name: string,
  summary: string,
  load: () => Promise<Command>,
): CommandEntry {
  return { name, group, summary, load }
}

/** The entry of this name; a `usage` error that names the nearest one when there is none. */
export function findCommand(table: CommandTable, name: string): CommandEntry {
  const entry = table.get(name)
  if (entry !== undefined) return entry
  const near = nearest(name, table.keys())
  const meant = commandHabits.get(name) ?? (near && `did you mean \`varve ${near}\`?`)
  const list = '`varve help` lists the commands'
  throw new VarveError('usage', `${JSON.stringify(name)} is not a varve command`, {
    data: { command: name },
    hint: meant === undefined ? list : `${meant}${meant.endsWith('?') ? '' : ';'} ${list}`,
  })
}
