import { defineCommand } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { count } from '../change-summary.ts'
import { type GcResult, type GcState, gc } from '../gc.ts'
import { bytesOf, prunedText } from './pruned-text.ts'

export const gcCommand = defineCommand({
  name: 'gc',
  summary: 'Store everything as densely as it can be',
  description: [
    'Puts all packs together into one: the newest version of everything whole, older versions as what',
    'differs from the next newer one. Archives the ref log. Removes files that commands left behind',
    'when they were stopped a day ago or more.',
    '',
    'What nothing leads to goes, in two steps. Branches, tags, HEAD and the index lead to what they need, and so',
    'do the entries of the ref log of the last 90 days (gc.reflogExpire): what a reset or a deleted branch left',
    'behind can be taken back for so long. What only older entries lead to is set aside in a pack that does not',
    'count, and removed when that is two weeks old (gc.pruneExpire, --prune), by the next gc or prune. So are packs',
    'that commands left which failed or lost a race.',
    '',
    'Others can read and write meanwhile, and stopping it at any moment leaves everything as it was. A command that',
    'needs again what gc is about to drop stores it again, or is told to be run again. A commit that was',
    'acknowledged is never touched.',
    '',
    'Commits put packs together by themselves, so gc is needed by no one, but a repository that was worked on for',
    'long gets smaller by it. Where nothing was done since the last one of the same day, it does nothing.',
    '--auto puts small packs together where there are more than gc.autoPackLimit, 50, and else does nothing.',
    '',
    'With --json: before and after (each packs, otherPacks, packBytes, logBytes), objects in the one pack, how many',
    'unreachable ones were set aside, the packs that were pruned (name, size), and how many files were removed. In a',
    'dry run after and objects are absent.',
    '',
    'Before gc, a version may be stored as what differs from an older one: then damage to an old pack can',
    'reach newer versions. A copy of that pack, put back under the same name, heals what it reached.',
    '`varve fsck` names the packs that are damaged or missing.',
  ].join('\n'),
  examples: [
    { command: 'varve gc', about: 'after many commits' },
    {
      command: 'varve gc --dry-run',
      about: 'what does the repository take now, and what would go?',
    },
    {
      command: 'varve -c gc.reflogExpire=now gc --prune=now',
      about: 'nothing stays but what branches, tags and the index lead to: no undo any more',
    },
  ],
  report: true,
  options: (y) =>
    y
      .option('dry-run', {
        alias: 'n',
        type: 'boolean',
        describe: 'Only say what there is and what would go, and change nothing',
      })
      .option('auto', {
        type: 'boolean',
        describe: 'Only where there are many packs, and only what is soon done',
      })
      .option('prune', {
        type: 'string',
        value: 'time',
        describe: 'Remove what was set aside before then: "2 weeks", 2026-08-17, now, never',
      }),
  run: async ({ dryRun, auto, prune }, context) => {
    const repo = await context.repository()
    const who = await logIdentity(context)
    const progress = context.progress({ label: 'packing', unit: 'objects' })
    try {
      return await gc(repo, {
        who,
        dryRun,
        auto,
        prune,
        now: context.now().milliseconds,
        signal: context.abort,
        onObjects: (written, total) => {
          progress.total(total)
          progress.set(written)
        },
      })
    } finally {
      progress.done()
    }
  },
  toText: (result) => gcText(result),
})

function gcText({ before, after, objects, unreachable, pruned, removed }: GcResult): string {
  const lines: string[] = []
  if (after === undefined) {
    if (unreachable === undefined) return ''
    const other = before.otherPacks === 0 ? '' : `, ${before.otherPacks} of them not published`
    lines.push(`${packsOf(before)}${other}: ${bytesOf(before.packBytes)}`)
    lines.push(`ref log: ${bytesOf(before.logBytes)}`)
    if (unreachable > 0) lines.push(`${count(unreachable, 'object')} would be set aside`)
    if (pruned.length > 0) lines.push(`${prunedText(pruned)} would be removed`)
    return lines.join('\n')
  }
  const holding = objects === undefined ? '' : ` with ${count(objects, 'object')}`
  const packs = `${packsOf(before)} → ${after.packs + after.otherPacks}${holding}`
  lines.push(`${packs}: ${bytesOf(before.packBytes)} → ${bytesOf(after.packBytes)}`)
  lines.push(`ref log: ${bytesOf(before.logBytes)} → ${bytesOf(after.logBytes)}`)
  if (unreachable) lines.push(`${count(unreachable, 'object')} that nothing leads to set aside`)
  if (pruned.length > 0) lines.push(`removed ${prunedText(pruned)}`)
  if (removed) lines.push(`removed ${count(removed, 'file')} that had been left behind`)
  return lines.join('\n')
}

function packsOf({ packs, otherPacks }: GcState): string {
  return count(packs + otherPacks, 'pack')
}
