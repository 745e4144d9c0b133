import { defineCommand } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { count } from '../change-summary.ts'
import { prune } from '../gc.ts'
import { prunedText } from './pruned-text.ts'

export const pruneCommand = defineCommand({
  name: 'prune',
  summary: 'Remove what nothing needs and is old enough',
  description: [
    'Removes packs that do not count, that nothing staged needs, and that are older than two weeks',
    '(gc.pruneExpire): what `varve gc` found that nothing leads to, and what commands left which failed, were',
    'stopped or lost a race. Others can read and write meanwhile.',
    '',
    'What counts is never touched: what a reset or a deleted branch left behind counts until gc sets it aside, which',
    'it does when the ref log has not led to it for 90 days (gc.reflogExpire). An index elsewhere',
    '(VARVE_INDEX_FILE) is not looked at: what is staged there for longer than --expire is lost.',
    '',
    'With --json: pruned (name and size of each pack), kept (how many stay) and dryRun.',
  ].join('\n'),
  examples: [
    { command: 'varve prune --dry-run', about: 'what would go?' },
    { command: 'varve prune --expire=now', about: 'whatever its age' },
  ],
  report: true,
  options: (y) =>
    y
      .option('dry-run', {
        alias: 'n',
        type: 'boolean',
        describe: 'Only say what would go',
      })
      .option('expire', {
        type: 'string',
        value: 'time',
        describe: 'Remove what is from before then: "2 weeks", 2026-08-17, now, never',
      }),
  run: async ({ dryRun, expire }, context) => {
    const repo = await context.repository()
    const who = await logIdentity(context)
    return prune(repo, { who, dryRun, expire, now: context.now().milliseconds })
  },
  toText: ({ pruned, kept, dryRun }) => {
    const stay =
      kept === 0
        ? ''
        : `; ${count(kept, 'pack')} that ${kept === 1 ? 'is' : 'are'} staged or younger stay${kept === 1 ? 's' : ''}`
    if (pruned.length === 0) return `nothing to prune${stay}`
    return `${dryRun ? 'would remove' : 'removed'} ${prunedText(pruned)}${stay}`
  },
})
