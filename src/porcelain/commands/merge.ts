import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import { VarveError } from '../../core/errors.ts'
import { formatCounts } from '../../core/series-counts.ts'
import { writeCsv } from '../../formats/csv/index.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { readMessage } from '../../plumbing/commands/message-input.ts'
import { headState } from '../../plumbing/head.ts'
import { readMergeState } from '../../plumbing/merge-state.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { resolveCommit } from '../../plumbing/resolve-revision.ts'
import { type CommitResult, commit } from '../commit.ts'
import { conflictCount, type MergeResult, merge } from '../merge.ts'
import { type AbortMergeResult, abortMerge } from '../merge-abort.ts'
import {
  conflictFrames,
  conflictsCsvSchema,
  conflictsOf,
  type ListedConflict,
  listConflicts,
} from '../merge-conflicts.ts'
import { readDecisions } from '../merge-decisions.ts'
import { type ResolveMergeResult, resolveMerge } from '../merge-resolve.ts'
import { commitResultJson, commitText } from './commit.ts'
import { commitSignatures, signatureOptions } from './commit-options.ts'
import { pathStatJson } from './history-json.ts'
import { noteFilesLeft, short, whileMoving } from './moving.ts'

type Item =
  | Uint8Array
  | { readonly merged: MergeResult }
  | { readonly listed: ListedConflict; readonly widths: readonly number[] }
  | { readonly heading: readonly number[] }
  | { readonly resolved: ResolveMergeResult }
  | { readonly concluded: CommitResult }
  | { readonly aborted: AbortMergeResult }

const strategies = ['ours', 'theirs', 'newest'] as const
const versions = ['ours', 'theirs', 'base'] as const

