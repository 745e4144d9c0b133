import { type CommandTable, commandGroups } from './command-table.ts'
import { configKeys } from './config-keys.ts'
import type { Command } from './define-command.ts'
import { errorMeanings, exitCodeMeanings } from './exit-codes.ts'
import { globalOptions } from './global-options.ts'
import { type HelpRow, helpSections, optionRows } from './help-text.ts'

/**
 * The pages of `docs/` that are made from the program itself, by path: one a command, and the
 * lists of commands, configuration keys and exit codes. `npm run docs` writes them.
 */
export async function referencePages(table: CommandTable): Promise<Map<string, string>> {
  const pages = new Map<string, string>()
  for (const entry of table.values()) {
    pages.set(`docs/commands/${entry.name}.md`, commandPage(await entry.load()))
  }
  pages.set('docs/commands/README.md', commandsPage(table))
  pages.set('docs/configuration.md', configurationPage())
  pages.set('docs/exit-codes.md', exitCodesPage())
  return pages
}

const MADE = '<!-- Made by `npm run docs` from the source; do not edit. -->'

function commandPage(command: Command): string {
  const parts = [MADE, `# varve ${command.name}`, `${command.summary}.`, ...body(command, '', 2)]
  for (const subcommand of command.subcommands.filter(({ hidden }) => !hidden)) {
    parts.push(`## varve ${command.name} ${subcommand.name}`, `${subcommand.summary}.`)
    parts.push(...body(subcommand, `${command.name} `, 3))
  }
  parts.push('See also: [all commands and the options they share](README.md).')
  return page(parts)
}

function body(command: Command, prefix: string, level: number): string[] {
  const heading = '#'.repeat(level)
  const usage = command.usage.map((line) => `varve ${prefix}${line}`).join('\n')
  const parts = [`\`\`\`\n${usage}\n\`\`\``]
  if (command.description !== undefined) parts.push(command.description.trim())
  for (const { title, rows } of helpSections(command)) {
    if (title === 'Commands') continue
    parts.push(`${heading} ${title}`, table(title === 'Options' ? 'option' : 'argument', rows))
  }
  if (command.examples.length > 0) {
    const lines = command.examples.map(({ command: line, about }) => `# ${about}\n${line}`)
    parts.push(`${heading} Examples`, `\`\`\`sh\n${lines.join('\n\n')}\n\`\`\``)
  }
  return parts
}

function commandsPage(commands: CommandTable): string {
  const parts = [MADE, '# Commands']
  for (const [group, title] of Object.entries(commandGroups)) {
    const rows = [...commands.values()]
      .filter((entry) => entry.group === group)
      .map(({ name, summary }) => `| [\`${name}\`](${name}.md) | ${cell(summary)} |`)
    if (rows.length === 0) continue
    parts.push(`## ${title.charAt(0).toUpperCase()}${title.slice(1)}`)
    parts.push(['| command | |', '|---|---|', ...rows].join('\n'))
  }
  parts.push(
    '## Options of every command',
    'They may stand before the command or after it. After it, an option of its own with the ' +
      'same letter comes first: `switch -c` makes a branch.',
    table('option', optionRows(globalOptions)),
    'Letters can be joined (`-am text`), a value may touch its letter (`-n5`) and may begin with ' +
      'a dash. After `--`, nothing is an option.',
  )
  return page(parts)
}

function configurationPage(): string {
  const rows = [...configKeys.values()].map(({ name, about, default: value }) => ({
    term: name,
    about: value === undefined ? about : `${about}. Default: \`${value}\``,
  }))
  return page([
    MADE,
    '# Configuration',
    'A key is looked for in `-c key=value`, then in the file `config` of the repository, then in ' +
      '`$XDG_CONFIG_HOME/varve/config` (`~/.config/varve/config`). The files are in the ' +
      'syntax of git; [`varve config`](commands/config.md) reads and changes them.',
    table('key', rows),
    '## Environment',
    table('variable', environment),
  ])
}

const environment: readonly HelpRow[] = [
  { term: 'VARVE_REPO', about: 'The repository, as `-R` names it' },
  {
    term: 'VARVE_INDEX_FILE',
    about: "An index to use instead of the repository's own, for building a tree on the side",
  },
  {
    term: 'VARVE_AUTHOR_NAME, VARVE_AUTHOR_EMAIL, VARVE_AUTHOR_DATE',
    about: 'The author of commits; the date as ISO 8601 or `@SECONDS +HHMM`',
  },
  {
    term: 'VARVE_COMMITTER_NAME, VARVE_COMMITTER_EMAIL, VARVE_COMMITTER_DATE',
    about: 'Who commits, and when',
  },
  { term: 'VARVE_PAGER, PAGER', about: 'The pager, a shell command; `cat` for none' },
  { term: 'VARVE_EDITOR, VISUAL, EDITOR', about: 'The editor for messages, a shell command' },
  { term: 'NO_COLOR', about: 'Not empty: no colours, unless `--color` says otherwise' },
  {
    term: 'XDG_CACHE_HOME',
    about: 'Where a folder `varve` may hold compiled code, for a faster start; else `~/.cache`',
  },
  { term: 'NODE_DISABLE_COMPILE_CACHE', about: 'Not empty: no compiled code is kept or used' },
  { term: 'VARVE_DEBUG', about: 'Not empty: errors are shown with their stack' },
]

function exitCodesPage(): string {
  const codes = [...exitCodeMeanings].map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`)
  const errors = Object.entries(errorMeanings).map(
    ([error, { exitCode, meaning }]) => `| \`${error}\` | ${exitCode} | ${cell(meaning)} |`,
  )
  return page([
    MADE,
    '# Exit codes',
    ['| code | meaning |', '|---|---|', ...codes].join('\n'),
    '## Errors',
    'With `--json`, `error.code` on standard error says which one it was ' +
      '([JSON output](json-output.md)).',
    ['| error | exit code | meaning |', '|---|---|---|', ...errors].join('\n'),
  ])
}

function table(term: string, rows: readonly HelpRow[]): string {
  const lines = rows.map((row) => `| \`${row.term.replaceAll('|', '\\|')}\` | ${cell(row.about)} |`)
  return [`| ${term} | |`, '|---|---|', ...lines].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}
