import type { Options } from '../../cli/define-command.ts'

/**
 * `--rev`, `--as-of` and `--tz`: which version of a series is meant, and how its times are told.
 *
 * @param told what the zone is for: `keys`
 */
export function versionOptions<T>(y: Options<T>, told: string) {
  return y
    .option('rev', {
      complete: 'revision',
      describe: 'The revision; the name is then taken as it is',
    })
    .option('as-of', { value: 'when', describe: 'Of what was known at that time' })
    .option('tz', {
      value: 'zone',
      describe: `The zone of ${told}; that of the series unless given`,
    })
}
