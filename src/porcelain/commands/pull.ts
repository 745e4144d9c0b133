import type { Config } from '../../cli/config.ts'
import { defineCommand } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { readMessage } from '../../plumbing/commands/message-input.ts'
import type { FetchResult } from '../fetch.ts'
import type { MergeResult } from '../merge.ts'
import { pull } from '../pull.ts'
import { afterMerge } from './commit-hooks.ts'
import { commitSignatures, messageOption, signatureOptions } from './commit-options.ts'
import { fetchJson, fetchOptions, readFetchOptions } from './fetch.ts'
import { mergedJson, mergedText } from './merge-text.ts'
import { noteFilesLeft, whileMoving } from './moving.ts'
import { checkRules } from './note-breaks.ts'
import { conflictsLeft } from './settle-conflicts.ts'
import { whileMovingObjects } from './transfer.ts'
import { fetchText } from './transfer-text.ts'

interface Item {
  readonly fetched: FetchResult
  /** Absent where the merge was not come to. */
  readonly merged?: MergeResult
}

export const pullCommand = defineCommand({
  name: 'pull',
  usage: 'pull [<options>] [<remote> [<branch>]]',
  summary: 'Fetch, and merge what the branch follows',
  description: [
    'As fetch, and then merge: the branch that you are on gets what the one that it follows has. Where',
    'it has no commits of its own it is moved on; else what changed on both sides is merged, cell by',
    'cell, in a commit. With conflicts the exit code is 5, and they are settled as those of merge:',
    'merge --conflicts lists them, merge --resolve settles them, merge --continue concludes, and',
    'merge --abort takes it back.',
    '',
    'Rows that changed on both sides are merged whatever commit they came in, so there is no --rebase.',
    'Hooks and quality rules are asked as by merge.',
  ].join('\n'),
  examples: [
    { command: 'varve pull', about: 'what is new there' },
    {
      command: 'varve pull --ff-only',
      about: 'or nothing, where this branch has commits of its own',
    },
    { command: 'varve pull ../prices main', about: 'a branch of a repository in a folder' },
  ],
  report: true,
  options: (y) =>
    fetchOptions(
      signatureOptions(
        y
          .positional('remote', { complete: 'remote', describe: 'A remote, URL or path' })
          .positional('branch', { complete: 'branch', describe: 'The branch there' })
          .option('ff', {
            type: 'boolean',
            tristate: true,
            describe: 'Move the branch on where that is all; with --no-ff, commit all the same',
          })
          .option('ff-only', { type: 'boolean', describe: 'Only move the branch on, or refuse' })
          .option('strategy', {
            alias: 's',
            choices: ['ours', 'theirs', 'newest'],
            describe: 'What settles conflicts: ours, theirs, or newest',
          })
          .option('message', messageOption)
          .option('no-verify', {
            type: 'boolean',
            describe: 'Ask neither the hook pre-merge-commit nor the quality rules',
          })
          .option('allow-unrelated-histories', {
            type: 'boolean',
            describe: 'Also where the two have no commit in common',
          })
          .conflicts('ff', 'ff-only'),
      ),
    ),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    const signatures = await commitSignatures(context, args)
    const options = await readFetchOptions(args, context)
    const message =
      args.message.length > 0 ? await readMessage(context, args.message, []) : undefined
    let fetched: FetchResult | undefined
    const onFetched = (result: FetchResult): void => {
      fetched = result
    }
    const fastForward = fastForwardOf(args, await context.config())
    try {
      const pulled = await whileMoving(context, {}, (files) =>
        whileMovingObjects(context, 'fetch', (transfer) =>
          pull(repo, {
            ...files,
            ...transfer,
            ...options,
            ...signatures,
            remote: args.remote,
            refspecs: args.branch === undefined ? [] : [args.branch],
            fastForward,
            strategy: args.strategy,
            allowUnrelated: args.allowUnrelatedHistories,
            message,
            onFetched,
            now: context.now(),
            hook: args.noVerify ? undefined : context.hook,
            check: checkRules(context, args.noVerify),
          }),
        ),
      )
      noteFilesLeft(context, pulled.merged.files)
      await afterMerge(context, pulled.merged, false)
      yield pulled
      const { outcome, shown, conflicts } = pulled.merged
      if (outcome === 'conflicts') throw conflictsLeft('merge', shown, conflicts)
    } catch (error) {
      // What was fetched is here, whatever became of the merge.
      if (fetched !== undefined && error instanceof VarveError && error.code === 'refused') {
        yield { fetched }
      }
      throw error
    }
  },
  toText: ({ fetched, merged }, style) =>
    [fetchText(fetched, style), merged === undefined ? '' : mergedText(merged, style)]
      .filter((text) => text !== '')
      .join('\n'),
  toJson: ({ fetched, merged }) => ({
    fetched: fetchJson(fetched),
    merged: merged === undefined ? null : mergedJson(merged),
  }),
})

function fastForwardOf(
  { ff, ffOnly }: { readonly ff: boolean | undefined; readonly ffOnly: boolean },
  config: Config,
): 'no' | 'only' | undefined {
  if (ffOnly) return 'only'
  if (ff !== undefined) return ff ? undefined : 'no'
  const configured = config.get('pull.ff')
  return configured === 'only' ? 'only' : configured === 'false' ? 'no' : undefined
}
