import type { Context } from '../../cli/context.ts'
import { type Options, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { VarveError } from '../../core/errors.ts'
import { headState } from '../../plumbing/head.ts'
import type { MergeCommitsOptions } from '../../plumbing/merge-commits.ts'
import {
  type MergeAction,
  readMergeState,
  type SeriesConflicts,
} from '../../plumbing/merge-state.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { resolveCommit } from '../../plumbing/resolve-revision.ts'
import type { AbortMergeResult } from '../merge-abort.ts'
import { conflictsOf, type ListedConflict, listConflicts } from '../merge-conflicts.ts'
import { readDecisions } from '../merge-decisions.ts'
import { type ResolveMergeResult, resolveMerge } from '../merge-resolve.ts'
import { conflictCount } from '../three-way.ts'
import {
  conflictJson,
  conflictTable,
  conflictText,
  headingText,
  type TableItem,
} from './conflict-table.ts'
import { short } from './moving.ts'

/** What settling conflicts prints: their table, or what was settled. */
export type SettleItem =
  | TableItem
  | { readonly resolved: ResolveMergeResult; readonly action: MergeAction }

const versions = ['ours', 'theirs', 'base'] as const

/** What ends a merge, or another action like it, that stopped at conflicts. */
export function conflictOptions<T>(y: Options<T>) {
  return y
    .option('conflicts', {
      type: 'boolean',
      describe: 'List conflicts: those left, or those that <commit> would have',
    })
    .option('csv', { type: 'boolean', describe: 'With --conflicts: as a table in CSV' })
    .option('resolve', {
      value: 'how',
      words: 'series',
      complete: (typed) => versions.filter((version) => version.startsWith(typed)),
      describe: 'Settle conflicts: ours, theirs, base, or a table of decisions',
    })
    .option('continue', { type: 'boolean', describe: 'Conclude it, when conflicts are settled' })
    .option('abort', { type: 'boolean', describe: 'Take back what is not concluded' })
    .implies('csv', 'conflicts')
    .conflicts('conflicts', 'resolve', 'continue', 'abort', 'dry-run')
    .conflicts('resolve', 'continue', 'abort', 'dry-run')
    .conflicts('continue', 'abort', 'dry-run')
    .conflicts('abort', 'dry-run')
}

interface SettleArguments {
  readonly words: readonly string[]
  readonly conflicts: boolean
  readonly csv: boolean
  readonly resolve: string | undefined
}

/** Lists or settles conflicts, where the command line says so; undefined where it does not. */
export function settleConflicts(
  repo: Repository,
  options: Omit<MergeCommitsOptions, 'ours' | 'theirs'> & { readonly action: MergeAction },
  args: SettleArguments,
  context: Context,
): AsyncGenerator<SettleItem> | undefined {
  if (args.conflicts) {
    if (context.json && args.csv) throw usageError('--json and --csv cannot be given together')
    return table(repo, options, args, context)
  }
  return args.resolve === undefined
    ? undefined
    : settled(repo, args.resolve, options, args, context)
}

async function* table(
  repo: Repository,
  options: Omit<MergeCommitsOptions, 'ours' | 'theirs'> & { readonly action: MergeAction },
  { words, csv }: SettleArguments,
  context: Context,
): AsyncGenerator<SettleItem> {
  let conflicts: AsyncIterable<ListedConflict> = listConflicts(repo, options.action)
  if (words.length > 0) {
    const theirs = await resolveCommit(repo, oneCommit(words), { now: context.now() })
    const ours = (await headState(repo)).id
    if (ours === undefined) return
    conflicts = conflictsOf(repo, { ...options, ours, theirs, settled: [] })
  }
  yield* conflictTable(conflicts, csv, !context.json)
}

async function* settled(
  repo: Repository,
  how: string,
  { action: wanted }: { readonly action: MergeAction },
  { words: series }: SettleArguments,
  context: Context,
): AsyncGenerator<SettleItem> {
  const version = versions.find((version) => version === how)
  const name = how === '-' ? 'standard input' : how
  const by =
    version ??
    (await readDecisions({
      name,
      open: () => (how === '-' ? context.stdin : context.readFile(how)),
      range: (from, to) => context.readRange(how, from, to),
    }))
  const resolved = await resolveMerge(repo, { action: wanted, by, series, signal: context.abort })
  const action = (await readMergeState(repo))?.action ?? wanted
  if (!context.quiet) yield { resolved, action }
}

export function settleText(item: SettleItem, style: Style): string {
  if (item instanceof Uint8Array) return ''
  if ('heading' in item) return style.bold(headingText(item.heading))
  if ('listed' in item) return conflictText(item.listed, item.widths)
  const { settled, left } = item.resolved
  const count = left.reduce((sum, { conflicts }) => sum + conflicts, 0)
  const rest =
    count === 0
      ? `none is left: varve ${item.action} --continue concludes the ${item.action}`
      : `${conflictCount(count)} left in ${left.map(({ series }) => readablePath(series)).join(', ')}`
  return `${conflictCount(settled)} settled, ${rest}`
}

export function settleJson(item: SettleItem): unknown {
  if (item instanceof Uint8Array || 'heading' in item) return undefined
  return 'listed' in item ? conflictJson(item.listed) : item.resolved
}

/** Series that are named one by one. */
const MOST_DROPPED = 10

export function abortedText({ action, shown, id, dropped }: AbortMergeResult): string {
  const lines = [`The ${action} of ${shown} is taken back: HEAD is at ${short(id)}`]
  if (dropped.length > 0) {
    const more = dropped.length - MOST_DROPPED
    const names = dropped.slice(0, MOST_DROPPED).map(readablePath).join(', ')
    const rest = more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''
    lines.push(`What was staged since it began is dropped: ${names}${rest}`)
    lines.push(`  (use "varve undo" to bring that back, and the ${action})`)
  }
  return lines.join('\n')
}

/** Said after what was done: that conflicts are left, and how to go on. */
export function conflictsLeft(
  action: MergeAction,
  shown: string,
  conflicts: readonly SeriesConflicts[],
): VarveError {
  const count = conflicts.reduce((sum, { conflicts }) => sum + conflicts, 0)
  const done = { merge: 'merged', 'cherry-pick': 'picked', revert: 'reverted' }[action]
  return new VarveError(
    'conflict',
    `${shown} is ${done}, but for ${conflictCount(count)} to settle`,
    {
      data: { conflicts },
      hint: `varve ${action} --conflicts lists them, --resolve ours|theirs|FILE settles them, then --continue; or --abort`,
    },
  )
}

/** The one commit that the words name. */
export function oneCommit(words: readonly string[]): string {
  const [target, ...more] = words
  if (target === undefined) throw usageError('missing <commit>', 'varve branch lists branches')
  if (more.length > 0) throw usageError(`one commit is merged at a time, not ${more[0]} too`)
  return target
}

export function refuseWords([word]: readonly string[], option: string): void {
  if (word !== undefined) throw usageError(`${option} takes no ${word}`)
}