export const mergeCommand = defineCommand({
  name: 'merge',
  usage: [
    'merge [<options>] <commit>',
    'merge --conflicts [--csv] [<commit>]',
    'merge --resolve (ours | theirs | base | <file>) [<series>...]',
    'merge (--continue | --abort)',
  ],
  summary: 'Merge a branch, cell by cell',
  description: [
    'Where the branch that you are on has no commits of its own it is moved on; else what changed on',
    'both sides since they parted is merged in a commit: row by row, and in a row column by column.',
    'Columns that were added, dropped, renamed or widened, and settings are merged, too; so are series',
    'that were renamed, where their rows were not changed on that side as well.',
    '',
    'A conflict is where both sides made something different of the same: of a cell; of a row, where',
    'one deleted and the other revised it; of rows with equal keys, which count as one; of a series,',
    'where one removed and the other changed it. Then nothing is committed: the index and the files',
    'have the merge, with ours in conflicts, and the exit code is 5.',
    '',
    '--conflicts lists them: series, key, column, base, ours, theirs. --resolve settles all of them, or',
    'those of some series, by a version; or by a table such as --conflicts --csv prints, with base,',
    'ours or theirs in its column `take`, or for a cell null, or a value of your own in `value`. Who',
    'adds, writes or removes a series settles what is in conflict there, but for settings. --continue,',
    'or commit, concludes the merge. --abort takes it back, with all that was staged since; undo',
    'brings both back. With --dry-run the exit code is 1 where there would be conflicts.',
    '',
    'No conflict is made of what --strategy settles: ours, theirs, or newest, the side that changed',
    'the series last. For single columns the setting `merge` says it: ours, theirs, newest, min or',
    'max, or a tolerance within which ours stays.',
  ].join('\n'),
  examples: [
    { command: 'varve merge vendor-b', about: 'into the branch that you are on' },
    { command: 'varve merge --dry-run vendor-b', about: 'what would it do?' },
    { command: 'varve merge --conflicts --csv > c.csv', about: 'as a table to decide in' },
    { command: 'varve merge --resolve c.csv', about: 'as the table says' },
    {
      command: 'varve merge --resolve theirs brent-daily',
      about: 'all conflicts of one series',
    },
    {
      command: `varve schema set levels/ 'merge={"level":"max","flow":{"tolerance":0.01}}'`,
      about: 'how columns are merged from now on',
    },
  ],
  options: (y) =>
    signatureOptions(
      y
        .positional('words', {
          array: true,
          complete: 'revision',
          describe: 'A branch or commit; with --resolve, series',
        })
        .option('strategy', {
          alias: 's',
          choices: strategies,
          describe: 'What settles conflicts: ours, theirs, or newest',
        })
        .option('ff', {
          type: 'boolean',
          tristate: true,
          describe: 'Move the branch on where that is all; with --no-ff, commit all the same',
        })
        .option('ff-only', { type: 'boolean', describe: 'Only move the branch on, or refuse' })
        .option('squash', {
          type: 'boolean',
          describe: 'Stage what is merged, for a commit with one parent',
        })
        .option('no-commit', { type: 'boolean', describe: 'Stage what is merged, and stop there' })
        .option('message', {
          alias: 'm',
          array: true,
          describe: 'The message, or a paragraph of it',
        })
        .option('allow-unrelated-histories', {
          type: 'boolean',
          describe: 'Also where the two have no commit in common',
        })
        .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Only say what would happen' })
        .option('conflicts', {
          type: 'boolean',
          describe: 'List conflicts: those left, or those that merging <commit> would have',
        })
        .option('csv', { type: 'boolean', describe: 'With --conflicts: as a table in CSV' })
        .option('resolve', {
          value: 'how',
          complete: (typed) => versions.filter((version) => version.startsWith(typed)),
          describe: 'Settle conflicts: ours, theirs, base, or a table of decisions',
        })
        .option('continue', { type: 'boolean', describe: 'Conclude the merge with a commit' })
        .option('abort', { type: 'boolean', describe: 'Take back a merge that is not concluded' })
        .implies('csv', 'conflicts')
        .conflicts('ff', 'ff-only', 'squash')
        .conflicts('ff-only', 'squash')
        .conflicts('conflicts', 'resolve', 'continue', 'abort', 'dry-run')
        .conflicts('resolve', 'continue', 'abort', 'dry-run')
        .conflicts('continue', 'abort', 'dry-run')
        .conflicts('abort', 'dry-run'),
    ),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    if (args.conflicts) {
      if (context.json && args.csv) throw usageError('--json and --csv cannot be given together')
      const conflicts = await conflictsToList(repo, args, context)
      yield* listed(conflicts, args.csv, !context.json)
      return
    }
    if (args.resolve !== undefined) {
      const resolved = await resolve(repo, args.resolve, args.words, context)
      if (!context.quiet) yield { resolved }
      return
    }
    if (args.abort || args.continue) refuseWords(args.words, args.abort ? '--abort' : '--continue')
    if (args.abort) {
      const who = await logIdentity(context)
      const aborted = await whileMoving(context, {}, (files) => abortMerge(repo, { ...files, who }))
      noteFilesLeft(context, aborted.files)
      if (!context.quiet) yield { aborted }
      return
    }
    const signatures = await commitSignatures(context, args)
    const message =
      args.message.length > 0 ? await readMessage(context, args.message, []) : undefined
    const signal = context.abort
    if (args.continue) {
      if ((await readMergeState(repo)) === undefined) {
        throw new VarveError('refused', 'no merge is going on: there is nothing to conclude')
      }
      const concluded = await commit(repo, { ...signatures, message, signal })
      if (!context.quiet) yield { concluded }
      return
    }
    const target = oneTarget(args.words)
    const merged = await whileMoving(context, {}, (files) =>
      merge(repo, {
        ...files,
        ...signatures,
        target,
        fastForward: args.ffOnly ? 'only' : args.ff === false ? 'no' : undefined,
        squash: args.squash,
        noCommit: args.noCommit,
        strategy: args.strategy,
        allowUnrelated: args.allowUnrelatedHistories,
        message,
        dryRun: args.dryRun,
        now: context.now(),
      }),
    )
    noteFilesLeft(context, merged.files)
    if (!context.quiet) yield { merged }
    if (merged.outcome !== 'conflicts') return
    if (merged.dryRun) context.answerNo()
    else throw conflictsLeft(merged)
  },
  toText: (item, style) => {
    if (item instanceof Uint8Array) return ''
    if ('merged' in item) return mergedText(item.merged, style)
    if ('resolved' in item) return resolvedText(item.resolved)
    if ('concluded' in item) return commitText(item.concluded, style)
    if ('aborted' in item) {
      return abortedText(item.aborted)
    }
    if ('heading' in item) return style.bold(inColumns(HEADINGS, item.heading))
    return inColumns(cellsOf(item.listed), item.widths)
  },
  toJson: (item) => {
    if (item instanceof Uint8Array || 'heading' in item) return undefined
    if ('merged' in item) return mergedJson(item.merged)
    if ('resolved' in item) return item.resolved
    if ('concluded' in item) return commitResultJson(item.concluded)
    if ('aborted' in item) return item.aborted
    const { series, kind, keyValues, column, values, reason } = item.listed
    return {
      series,
      kind,
      key: keyValues ?? null,
      column: column ?? null,
      ...values,
      ...(reason !== undefined && { reason }),
    }
  },
})

