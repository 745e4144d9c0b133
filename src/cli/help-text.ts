import type { Command } from './define-command.ts'
import { globalOptions } from './global-options.ts'
import { aliasesOf, type DeclaredOption, type DeclaredPositional, spell } from './options.ts'
import type { Style } from './style.ts'

/** What `varve COMMAND --help` prints. */
export function helpText(command: Command, style: Style, prefix = ''): string {
  const everywhere = { title: 'Options of every command', rows: optionRows(globalOptions) }
  const parts = [`${style.bold(`varve ${prefix}${command.name}`)}: ${command.summary}`]
  const usage = command.usage.map((line) => `  varve ${prefix}${line}`)
  parts.push([style.bold('Usage'), ...usage].join('\n'))
  if (command.description !== undefined) {
    parts.push(wrapParagraphs(command.description, Math.min(style.columns, 88)))
  }
  for (const { title, rows } of [
    ...helpSections(command),
    ...fallbackSections(command),
    everywhere,
  ]) {
    parts.push([style.bold(title), ...alignRows(rows, style.columns)].join('\n'))
  }
  if (command.examples.length > 0) {
    const lines = command.examples.flatMap(({ command: line, about }) => [
      `  ${style.dim(`# ${about}`)}`,
      `  ${line}`,
    ])
    parts.push([style.bold('Examples'), ...lines].join('\n'))
  }
  return parts.join('\n\n')
}

/** Options of the subcommand that a group stands for where none is named. */
function fallbackSections(group: Command): HelpSection[] {
  const meant = fallbackOf(group)
  const rows = meant === undefined || meant.hidden ? [] : optionRows(meant.options.declared)
  return rows.length === 0 ? [] : [{ title: `Options of ${group.name} ${meant!.name}`, rows }]
}

/** The subcommand that is meant where none is named. */
export function fallbackOf(group: Command): Command | undefined {
  return group.subcommands.find(({ name }) => name === group.fallback)
}

export interface HelpSection {
  readonly title: string
  readonly rows: readonly HelpRow[]
}
export interface HelpRow {
  readonly term: string
  readonly about: string
}

/** Arguments, options and subcommands of a command, as help and the reference list them. */
export function helpSections(command: Command): HelpSection[] {
  const { positionals, trailing, declared } = command.options
  const words = [...positionals, ...(trailing === undefined ? [] : [trailing])]
  const sections: HelpSection[] = [
    {
      title: 'Commands',
      rows: command.subcommands
        .filter((subcommand) => !subcommand.hidden)
        .map(({ name, summary }) => ({ term: name, about: summary })),
    },
    {
      title: 'Arguments',
      rows: words.filter(({ describe }) => describe !== undefined).map(positionalRow),
    },
    { title: 'Options', rows: optionRows(declared) },
  ]
  return sections.filter(({ rows }) => rows.length > 0)
}

function positionalRow(positional: DeclaredPositional): HelpRow {
  return { term: `<${positional.name}>`, about: positional.describe ?? '' }
}

export function optionRows(options: readonly DeclaredOption[]): HelpRow[] {
  return options
    .filter((option) => option.hidden !== true)
    .map((option) => ({ term: optionTerm(option), about: optionAbout(option) }))
}

/** `-n, --max-count=<n>`, as it can be typed. */
export function optionTerm(option: DeclaredOption): string {
  const names = [option.name, ...aliasesOf(option)].sort((a, b) => a.length - b.length)
  const flag = option.type === 'boolean' && option.default === true
  const spelled = names.map((name) => (flag && name.length > 1 ? `--no-${name}` : spell(name)))
  if (option.type === 'boolean' || option.type === 'count') return spelled.join(', ')
  const word = option.value ?? option.choices?.join('|') ?? option.name
  const value = word.includes('<') || word.includes('|') ? word : `<${word}>`
  const long = (names.at(-1) ?? '').length > 1
  if (option.optionalValue !== undefined) return `${spelled.join(', ')}${`[=${value}]`}`
  return `${spelled.join(', ')}${long ? '=' : ' '}${value}`
}

function optionAbout(option: DeclaredOption): string {
  const notes: string[] = []
  if (option.demandOption === true) notes.push('required')
  if (option.array === true) notes.push('may be repeated')
  const shown = option.type !== 'boolean' && option.default !== undefined
  if (shown && !Array.isArray(option.default)) notes.push(`default ${String(option.default)}`)
  return notes.length === 0 ? option.describe : `${option.describe} (${notes.join(', ')})`
}

const TERM_COLUMNS = 26

function alignRows(rows: readonly HelpRow[], columns: number): string[] {
  const widest = Math.max(...rows.map(({ term }) => term.length))
  const indent = Math.min(widest, TERM_COLUMNS) + 4
  const width = Math.max(30, Math.min(columns, 100) - indent)
  return rows.flatMap(({ term, about }) => {
    const [first = '', ...more] = wrap(about, width)
    const rest = more.map((line) => ' '.repeat(indent) + line)
    if (term.length > TERM_COLUMNS) return [`  ${term}`, ' '.repeat(indent) + first, ...rest]
    return [`  ${term}`.padEnd(indent) + first, ...rest]
  })
}

function wrapParagraphs(text: string, width: number): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) =>
      /^ {2}/m.test(paragraph) ? paragraph : wrap(paragraph.replace(/\s+/g, ' '), width).join('\n'),
    )
    .join('\n\n')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}
