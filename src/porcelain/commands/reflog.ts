import { defineCommand, usageError } from '../../cli/define-command.ts'
import { dateStyles, formatCommitDate, parseDateStyle } from '../../core/date-format.ts'
import { signatureJson } from '../../plumbing/commands/commit-json.ts'
import { checkCount } from '../../plumbing/commands/walk-options.ts'
import { reflog, reflogRef } from '../reflog.ts'
import { short } from './moving.ts'

export const reflogCommand = defineCommand({
  name: 'reflog',
  usage: 'reflog [show] [<options>] [<ref>]',
  summary: 'Show where a branch, or HEAD, has been',
  description: [
    'Each value that the ref took here, the newest first, under the name by which revisions call it:',
    'main@{1} is what main was before its last change.',
  ].join('\n'),
  examples: [
    { command: 'varve reflog', about: 'where HEAD was' },
    { command: 'varve reflog main --date=iso', about: 'with dates' },
    { command: 'varve reset --hard main@{1}', about: 'and back there' },
  ],
  options: (y) =>
    y
      .positional('words', { array: true, complete: 'branch', describe: 'HEAD unless given' })
      .option('max-count', {
        alias: 'n',
        type: 'number',
        digits: true,
        value: 'n',
        describe: 'At most so many',
      })
      .option('date', {
        value: 'style',
        coerce: parseDateStyle,
        complete: () => [...dateStyles],
        describe: 'Show dates, written so: iso, relative, short, raw …',
      }),
  pager: true,
  run: async function* ({ words, maxCount, date }, context) {
    const repo = await context.repository()
    checkCount('--max-count', maxCount)
    const names = words[0] === 'show' ? words.slice(1) : words
    if (names.length > 1) throw usageError(`unexpected argument ${names[1]}`)
    const ref = await reflogRef(repo, names[0])
    const now = context.now().seconds
    let left = maxCount ?? Infinity
    for await (const entry of reflog(repo, ref)) {
      if (left-- <= 0) return
      yield { ...entry, when: date && formatCommitDate(entry.who, date, now) }
    }
  },
  toText: ({ id, name, message, when }, style) => {
    const at = id === undefined ? 'gone   ' : style.yellow(short(id))
    return `${at} ${name}${when === undefined ? '' : ` ${style.dim(when)}`}: ${message}`
  },
  toJson: ({ when: _, who, id, old, ...rest }) => ({
    id: id ?? null,
    old: old ?? null,
    ...rest,
    who: signatureJson(who),
  }),
})