/** Series that are named one by one. */
const MOST_DROPPED = 10

function abortedText({ shown, id, dropped }: AbortMergeResult): string {
  const lines = [`The merge of ${shown} is taken back: HEAD is at ${short(id)}`]
  if (dropped.length > 0) {
    const more = dropped.length - MOST_DROPPED
    const names = dropped.slice(0, MOST_DROPPED).map(readablePath).join(', ')
    const rest = more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''
    lines.push(`What was staged since it began is dropped: ${names}${rest}`)
    lines.push('  (use "varve undo" to bring that back, and the merge)')
  }
  return lines.join('\n')
}

function oneTarget(words: readonly string[]): string {
  const [target, ...more] = words
  if (target === undefined) throw usageError('missing <commit>', 'varve branch lists branches')
  if (more.length > 0) throw usageError(`one commit is merged at a time, not ${more[0]} too`)
  return target
}

function refuseWords([word]: readonly string[], option: string): void {
  if (word !== undefined) throw usageError(`${option} takes no ${word}`)
}

function conflictsLeft({ shown, conflicts }: MergeResult): VarveError {
  const count = conflicts.reduce((sum, { conflicts }) => sum + conflicts, 0)
  return new VarveError(
    'conflict',
    `${shown} is merged, but for ${conflictCount(count)} to settle`,
    {
      data: { conflicts },
      hint: 'varve merge --conflicts lists them, --resolve ours|theirs|FILE settles them, then --continue; or --abort',
    },
  )
}

async function conflictsToList(
  repo: Repository,
  {
    words,
    strategy,
  }: { words: readonly string[]; strategy: (typeof strategies)[number] | undefined },
  context: Context,
): Promise<AsyncIterable<ListedConflict>> {
  if (words.length === 0) return listConflicts(repo)
  const theirs = await resolveCommit(repo, oneTarget(words), { now: context.now() })
  const ours = (await headState(repo)).id
  if (ours === undefined) return noConflicts()
  return conflictsOf(repo, { ours, theirs, strategy, settled: [] })
}

async function* noConflicts(): AsyncGenerator<never> {}

async function resolve(
  repo: Repository,
  how: string,
  series: readonly string[],
  context: Context,
): Promise<ResolveMergeResult> {
  const version = versions.find((version) => version === how)
  const name = how === '-' ? 'standard input' : how
  const by =
    version ??
    (await readDecisions({
      name,
      open: () => (how === '-' ? context.stdin : context.readFile(how)),
      range: (from, to) => context.readRange(how, from, to),
    }))
  return resolveMerge(repo, { by, series, signal: context.abort })
}

const HEADINGS = ['series', 'key', 'column', 'base', 'ours', 'theirs']
/** Conflicts that are looked at to put the lines in line. */
const LINED_UP = 500
/** Characters of a cell that others are put in line with. */
const WIDEST = 40

async function* listed(
  conflicts: AsyncIterable<ListedConflict>,
  csv: boolean,
  headed: boolean,
): AsyncGenerator<Item> {
  if (csv) {
    yield* writeCsv(conflictsCsvSchema, conflictFrames(conflicts))
    return
  }
  let first: ListedConflict[] = []
  let widths: readonly number[] | undefined
  for await (const conflict of conflicts) {
    if (widths !== undefined) yield { listed: conflict, widths }
    else first.push(conflict)
    if (first.length < LINED_UP) continue
    widths = widthsOf(first)
    yield* lines(first, widths, headed)
    first = []
  }
  if (first.length > 0) yield* lines(first, widthsOf(first), headed)
}

