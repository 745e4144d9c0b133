import { given, type Options } from '../../cli/define-command.ts'
import { type BoundTexts, type ClosedSide, closedSides } from '../../core/bounds.ts'
import { typedKey } from '../../plumbing/key-text.ts'

/** `--from`, `--to`, `--at` and `--closed`: which rows, by their keys. */
export function boundsOptions<T>(y: Options<T>) {
  return y
    .option('from', {
      value: 'key',
      describe: 'Only rows from this on; a partial date is a period',
    })
    .option('to', { value: 'key', describe: 'Only rows up to this; a partial date is a period' })
    .option('at', {
      array: true,
      value: 'key',
      describe:
        'Only rows with this key, or in this period; once for each index column, or all as `diff` shows them: a,2026-08-17',
    })
    .option('closed', {
      choices: closedSides,
      describe: 'Which of two exact bounds are in the range: left unless given',
    })
    .conflicts('at', 'from', 'to')
}

/** What {@link boundsOptions} were given. */
export function boundsOf(args: {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly at: readonly string[]
  readonly closed: ClosedSide | undefined
}): BoundTexts {
  const typed = (texts: readonly string[]) => (texts.length === 0 ? undefined : typedKey(texts))
  const bound = (text: string | undefined) => typed(text === undefined ? [] : [text])
  const { from, to, at, closed } = args
  return given({ from: bound(from), to: bound(to), at: typed(at), closed })
}
