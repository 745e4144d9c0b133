import { given, type Options } from '../../cli/define-command.ts'
import { refSortKeys } from '../../plumbing/for-each-ref.ts'

/** What an option without `=value` is read as: the commit is the next word then, or HEAD. */
const NEXT_WORD = '@'

/** Which refs are listed, and how they are sorted: for `branch` and `tag`. */
export function listingOptions<T>(y: Options<T>) {
  return y
    .option('contains', {
      value: 'commit',
      optionalValue: NEXT_WORD,
      complete: 'revision',
      describe: 'Only those that it can be reached from',
    })
    .option('no-contains', {
      value: 'commit',
      optionalValue: NEXT_WORD,
      complete: 'revision',
      describe: 'Only those that it cannot be reached from',
    })
    .option('merged', {
      value: 'commit',
      optionalValue: NEXT_WORD,
      complete: 'revision',
      describe: 'Only those that can be reached from it',
    })
    .option('no-merged', {
      value: 'commit',
      optionalValue: NEXT_WORD,
      complete: 'revision',
      describe: 'Only those that cannot be reached from it',
    })
    .option('points-at', {
      value: 'object',
      complete: 'revision',
      describe: 'Only those at it',
    })
    .option('sort', {
      array: true,
      value: 'key',
      complete: () => [...refSortKeys],
      describe: 'Sort by this; a - in front turns it round',
    })
}

interface Listing {
  readonly list: boolean
  readonly names: readonly string[]
  readonly contains: string | undefined
  readonly noContains: string | undefined
  readonly merged: string | undefined
  readonly noMerged: string | undefined
  readonly pointsAt: string | undefined
}

/**
 * The filters that are given, and the names that are left: as with git, `--contains x` is about the
 * commit `x`, and `--merged` alone about HEAD. Undefined where there is no filter.
 */
export function listingFilter(args: Listing) {
  const { contains, noContains, merged, noMerged, pointsAt, list } = args
  const filters = given({ contains, noContains, merged, noMerged, pointsAt })
  if (Object.keys(filters).length === 0) return undefined
  const names = [...args.names]
  const values = Object.entries(filters).map(([option, value]) => {
    const isNext = value === NEXT_WORD && !list && names.length > 0
    return [option, isNext ? names.shift() : value] as const
  })
  return { filters: Object.fromEntries(values) as typeof filters, names }
}
