import { defineCommand, given } from '../../cli/define-command.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { shortId } from '../../core/id.ts'
import { formatSchemaText } from '../../core/schema-codec.ts'
import { formatSeconds } from '../../core/time.ts'
import { formatKey, keyToJson } from '../../plumbing/key-text.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { type ListedSeries, listSeries, parseAge } from '../list-series.ts'

export const lsCommand = defineCommand({
  name: 'ls',
  summary: 'List series',
  description: [
    'Lists the series that the next commit will hold, or those of a revision: all, or those named;',
    'a collection (sensors/) stands for what is in it.',
    '',
    'With -l each line has the rows, first and last key, and the last commit that changed it, `*`',
    'where its state is not committed. --stale 2d lists those whose last time is two days old.',
  ].join('\n'),
  examples: [
    { command: 'varve ls -l', about: 'every series with its rows and its ends' },
    { command: 'varve ls --stale 2d sensors/', about: 'sensors that stopped' },
  ],
  options: (y) =>
    y
      .positional('series', { array: true, complete: 'series' })
      .option('rev', { complete: 'revision', describe: 'List the series of this revision' })
      .option('as-of', { value: 'when', describe: 'List what there was at that time' })
      .option('long', {
        alias: 'l',
        type: 'boolean',
        describe: 'Also rows, first and last key, last commit',
      })
      .option('stale', {
        value: 'age',
        coerce: parseAge,
        describe: 'Only series whose last time is at least this old: 36h, 2d, 1w',
      }),
  run: async function* (args, context) {
    const repo = await context.repository()
    const now = context.now()
    yield* listSeries(repo, {
      names: args.series,
      long: args.long || (context.json && args.stale !== undefined),
      now,
      nowNs: BigInt(now.milliseconds) * 1_000_000n,
      ...given({
        rev: args.rev,
        asOf: args.asOf === undefined ? undefined : parseWhen(args.asOf, now),
        staleNs: args.stale,
      }),
    })
  },
  toText: (series, style, { long }) => {
    const { extent, last } = series
    if (!long || extent === undefined) return readablePath(series.path)
    const { schema, rows, first, zone } = extent
    const keys = [first, extent.last].map((key) =>
      key === undefined ? '-' : formatKey(schema, key, zone),
    )
    const commit =
      last === undefined
        ? style.yellow('*')
        : `${style.yellow(shortId(last.id))} ${formatSeconds(BigInt(last.commit.committer.seconds)).slice(0, 10)}`
    return `${String(rows).padStart(10)}  ${keys[0]!.padEnd(20)}  ${keys[1]!.padEnd(20)}  ${commit.padEnd(18)}  ${readablePath(series.path)}`
  },
  toJson: (series: ListedSeries) => {
    const { path, id, extent, last } = series
    if (extent === undefined) return { series: path, id }
    const { schema, rows, zone } = extent
    return {
      series: path,
      id,
      schema: formatSchemaText(schema),
      rows,
      first: extent.first === undefined ? null : keyToJson(schema, extent.first, zone),
      last: extent.last === undefined ? null : keyToJson(schema, extent.last, zone),
      commit: last?.id ?? null,
    }
  },
})
