import { defineCommand, given } from '../../cli/define-command.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { resolveTree } from '../../plumbing/resolve-revision.ts'
import { revisionsAndSeries } from '../revisions-and-series.ts'
import { breakJson, breakText, type SeriesBreak, validate } from '../validate.ts'

export const validateCommand = defineCommand({
  name: 'validate',
  usage: 'validate [<options>] [<rev>] [--] [<series>...]',
  summary: 'Check series against the quality rules in their settings',
  description: [
    'A line for each place where a series breaks a rule: series, key, column, value, rule. Exit code 1',
    'where there is one. Without a revision it is what the next commit will hold.',
    '',
    'The setting `quality` of a series or a collection has the rules, by column:',
    '',
    '  not-null      true: the column has a value in every row',
    '  range         [min, max]: no value outside; null leaves an end open; times as text',
    '  monotonic     increasing, decreasing, strictly-increasing or strictly-decreasing, from row to row',
    '  max-gap       on the first index column: "4d" (s, min, h, d, w), or a number',
    '  max-revision  a number, or "10%": what a commit may change a value by',
    '  stale-after   on the first index column: "3d", counted to now; validate alone checks it',
    '',
    'Every command that makes a commit of what is here (commit, merge, cherry-pick, revert, write --commit',
    'and so on) checks what it changes, and refuses it where that breaks a rule, unless --no-verify is',
    'given. Commits that come as they are (fetch, a fast-forward, import) are not checked.',
  ].join('\n'),
  examples: [
    {
      command: `varve schema set brent-daily 'quality={"Price":{"not-null":true,"range":[0,200]}}'`,
      about: 'rules for a series',
    },
    {
      command: `varve schema set sensors/ 'quality={"time":{"max-gap":"1h","stale-after":"2h"}}'`,
      about: 'and for all in a collection',
    },
    { command: 'varve validate', about: 'is all as it should be?' },
    { command: 'varve validate v1 brent-daily', about: 'was it then?' },
    { command: 'varve validate --json sensors/', about: 'an object a line, for programs' },
  ],
  options: (y) =>
    y
      .positional('words', {
        array: true,
        complete: 'series',
        describe: 'A revision, then series, or collections with a / at the end',
      })
      .option('as-of', { value: 'when', describe: 'What was known at that time' })
      .afterDashes('series', { complete: 'series' }),
  run: async function* (args, context): AsyncGenerator<SeriesBreak> {
    const repo = await context.repository()
    const now = context.now()
    const { revisions, series } = await revisionsAndSeries(repo, args.words, (word) =>
      resolveTree(repo, word, { now }),
    )
    const [rev, extra] = revisions
    const names = [...(extra === undefined ? [] : revisions.slice(1)), ...series, ...args.series]
    const progress = context.progress({ label: 'validating', unit: 'series' })
    let isBroken = false
    try {
      for await (const found of validate(repo, {
        names,
        now,
        nowNs: BigInt(now.milliseconds) * 1_000_000n,
        onSeries: () => progress.add(1),
        signal: context.abort,
        ...given({
          rev,
          asOf: args.asOf === undefined ? undefined : parseWhen(args.asOf, now),
        }),
      })) {
        isBroken = true
        yield found
      }
    } finally {
      progress.done()
    }
    if (isBroken) context.answerNo()
  },
  toText: (found) => breakText(found),
  toJson: (found) => breakJson(found),
})
