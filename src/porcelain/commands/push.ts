import { defineCommand, usageError } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { readMergeState } from '../../plumbing/merge-state.ts'
import { type PushOptions, type PushResult, push } from '../push.ts'
import { sync } from '../sync.ts'
import { commitSignatures, signatureOptions } from './commit-options.ts'
import { noteFilesLeft, whileMoving } from './moving.ts'
import { refuseRejected } from './refuse-rejected.ts'
import { whileMovingObjects } from './transfer.ts'
import { pushPorcelain, pushText } from './transfer-text.ts'

interface Item extends PushResult {
  /** How often what was there had to be merged first; absent without `--sync`. */
  readonly merged?: number
}

export const pushCommand = defineCommand({
  name: 'push',
  usage: [
    'push [<options>] [<remote> [<refspec>...]]',
    'push --sync [<options>] [<remote> [<branch>]]',
    'push --delete <remote> <ref>...',
    'push (--all | --tags) [<options>] [<remote>]',
  ],
  summary: 'Give another repository what it lacks, and move its branches',
  description: [
    'Without refspecs the branch that you are on is pushed to the one that it follows, if that has the',
    'same name (push.default). Without a remote it is the one that the branch follows, or origin.',
    'Everything is verified there before a branch moves.',
    '',
    'A branch there that has commits which are not here is not moved: pull them first. --sync does',
    'that by itself: what is there is merged, and the push tried again until it comes through, or',
    'until the merge has conflicts. It suits jobs that write to one branch at the same time.',
    '--force-with-lease moves a branch whatever it has, if it is where it was when last looked at;',
    '--force in any case.',
    '',
    'A refspec is a branch or tag, or SOURCE:TARGET; :TARGET deletes. The hook pre-push is asked',
    'first (core.hooksPath).',
  ].join('\n'),
  examples: [
    {
      command: 'varve push -u origin main',
      about: 'the first time: main follows origin/main then',
    },
    { command: 'varve push', about: 'from then on' },
    { command: 'varve push --sync', about: 'from a job that others run too' },
    { command: 'varve push origin v1', about: 'a tag' },
    { command: 'varve push --delete origin vendor-b', about: 'a branch there goes' },
  ],
  report: true,
  options: (y) =>
    signatureOptions(
      y
        .positional('remote', { complete: 'remote', describe: 'A remote, URL or path' })
        .positional('refspecs', {
          array: true,
          complete: 'revision',
          describe: 'What to push, and where to',
        })
        .option('set-upstream', {
          alias: 'u',
          type: 'boolean',
          describe: 'Branches follow what they are pushed to from now on',
        })
        .option('sync', {
          type: 'boolean',
          describe: 'Merge what others pushed meanwhile, and try again',
        })
        .option('all', { type: 'boolean', alias: 'branches', describe: 'All branches' })
        .option('tags', { type: 'boolean', describe: 'All tags too' })
        .option('follow-tags', {
          type: 'boolean',
          tristate: true,
          describe: 'Annotated tags too of what is pushed',
        })
        .option('delete', { alias: 'd', type: 'boolean', describe: 'Delete these refs there' })
        .option('force', {
          alias: 'f',
          type: 'boolean',
          describe: 'Also where commits are lost there',
        })
        .option('force-with-lease', {
          array: true,
          optionalValue: '',
          value: 'ref[:id]',
          describe: 'As --force, if the ref is there as it is thought to be',
        })
        .option('atomic', { type: 'boolean', describe: 'Move all refs, or none' })
        .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Only say what would happen' })
        .option('verify', {
          type: 'boolean',
          default: true,
          describe: 'Ask the hook pre-push; --no-verify does not',
        })
        .option('receive-pack', {
          value: 'command',
          describe: 'What to run there over ssh in place of varve receive-pack',
        })
        .option('porcelain', { type: 'boolean', describe: 'A line each for scripts' })
        .conflicts('all', 'delete')
        .conflicts('delete', 'tags', 'follow-tags', 'sync')
        .conflicts('sync', 'all', 'tags', 'force', 'force-with-lease', 'dry-run'),
    ),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    const { remote, refspecs, all, sync: isSync } = args
    if (all && refspecs.length > 0) throw usageError('--all takes no refspecs')
    if (args.delete && refspecs.length === 0) throw usageError('missing <ref> to delete')
    if (isSync && refspecs.length > 1) throw usageError('--sync pushes one branch')
    const config = await context.config()
    const leases = args.forceWithLease
    const options = {
      remote,
      refspecs,
      all,
      tags: args.tags,
      followTags: args.followTags ?? config.boolean('push.followTags'),
      delete: args.delete,
      force: args.force,
      forceWithLease:
        leases.length === 0 ? undefined : leases.flatMap((text) => (text === '' ? [] : [text])),
      atomic: args.atomic,
      setUpstream: args.setUpstream,
      receivePack: args.receivePack,
      hook: args.verify ? context.hook : undefined,
    } satisfies Partial<PushOptions>
    if (!isSync) {
      const who = await logIdentity(context)
      const pushed = await whileMovingObjects(context, 'push', (transfer) =>
        push(repo, { ...transfer, ...options, dryRun: args.dryRun, who }),
      )
      yield pushed
      refuseRejected(pushed, await readMergeState(repo))
      return
    }
    const signatures = await commitSignatures(context, args)
    const { pushed, pulled } = await whileMoving(context, {}, (files) =>
      whileMovingObjects(context, 'push', (transfer) =>
        sync(repo, {
          push: { ...transfer, ...options, who: signatures.committer },
          pull: { ...files, ...transfer, ...signatures, now: context.now() },
        }),
      ),
    )
    const last = pulled.at(-1)
    if (last !== undefined) noteFilesLeft(context, last.merged.files)
    yield { ...pushed, merged: pulled.length }
    refuseRejected(pushed, await readMergeState(repo))
  },
  toText: (item, style, { porcelain }) => {
    if (porcelain) return pushPorcelain(item)
    const { merged = 0 } = item
    const times = merged === 1 ? 'once' : `${merged} times`
    const first = merged === 0 ? [] : [`Merged what was pushed meanwhile, ${times}`]
    return [...first, pushText(item, style)].join('\n')
  },
  toJson: ({ refs, remote, ...result }) => ({
    remote: remote ?? null,
    ...result,
    refs: refs.map(({ source, old, new: next, ...ref }) => ({
      ...ref,
      source: source ?? null,
      old: old ?? null,
      new: next ?? null,
    })),
  }),
})
