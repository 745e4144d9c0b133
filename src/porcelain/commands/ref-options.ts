import type { Options } from '../../cli/define-command.ts'
import { refSortKeys } from '../../plumbing/for-each-ref.ts'

/** Which refs are listed, and how they are sorted: for `branch` and `tag`. */
export function listingOptions<T>(y: Options<T>) {
  return y
    .option('contains', {
      value: 'commit',
      optionalValue: 'HEAD',
      complete: 'revision',
      describe: 'Only those that it can be reached from',
    })
    .option('no-contains', {
      value: 'commit',
      optionalValue: 'HEAD',
      complete: 'revision',
      describe: 'Only those that it cannot be reached from',
    })
    .option('merged', {
      value: 'commit',
      optionalValue: 'HEAD',
      complete: 'revision',
      describe: 'Only those that can be reached from it',
    })
    .option('no-merged', {
      value: 'commit',
      optionalValue: 'HEAD',
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