function* lines(
  conflicts: readonly ListedConflict[],
  widths: readonly number[],
  headed: boolean,
): Generator<Item> {
  if (headed) yield { heading: widths }
  for (const conflict of conflicts) yield { listed: conflict, widths }
}

function widthsOf(conflicts: readonly ListedConflict[]): number[] {
  const rows = [HEADINGS, ...conflicts.map(cellsOf)]
  return HEADINGS.map((_, i) =>
    Math.min(
      WIDEST,
      rows.reduce((most, row) => Math.max(most, row[i]!.length), 0),
    ),
  )
}

function inColumns(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => cell.padEnd(widths[i]!))
    .join('  ')
    .trimEnd()
}

function cellsOf({ series, key, column, kind, values, reason }: ListedConflict): string[] {
  const isWhole = kind === 'row' || kind === 'group' || kind === 'series'
  const shown = (text: string | null) => text ?? (isWhole ? '(none)' : 'null')
  return [
    readablePath(series),
    key ?? '',
    column ?? '',
    shown(values.base),
    shown(values.ours),
    // Last, as it is longer than a column is wide.
    reason === undefined ? shown(values.theirs) : `${shown(values.theirs)}  (${reason})`,
  ]
}

function mergedText(result: MergeResult, style: Style): string {
  const {
    outcome,
    shown,
    ours,
    id,
    commit: made,
    branch,
    changes,
    counts,
    conflicts,
    dryRun,
  } = result
  const lines: string[] = []
  const series = changes.filter(({ kind }) => kind !== 'collection')
  const where = branch?.replace(/^refs\/heads\//, '') ?? 'detached HEAD'
  if (outcome === 'up-to-date') return 'Already up to date.'
  if (outcome === 'fast-forward') {
    const from = ours === undefined ? '' : `${short(ours)}..`
    lines.push(`${dryRun ? 'Would update' : 'Updating'} ${from}${short(id)}`, 'Fast-forward')
  } else if (made !== undefined) {
    lines.push(`[${style.cyan(where)} ${style.yellow(short(id))}] ${subjectOf(made)}`)
  } else if (dryRun) {
    lines.push(`[${style.cyan(where)} ${style.yellow('dry run')}] merging ${shown}`)
  } else {
    lines.push(`Merging ${shown} into ${where}`)
  }
  if (series.length > 0) lines.push(` ${series.length} series changed, ${formatCounts(counts)}`)
  for (const { path, kind, state, stat } of changes) {
    const name = readablePath(path)
    if (kind === 'collection') lines.push(` settings of ${name}/`)
    else if (state === 'new') lines.push(` new series ${name}`)
    else if (state === 'deleted') lines.push(` deleted series ${name}`)
    else lines.push(` ${name}  ${formatCounts(stat)}`)
  }
  for (const { series, conflicts: count } of conflicts) {
    lines.push(style.red(`CONFLICT  ${readablePath(series)}  ${conflictCount(count)}`))
  }
  if (outcome === 'staged' && !dryRun)
    lines.push('Staged and not committed: varve commit concludes it')
  return lines.join('\n')
}

function mergedJson({ commit: made, changes, branch, ours, ...rest }: MergeResult) {
  return {
    ...rest,
    ours: ours ?? null,
    branch: branch ?? null,
    commit: made === undefined ? null : commitJson(made),
    changes: changes.map(pathStatJson),
  }
}

function resolvedText({ settled, left }: ResolveMergeResult): string {
  const count = left.reduce((sum, { conflicts }) => sum + conflicts, 0)
  const rest =
    count === 0
      ? 'none is left: varve merge --continue concludes the merge'
      : `${conflictCount(count)} left in ${left.map(({ series }) => readablePath(series)).join(', ')}`
  return `${conflictCount(settled)} settled, ${rest}`
}
