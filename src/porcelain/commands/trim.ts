import { defineCommand, usageError } from '../../cli/define-command.ts'
import { firstSecondOf, parseWhen } from '../../core/commit-date.ts'
import { parseRetention } from '../../core/retention.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { count } from '../change-summary.ts'
import { type ThinResult, thin } from '../thin.ts'
import { type TrimResult, trim } from '../trim.ts'
import { short } from './moving.ts'

export const trimCommand = defineCommand({
  name: 'trim',
  summary: 'Forget old history, and keep the data',
  description: [
    'Forgets how the data came to be what it is, up to a time, or but for the last commits. All branches and tags',
    'stay where they are and keep their data, also those that are old or were never merged; no id changes.',
    'History begins later, that is all: log ends there, and --as-of before it is an error that says so.',
    '',
    '--before TIME keeps what was known at TIME and all that came after, so --as-of of any later time says what',
    'it said. --keep N keeps N commits of each branch, counted from its end.',
    '',
    '--retain RULES keeps fewer of the older commits: "all 7d, daily 90d, monthly always, tagged always" keeps every',
    'commit of the last seven days, the last of each day (UTC) up to ninety days, the last of each month before, and',
    'what a tag names. Also hourly, weekly and yearly; spans in h, d, w, mo, y. What branches and tags are at stays',
    'always. Each commit follows the nearest before it that is kept, so most get another id: other clones of the',
    'repository have to be made again. Remote-tracking branches are treated alike, and the next fetch from a remote',
    'that has all of the history brings it back: trim there, too. undo takes it back. One of the three is needed.',
    '',
    'The bytes of what only forgotten commits had are set aside by the next `varve gc`, and removed two weeks',
    'later; `varve gc --prune=now` does both at once. Until then a forgotten commit can be read by its id. undo does',
    'not take --before and --keep back. After --retain the ref log keeps what was, for undo: gc lets go of it after',
    'gc.reflogExpire (90 days), `varve -c gc.reflogExpire=now gc --prune=now` at once. Other repositories that have the',
    'history are not touched.',
    '',
    'With --json: forgotten and kept (numbers of commits), begins (id, date and subject of each commit with which',
    'history begins now, the oldest first) and dryRun; with --retain instead of begins rewritten (old and new id) and',
    'refs (name, old and new id).',
  ].join('\n'),
  examples: [
    { command: 'varve trim --before 2026-01-01 --dry-run', about: 'how much is older?' },
    { command: 'varve trim --keep 30', about: 'the last 30 commits of each branch' },
    {
      command: 'varve trim --retain "all 7d, daily 90d, monthly always"',
      about: 'fewer of the old ones',
    },
    { command: 'varve gc --prune=now', about: 'and the space is free' },
  ],
  report: true,
  options: (y) =>
    y
      .option('before', {
        type: 'string',
        value: 'time',
        describe: 'Forget what was known before then: 2026-01-01, "90 days ago"',
      })
      .option('keep', {
        type: 'number',
        digits: true,
        value: 'n',
        describe: 'Keep so many commits of each branch',
      })
      .option('retain', {
        type: 'string',
        value: 'rules',
        describe: 'Keep what one of these rules keeps: "all 7d, daily 90d, tagged always"',
      })
      .option('dry-run', {
        alias: 'n',
        type: 'boolean',
        describe: 'Only say what would be forgotten',
      }),
  run: async ({ before, keep, retain, dryRun }, context) => {
    if ([before, keep, retain].filter((option) => option !== undefined).length !== 1) {
      throw usageError('trim takes one of --before, --keep and --retain')
    }
    if (retain !== undefined) {
      const rules = parseRetention(retain)
      const repo = await context.repository()
      const signal = context.abort
      return thin(repo, {
        rules,
        dryRun,
        now: context.now().seconds,
        who: await logIdentity(context),
        signal,
      })
    }
    const limit =
      before === undefined
        ? { keep: keep! }
        : { before: firstSecondOf(parseWhen(before, context.now())) }
    const repo = await context.repository()
    return trim(repo, { limit, dryRun, who: await logIdentity(context) })
  },
  toText: (result) => ('refs' in result ? thinText(result) : trimText(result)),
})

/** Beginnings that are named one by one. */
const MOST = 5

function trimText({ forgotten, kept, begins, dryRun }: TrimResult): string {
  if (forgotten === 0) return `nothing to forget: ${count(kept, 'commit')}`
  const verb = dryRun ? 'would forget' : 'forgot'
  const lines = [
    `${verb} ${count(forgotten, 'commit')}; ${count(kept, 'commit')} ${kept === 1 ? 'is' : 'are'} left`,
  ]
  for (const { id, date, subject } of begins.slice(0, MOST)) {
    lines.push(` history begins at ${short(id)} (${date}, ${subject})`)
  }
  if (begins.length > MOST) lines.push(` and at ${begins.length - MOST} more`)
  if (!dryRun)
    lines.push('their data goes with `varve gc`, two weeks after it; with `gc --prune=now` at once')
  return lines.join('\n')
}

function thinText({ forgotten, kept, rewritten, refs, dryRun }: ThinResult): string {
  if (forgotten === 0) return `nothing to forget: ${count(kept, 'commit')}`
  const verb = dryRun ? 'would forget' : 'forgot'
  const lines = [
    `${verb} ${count(forgotten, 'commit')}; ${count(kept, 'commit')} ${kept === 1 ? 'is' : 'are'} left, ${rewritten.length.toLocaleString('en-US')} with another id`,
    ...refs.map(({ name, old, new: next }) => ` ${name} ${short(old)} -> ${short(next)}`),
  ]
  if (dryRun) return lines.join('\n')
  lines.push(
    'varve undo takes it back; their data goes with gc after gc.reflogExpire, or with',
    '`varve -c gc.reflogExpire=now gc --prune=now` at once',
  )
  return lines.join('\n')
}
