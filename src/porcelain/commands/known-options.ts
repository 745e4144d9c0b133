import type { Context } from '../../cli/context.ts'
import { given, type Options, usageError } from '../../cli/define-command.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { parseDuration } from '../../core/duration.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { describeAsOf } from '../describe-as-of.ts'
import {
  type BeforeHistory,
  beforeHistoryChoices,
  describeCounts,
  type ReadKnownOptions,
  readKnownRows,
} from '../read-known.ts'
import { namesMany } from '../read-many.ts'
import { readAllVintages } from '../read-vintages.ts'
import { type Output, writeRows } from './read-output.ts'
import { noteVintages } from './vintage-notes.ts'

/** The options of `read` about what was known when. */
export function knownOptions<T>(y: Options<T>) {
  return y
    .option('all-vintages', {
      type: 'boolean',
      describe: 'All rows there ever were, with known_from and known_to',
    })
    .option('since', {
      value: 'when',
      describe: 'With --all-vintages: only what was known at some time from then on',
    })
    .option('until', {
      value: 'when',
      describe: 'With --all-vintages: only what was known at some time until then',
    })
    .option('first-print', { type: 'boolean', describe: 'Each row as it was first known' })
    .option('lag', {
      value: 'duration',
      describe: 'Each row as it was known so long after its time: 2d, 36h, 1w, 1mo',
    })
    .option('before-history', {
      choices: beforeHistoryChoices,
      describe:
        'What becomes of rows older than the history: left out, emptied, or taken as first known',
    })
    .conflicts('all-vintages', 'first-print', 'lag', 'before-history')
    .conflicts('first-print', 'lag')
}

interface KnownArguments {
  readonly series: readonly string[]
  readonly allVintages: boolean
  readonly since: string | undefined
  readonly until: string | undefined
  readonly firstPrint: boolean
  readonly lag: string | undefined
  readonly beforeHistory: BeforeHistory | undefined
}

/** Whether one of {@link knownOptions} was given; `usage` where one stands without what it is about. */
export function asksForKnown(args: KnownArguments): boolean {
  const { allVintages, firstPrint, lag, since, until, beforeHistory } = args
  if (!allVintages && (since !== undefined || until !== undefined)) {
    throw usageError(
      '--since and --until go with --all-vintages',
      '--from and --to are about data time, --as-of about commit time',
    )
  }
  const isOne = firstPrint || lag !== undefined
  if (!isOne && beforeHistory !== undefined) {
    throw usageError('--before-history goes with --first-print or --lag')
  }
  return allVintages || isOne
}

/** Writes what {@link knownOptions} ask for. */
export async function* readKnown(
  repo: Repository,
  args: KnownArguments,
  options: Omit<ReadKnownOptions, 'name'>,
  output: Output,
  context: Context,
) {
  const [name] = args.series
  if (name === undefined || namesMany(args.series)) {
    throw usageError('the vintages of one series at a time', 'name one series')
  }
  const now = context.now()
  const when = (text: string | undefined) => (text === undefined ? undefined : parseWhen(text, now))
  if (args.allVintages) {
    const times = given({ since: when(args.since), until: when(args.until) })
    const found = await readAllVintages(repo, { ...options, name, ...times })
    noteAsOf(found.loaded.found.asOf, context)
    noteVintages(found, context)
    yield* writeRows(found, output, context, found.zone)
    return
  }
  const { beforeHistory } = args
  const lag = args.lag === undefined ? undefined : parseDuration(args.lag, '--lag')
  const found = await readKnownRows(repo, { ...options, name, ...given({ lag, beforeHistory }) })
  noteAsOf(found.loaded.found.asOf, context)
  noteVintages(found, context)
  yield* writeRows(found, output, context, found.zone)
  for (const line of describeCounts(found.counts, beforeHistory, found.begins)) context.note(line)
}

function noteAsOf(asOf: Parameters<typeof describeAsOf>[0] | undefined, context: Context): void {
  if (asOf !== undefined) context.note(describeAsOf(asOf))
}
