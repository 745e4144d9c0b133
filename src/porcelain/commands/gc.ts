import { defineCommand } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { count } from '../change-summary.ts'
import { type GcResult, type GcState, gc } from '../gc.ts'

export const gcCommand = defineCommand({
  name: 'gc',
  summary: 'Store everything as densely as it can be',
  description: [
    'Puts all packs together into one: the newest version of everything whole, older versions as what',
    'differs from the next newer one. Archives the ref log. Removes files that commands left behind',
    'when they were stopped a day ago or more.',
    '',
    'No data goes: all that was ever committed here is kept, also what no branch leads to any more,',
    'and so is what is staged. Others can read and write meanwhile, and stopping it at any moment',
    'leaves everything as it was. Commits put packs together by themselves, so gc is needed',
    'by no one, but a repository that was worked on for long gets smaller by it.',
    '',
    'Before gc, a version may be stored as what differs from an older one: then damage to an old pack can',
    'reach newer versions. A copy of that pack, put back under the same name, heals what it reached.',
    '`varve fsck` names the packs that are damaged or missing.',
  ].join('\n'),
  examples: [
    { command: 'varve gc', about: 'after many commits' },
    { command: 'varve gc --dry-run', about: 'what does the repository take now?' },
  ],
  report: true,
  options: (y) =>
    y.option('dry-run', {
      alias: 'n',
      type: 'boolean',
      describe: 'Only say what there is, and change nothing',
    }),
  run: async ({ dryRun }, context) => {
    const repo = await context.repository()
    const who = await logIdentity(context)
    const progress = context.progress({ label: 'packing', unit: 'objects' })
    try {
      return await gc(repo, {
        who,
        dryRun,
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

function gcText({ before, after, objects = 0, removed = 0 }: GcResult): string {
  if (after === undefined) {
    const other = before.otherPacks === 0 ? '' : `, ${before.otherPacks} of them not published`
    return [
      `${packsOf(before)}${other}: ${bytesOf(before.packBytes)}`,
      `ref log: ${bytesOf(before.logBytes)}`,
    ].join('\n')
  }
  const packs = `${packsOf(before)} → ${after.packs} with ${count(objects, 'object')}`
  const lines = [
    `${packs}: ${bytesOf(before.packBytes)} → ${bytesOf(after.packBytes)}`,
    `ref log: ${bytesOf(before.logBytes)} → ${bytesOf(after.logBytes)}`,
  ]
  if (removed > 0) lines.push(`removed ${count(removed, 'file')} that had been left behind`)
  return lines.join('\n')
}

function packsOf({ packs, otherPacks }: GcState): string {
  return count(packs + otherPacks, 'pack')
}

function bytesOf(bytes: number): string {
  return count(bytes, 'byte')
}
