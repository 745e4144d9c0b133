import { defineCommand } from '../../cli/define-command.ts'
import { hasCode, VarveError } from '../../core/errors.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { count } from '../change-summary.ts'
import { type PurgeResult, purge } from '../purge.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import { short } from './moving.ts'
import { bytesOf } from './pruned-text.ts'

export const purgeCommand = defineCommand({
  name: 'purge',
  usage: 'purge [<options>] <series> (--dry-run | --yes)',
  summary: 'Remove data from all of history, for good',
  description: [
    'Removes a series, or all below a collection (a/, with the slash), or with bounds the rows of a series between them, from every commit',
    'that branches, tags and remote-tracking branches lead to. Those commits, and all after them, are made again and get OTHER IDS: authors,',
    'dates and messages stay. All refs move at once, or none does. Files in the work tree follow.',
    '',
    'What is removed is gone from storage when the command ends, with all that only the ref log led to: undo and',
    'reflog do not bring back anything that was there before. Messages of commits stay as they are, and so does',
    'what the series held under another name: purge that too. Other repositories keep what they have, and files',
    'of backups do: whoever fetches or merges their history brings the data back, so purge it there, too. A file system may keep the bytes of files',
    'that were removed. What it does not look into it names: files that fsck moved aside, files of commands that are at work',
    'or were stopped, and tags of a series itself. Where it was stopped on the way, the same command finishes it.',
    '',
    'It refuses beside staged changes, during a merge, and without --yes. With --json: purged (each series, in how many versions,',
    'and the rows that go from the one where that is most), rewritten (kind, old and new id of each commit and tag that',
    'changed), refs, commits (how many there are), files, gc (what was removed), left, finishes and dryRun.',
  ].join('\n'),
  examples: [
    { command: 'varve purge sensors/a --dry-run', about: 'which commits have it?' },
    { command: 'varve purge sensors/a --yes', about: 'the whole series' },
    {
      command: 'varve purge sensors/a --from 2026-08-01 --to 2026-08-03 --yes',
      about: 'three days',
    },
  ],
  report: true,
  options: (y) =>
    boundsOptions(y.positional('series', { demandOption: true, complete: 'series' }))
      .option('dry-run', {
        alias: 'n',
        type: 'boolean',
        describe: 'Only say what would be rewritten',
      })
      .option('yes', { alias: 'y', type: 'boolean', describe: 'Do it: nothing brings it back' }),
  run: async (args, context) => {
    const { series, dryRun = false, yes = false } = args
    if (!dryRun && !yes) {
      throw new VarveError('refused', 'purge removes data for good, and gives commits other ids', {
        data: { series },
        hint: '--dry-run says what would be rewritten, --yes does it',
      })
    }
    const repo = await context.repository()
    try {
      return await purge(repo, {
        ...boundsOf(args),
        series,
        dryRun,
        who: await logIdentity(context),
        now: context.now().milliseconds,
        signal: context.abort,
      })
    } catch (error) {
      // Else an interruption says nothing: all is as it was.
      if (hasCode(error, 'interrupted') && error.data.rewritten === true) {
        context.note(`${error.message}\nhint: ${error.hint}`)
      }
      throw error
    }
  },
  toText: (result) => purgeText(result),
})

/** Refs that are named one by one. */
const MOST = 10

function purgeText(result: PurgeResult): string {
  const { purged, rewritten, commits, refs, gc, files, left, finishes, dryRun } = result
  if (refs.length === 0 && !finishes) return 'nothing to purge: no row lies between the bounds'
  const lines: string[] = []
  if (finishes) {
    const verb = dryRun ? 'would remove' : 'removed'
    lines.push(
      `${verb} from storage what an earlier purge rewrote, and was stopped before it removed it`,
    )
  } else {
    const verb = dryRun ? 'would rewrite' : 'rewrote'
    const tags = rewritten.filter(({ kind }) => kind === 'tag').length
    const and = tags === 0 ? '' : ` and ${count(tags, 'tag')}`
    const all = count(commits, 'commit')
    lines.push(`${verb} ${rewritten.length - tags} of ${all}${and}; they have other ids`)
  }
  for (const { series, rows, versions } of purged.slice(0, MOST)) {
    const upTo = versions === 1 ? '' : 'up to '
    lines.push(` ${series}: ${upTo}${count(rows, 'row')} of ${count(versions, 'version')}`)
  }
  if (purged.length > MOST) lines.push(` and ${purged.length - MOST} more series`)
  for (const { name, old, new: next } of refs.slice(0, MOST)) {
    lines.push(
      ` ${name.replace(/^refs\/(?:heads|tags|remotes)\//, '')} ${short(old)} → ${short(next)}`,
    )
  }
  if (refs.length > MOST) lines.push(` and ${refs.length - MOST} more refs`)
  if (refs.some(({ name }) => name.startsWith('refs/remotes/'))) {
    lines.push(
      'remote-tracking branches are rewritten, too: a fetch brings the data back where the remote has it',
    )
  }
  for (const series of files.removed) lines.push(` file of ${series}: removed`)
  for (const series of files.written) lines.push(` file of ${series}: written`)
  if (gc?.after !== undefined) {
    lines.push(`packs: ${bytesOf(gc.before.packBytes)} → ${bytesOf(gc.after.packBytes)}`)
  }
  for (const name of left) lines.push(` may still hold it: ${name}`)
  return lines.join('\n')
}
