import { given, type Options, usageError } from '../../cli/define-command.ts'
import { type CommitDate, firstSecondOf, lastSecondOf, parseWhen } from '../../core/commit-date.ts'
import type { RevListOptions } from '../rev-list.ts'

/** Where a walk through history starts and which commits it gives: for rev-list and log. */
export function walkOptions<T>(y: Options<T>) {
  return y
    .option('all', { type: 'boolean', describe: 'Start from HEAD and all refs' })
    .option('branches', { type: 'boolean', describe: 'Start from all branches' })
    .option('tags', { type: 'boolean', describe: 'Start from all tags' })
    .option('remotes', { type: 'boolean', describe: 'Start from all remote branches' })
    .option('max-count', {
      alias: 'n',
      type: 'number',
      digits: true,
      value: 'n',
      describe: 'At most so many',
    })
    .option('skip', { type: 'number', value: 'n', describe: 'Leave out so many first' })
    .option('since', { alias: 'after', value: 'when', describe: 'Not older than this' })
    .option('until', { alias: 'before', value: 'when', describe: 'Not newer than this' })
    .option('first-parent', { type: 'boolean', describe: 'Follow only the first parent' })
    .option('merges', {
      type: 'boolean',
      tristate: true,
      describe: 'Only merges; --no-merges none',
    })
    .option('reverse', { type: 'boolean', describe: 'The oldest of them first' })
}

/** `usage` for a count that is no whole number, or negative. */
export function checkCount(option: string, count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count >= 0)) return
  throw usageError(`${option} takes a whole number that is not negative`)
}

interface WalkArguments {
  readonly all: boolean
  readonly branches: boolean
  readonly tags: boolean
  readonly remotes: boolean
  readonly maxCount: number | undefined
  readonly skip: number | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly firstParent: boolean
  readonly merges: boolean | undefined
  readonly reverse: boolean
}

/** What {@link walkOptions} say; as {@link checkCount} refuses a count. */
export function walkOf(args: WalkArguments, now: CommitDate): RevListOptions {
  const { all, branches, tags, remotes, maxCount, skip, since, until, merges } = args
  checkCount('--max-count', maxCount)
  checkCount('--skip', skip)
  return {
    now,
    ...{ all, branches, tags, remotes, firstParent: args.firstParent, reverse: args.reverse },
    ...given({
      maxCount,
      skip,
      since: since === undefined ? undefined : firstSecondOf(parseWhen(since, now)),
      until: until === undefined ? undefined : lastSecondOf(parseWhen(until, now)),
    }),
    ...(merges === true && { minParents: 2 }),
    ...(merges === false && { maxParents: 1 }),
  }
}
