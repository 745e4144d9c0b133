import { defineCommand } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { readMessage } from '../../plumbing/commands/message-input.ts'
import { type CommitResult, commit } from '../commit.ts'
import { type MergeResult, merge } from '../merge.ts'
import { type AbortMergeResult, abortMerge } from '../merge-abort.ts'
import { mergeOf } from '../merge-conflicts.ts'
import { commitResultJson, commitText } from './commit.ts'
import { afterCommit, afterMerge } from './commit-hooks.ts'
import { commitSignatures, messageOption, signatureOptions } from './commit-options.ts'
import { mergedJson, mergedText } from './merge-text.ts'
import { noteFilesLeft, whileMoving } from './moving.ts'
import { checkRules } from './note-breaks.ts'
import {
  abortedText,
  conflictOptions,
  conflictsLeft,
  oneCommit,
  refuseWords,
  type SettleItem,
  settleConflicts,
  settleJson,
  settleText,
} from './settle-conflicts.ts'

type Item =
  | SettleItem
  | { readonly merged: MergeResult }
  | { readonly concluded: CommitResult }
  | { readonly aborted: AbortMergeResult }

const strategies = ['ours', 'theirs', 'newest'] as const

export const mergeCommand = defineCommand({
  name: 'merge',
  usage: [
    'merge [<options>] <commit>',
    'merge --conflicts [--csv] [<commit>]',
    'merge --resolve (ours | theirs | base | <file>) [<series>...]',
    'merge (--continue | --abort)',
  ],
  summary: 'Merge a branch, cell by cell',
  description: [
    'Where the branch that you are on has no commits of its own it is moved on; else what changed on',
    'both sides since they parted is merged in a commit: row by row, and in a row column by column.',
    'Columns that were added, dropped, renamed or widened, and settings are merged, too; so are series',
    'that were renamed, with half of their rows as they were. Of several that had the same rows those',
    'are one whose names end alike (t and x/t); where that says nothing none is: it was removed.',
    '',
    'A conflict is where both sides made something different of the same: of a cell; of a row, where',
    'one deleted and the other revised it; of rows with equal keys, which count as one; of a series,',
    'where one removed and the other changed it. Then nothing is committed: the index and the files',
    'have the merge, with ours in conflicts, and the exit code is 5.',
    '',
    '--conflicts lists them: series, key, column, base, ours, theirs. --resolve settles all of them, or',
    'those of some series, by a version; or by a table such as --conflicts --csv prints, with base,',
    'ours or theirs in its column `take`, or for a cell null, or a value of your own in `value`. Who',
    'adds, writes or removes a series settles what is in conflict there, but for settings. --continue,',
    'or commit, concludes the merge. --abort takes it back, with all that was staged since; undo',
    'brings both back. With --dry-run the exit code is 1 where there would be conflicts.',
    '',
    'No conflict is made of what --strategy settles: ours, theirs, or newest, the side that changed',
    'the series last. For single columns the setting `merge` says it: ours, theirs, newest, min or',
    'max, or a tolerance within which ours stays.',
    '',
    'Of the hooks (core.hooksPath), pre-merge-commit is asked before a merge makes its commit; then the',
    'quality rules are checked for what it changes on this side. Where one says no, nothing is changed.',
    'post-merge is told of a merge that came to its end, with 1 after --squash and else 0. --continue',
    'asks pre-commit, checks the rules and tells post-commit, as commit does.',
  ].join('\n'),
  examples: [
    { command: 'varve merge vendor-b', about: 'into the branch that you are on' },
    { command: 'varve merge --dry-run vendor-b', about: 'what would it do?' },
    { command: 'varve merge --conflicts --csv > c.csv', about: 'as a table to decide in' },
    { command: 'varve merge --resolve c.csv', about: 'as the table says' },
    {
      command: 'varve merge --resolve theirs brent-daily',
      about: 'all conflicts of one series',
    },
    {
      command: `varve schema set levels/ 'merge={"level":"max","flow":{"tolerance":0.01}}'`,
      about: 'how columns are merged from now on',
    },
  ],
  options: (y) =>
    signatureOptions(
      conflictOptions(
        y
          .positional('words', {
            array: true,
            complete: 'revision',
            describe: 'A branch or commit; with --resolve, series',
          })
          .option('strategy', {
            alias: 's',
            choices: strategies,
            describe: 'What settles conflicts: ours, theirs, or newest',
          })
          .option('ff', {
            type: 'boolean',
            tristate: true,
            describe: 'Move the branch on where that is all; with --no-ff, commit all the same',
          })
          .option('ff-only', { type: 'boolean', describe: 'Only move the branch on, or refuse' })
          .option('squash', {
            type: 'boolean',
            describe: 'Stage what is merged, for a commit with one parent',
          })
          .option('no-commit', {
            type: 'boolean',
            describe: 'Stage what is merged, and stop there',
          })
          .option('message', messageOption)
          .option('no-verify', {
            type: 'boolean',
            describe: 'Ask neither the hook (with --continue, pre-commit) nor the quality rules',
          })
          .option('allow-unrelated-histories', {
            type: 'boolean',
            describe: 'Also where the two have no commit in common',
          })
          .option('dry-run', {
            alias: 'n',
            type: 'boolean',
            describe: 'Only say what would happen',
          })
          .conflicts('ff', 'ff-only', 'squash')
          .conflicts('ff-only', 'squash'),
      ),
    ),
  run: async function* (args, context): AsyncGenerator<Item> {
    const repo = await context.repository()
    const { strategy } = args
    const settling = settleConflicts(repo, { action: 'merge', strategy }, args, context)
    if (settling !== undefined) {
      yield* settling
      return
    }
    if (args.abort || args.continue) refuseWords(args.words, args.abort ? '--abort' : '--continue')
    if (args.abort) {
      const who = await logIdentity(context)
      const aborted = await whileMoving(context, {}, (files) => abortMerge(repo, { ...files, who }))
      noteFilesLeft(context, aborted.files)
      if (!context.quiet) yield { aborted }
      return
    }
    const signatures = await commitSignatures(context, args)
    const message =
      args.message.length > 0 ? await readMessage(context, args.message, []) : undefined
    const signal = context.abort
    const verifying = {
      hook: args.noVerify ? undefined : context.hook,
      check: checkRules(context, args.noVerify),
    }
    if (args.continue) {
      await mergeOf(repo, 'merge')
      const concluded = await commit(repo, { ...signatures, ...verifying, message, signal })
      await afterCommit(context)
      if (!context.quiet) yield { concluded }
      return
    }
    const target = oneCommit(args.words)
    const merged = await whileMoving(context, {}, (files) =>
      merge(repo, {
        ...files,
        ...signatures,
        target,
        fastForward: args.ffOnly ? 'only' : args.ff === false ? 'no' : undefined,
        squash: args.squash,
        noCommit: args.noCommit,
        strategy,
        allowUnrelated: args.allowUnrelatedHistories,
        message,
        dryRun: args.dryRun,
        now: context.now(),
        ...verifying,
      }),
    )
    noteFilesLeft(context, merged.files)
    await afterMerge(context, merged, args.squash)
    if (!context.quiet) yield { merged }
    if (merged.outcome !== 'conflicts') return
    if (merged.dryRun) context.answerNo()
    else throw conflictsLeft('merge', merged.shown, merged.conflicts)
  },
  toText: (item, style) => {
    if ('merged' in item) return mergedText(item.merged, style)
    if ('concluded' in item) return commitText(item.concluded, style)
    return 'aborted' in item ? abortedText(item.aborted) : settleText(item, style)
  },
  toJson: (item) => {
    if ('merged' in item) return mergedJson(item.merged)
    if ('concluded' in item) return commitResultJson(item.concluded)
    return 'aborted' in item ? item.aborted : settleJson(item)
  },
})
