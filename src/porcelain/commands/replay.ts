import type { Context } from '../../cli/context.ts'
import { defineCommand, type Options, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { readMessage } from '../../plumbing/commands/message-input.ts'
import { emptyPicks } from '../../plumbing/merge-state.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { type AbortMergeResult, abortMerge } from '../merge-abort.ts'
import { type ReplayAction, type Replayed, type ReplayResult, replay } from '../replay.ts'
import { commitsToReplay } from '../replay-commits.ts'
import { type ContinueResult, continueReplay, quitReplay, skipReplay } from '../replay-continue.ts'
import { conflictCount } from '../three-way.ts'
import { commitResultJson, commitText, editable, withoutComments } from './commit.ts'
import { afterCommit } from './commit-hooks.ts'
import { commitSignatures, signatureOptions } from './commit-options.ts'
import { pathStatJson } from './history-json.ts'
import { changeLines } from './merge-text.ts'
import { noteFilesLeft, short, whileMoving } from './moving.ts'
import { checkRules } from './note-breaks.ts'
import {
  abortedText,
  conflictOptions,
  conflictsLeft,
  refuseWords,
  type SettleItem,
  settleConflicts,
  settleJson,
  settleText,
} from './settle-conflicts.ts'

type Item =
  | SettleItem
  | { readonly replayed: ReplayResult }
  | { readonly continued: ContinueResult }
  | { readonly aborted: AbortMergeResult }
  | { readonly quit: string }

interface Words {
  readonly summary: string
  readonly description: string
  readonly examples: readonly { readonly command: string; readonly about: string }[]
}

function replayCommand(action: ReplayAction, words: Words) {
  return defineCommand({
    name: action,
    usage: [
      `${action} [<options>] <commit>...`,
      `${action} --conflicts [--csv] [<commit>]`,
      `${action} --resolve (ours | theirs | base | <file>) [<series>...]`,
      `${action} (--continue | --skip | --abort | --quit)`,
    ],
    ...words,
    options: (y) => {
      const shared = signatureOptions(conflictOptions(replayOptions(y, action)))
      return shared
        .option('skip', { type: 'boolean', describe: 'Leave out the commit that it stopped at' })
        .option('quit', { type: 'boolean', describe: 'Forget it; everything stays as it is' })
        .conflicts('skip', 'quit', 'conflicts', 'resolve', 'continue', 'abort', 'dry-run')
        .conflicts('quit', 'conflicts', 'resolve', 'continue', 'abort', 'dry-run')
        .conflicts('edit', 'message', 'no-commit')
        .conflicts('message', 'no-commit')
    },
    run: async function* (args, context): AsyncGenerator<Item> {
      const repo = await context.repository()
      const { strategy, mainline } = args
      if (mainline !== undefined && !(Number.isInteger(mainline) && mainline > 0)) {
        throw usageError('-m is the number of a parent: 1, 2', 'a message is given as --message')
      }
      const settling = settleConflicts(repo, { action, strategy, mainline }, args, context)
      if (settling !== undefined) {
        yield* settling
        return
      }
      const ends = ['continue', 'skip', 'abort', 'quit'] as const
      const end = ends.find((option) => args[option])
      if (end !== undefined) refuseWords(args.words, `--${end}`)
      if (end === 'quit') {
        const { shown } = await quitReplay(repo, action)
        if (!context.quiet) yield { quit: shown }
        return
      }
      const signatures = await commitSignatures(context, args)
      if (end === 'abort') {
        const who = signatures.committer
        const aborted = await whileMoving(context, {}, (files) =>
          abortMerge(repo, { ...files, action, who }),
        )
        noteFilesLeft(context, aborted.files)
        if (!context.quiet) yield { aborted }
        return
      }
      const message =
        args.message.length > 0 ? await readMessage(context, args.message, []) : undefined
      const shared = {
        action,
        committer: signatures.committer,
        exactDate: signatures.exactDate,
        author: signatures.author,
        message,
        edit: args.edit ? editor(context) : undefined,
        check: checkRules(context, args.noVerify),
      }
      if (end !== undefined) {
        const goOn = end === 'skip' ? skipReplay : continueReplay
        const continued = await whileMoving(context, {}, (files) =>
          goOn(repo, { ...files, ...shared, hook: args.noVerify ? undefined : context.hook }),
        )
        if (continued.concluded !== undefined) await afterCommit(context)
        if (continued.rest !== undefined) await tellOfCommits(continued.rest, context)
        if (!context.quiet) yield { continued }
        if (continued.rest !== undefined) failAtConflicts(continued.rest, context)
        return
      }
      const commits = await commitsOf(repo, action, args.words, context)
      if (message !== undefined && commits.length > 1) {
        throw usageError(`--message is for one commit, not ${commits.length}`)
      }
      const replayed = await whileMoving(context, {}, (files) =>
        replay(repo, {
          ...files,
          ...shared,
          commits,
          mainline,
          strategy,
          noCommit: args.noCommit,
          recordOrigin: args.recordOrigin,
          empty: args.empty,
          dryRun: args.dryRun,
        }),
      )
      noteFilesLeft(context, replayed.files)
      await tellOfCommits(replayed, context)
      if (!context.quiet) yield { replayed }
      failAtConflicts(replayed, context)
    },
    toText: (item, style) => {
      if ('replayed' in item) return replayedText(item.replayed, style)
      if ('continued' in item) return continuedText(item.continued, style)
      if ('aborted' in item) return abortedText(item.aborted)
      if ('quit' in item) return `The ${action} of ${item.quit} is forgotten: all stays as it is`
      return settleText(item, style)
    },
    toJson: (item) => {
      if ('replayed' in item) return replayedJson(item.replayed)
      if ('continued' in item) return continuedJson(item.continued)
      if ('aborted' in item) return item.aborted
      return 'quit' in item ? { action, shown: item.quit } : settleJson(item)
    },
  })
}

function replayOptions<T>(y: Options<T>, action: ReplayAction) {
  const isPick = action === 'cherry-pick'
  return y
    .positional('words', {
      array: true,
      complete: 'revision',
      describe: 'Commits and ranges (A..B); with --resolve, series',
    })
    .option('no-commit', {
      alias: 'n',
      type: 'boolean',
      describe: 'Stage what changes, and commit nothing',
    })
    .option('mainline', {
      alias: 'm',
      type: 'number',
      value: 'parent',
      describe: 'Of a merge: what changed against this parent, from 1',
    })
    .option('strategy', {
      alias: ['X', 'strategy-option'],
      choices: ['ours', 'theirs'] as const,
      describe: 'What settles conflicts: ours is what is here',
    })
    .option('record-origin', {
      alias: 'x',
      type: 'boolean',
      hidden: !isPick,
      describe: 'Say in the message which commit was picked',
    })
    .option('empty', {
      choices: emptyPicks,
      describe: 'What becomes of a commit whose change is in already; stop unless given',
    })
    .option('edit', {
      alias: 'e',
      type: 'boolean',
      tristate: true,
      describe: 'Edit the message; --no-edit takes it as it is, as without either',
    })
    .option('message', {
      array: true,
      describe: 'The message of the commit, or a paragraph of it',
    })
    .option('no-verify', {
      type: 'boolean',
      describe: 'Do not check the quality rules; with --continue, do not ask pre-commit either',
    })
    .option('dry-run', { type: 'boolean', describe: 'Only say what would happen' })
}

function editor(context: Context): (message: string) => Promise<string> {
  return async (message) =>
    withoutComments(await context.edit(editable(message, []), 'COMMIT_EDITMSG'))
}

/** All that is picked at once is one step, of which the hook is told once. */
async function tellOfCommits({ replayed, dryRun }: ReplayResult, context: Context): Promise<void> {
  if (!dryRun && replayed.some(({ id }) => id !== undefined)) await afterCommit(context)
}

function commitsOf(
  repo: Repository,
  action: ReplayAction,
  words: readonly string[],
  context: Context,
) {
  if (words.length === 0) throw usageError('missing <commit>', 'varve log lists commits')
  return commitsToReplay(repo, action, words, context.now())
}

function failAtConflicts({ action, stopped, dryRun }: ReplayResult, context: Context): void {
  if (stopped === undefined) return
  if (dryRun) context.answerNo()
  else throw conflictsLeft(action, short(stopped.from), stopped.conflicts)
}

function replayedText(result: ReplayResult, style: Style): string {
  const { action, branch, replayed, dropped, stopped, outcome, dryRun } = result
  const where = branch?.replace(/^refs\/heads\//, '') ?? 'detached HEAD'
  const lines = replayed.flatMap((one) => [
    `[${style.cyan(where)} ${style.yellow(placeOf(one, dryRun))}] ${subjectOf(one.commit)}`,
    ...changeLines(one),
  ])
  for (const id of dropped) lines.push(`${short(id)} is left out: its change is in already`)
  if (stopped !== undefined) {
    const verb = action === 'revert' ? 'Reverting' : 'Picking'
    lines.push(`${verb} ${short(stopped.from)} on ${where}`, ...changeLines(stopped))
    for (const { series, conflicts } of stopped.conflicts) {
      lines.push(style.red(`CONFLICT  ${readablePath(series)}  ${conflictCount(conflicts)}`))
    }
    if (stopped.left > 0) lines.push(`${stopped.left} more to come after it`)
  }
  if (outcome === 'staged' && !dryRun) lines.push('Staged and not committed')
  return lines.join('\n')
}

function placeOf({ id, from }: Replayed, dryRun: boolean): string {
  return id === undefined || dryRun ? `from ${short(from)}` : short(id)
}

function continuedText({ concluded, staged, skipped, rest }: ContinueResult, style: Style): string {
  const lines: string[] = []
  if (concluded !== undefined) lines.push(commitText(concluded, style))
  if (staged) lines.push('Staged and not committed')
  if (skipped !== undefined) lines.push(`${skipped.shown} is left out`)
  if (rest !== undefined) lines.push(replayedText(rest, style))
  return lines.filter((line) => line !== '').join('\n')
}

function replayedJson({ branch, replayed, stopped, ...rest }: ReplayResult) {
  return {
    ...rest,
    branch: branch ?? null,
    replayed: replayed.map(({ id, from, commit, changes, counts }) => ({
      from,
      id: id ?? null,
      ...commitJson(commit),
      counts,
      changes: changes.map(pathStatJson),
    })),
    ...(stopped && { stopped: { ...stopped, changes: stopped.changes.map(pathStatJson) } }),
  }
}

function continuedJson({ concluded, staged, skipped, rest }: ContinueResult) {
  return {
    concluded: concluded === undefined ? null : commitResultJson(concluded),
    staged,
    skipped: skipped?.shown ?? null,
    rest: rest === undefined ? null : replayedJson(rest),
  }
}

export const cherryPickCommand = replayCommand('cherry-pick', {
  summary: 'Make the changes of commits here, too',
  description: [
    'What each commit changed is merged, row by row and column by column, into what is here, and',
    'committed with its message, author and author date. Of a range, A..B, the oldest comes first. All',
    'that is picked at once is one step of the ref log: varve undo takes it back.',
    '',
    'Where a cell was changed here, too, it stops there, with ours in conflicts and exit code 5; what',
    'came before is committed. --conflicts lists them, --resolve settles them, as in varve merge;',
    '--continue commits and goes on, --skip leaves that commit out, --abort goes back to where it began.',
    '',
    'A commit whose change is in already stops it, before anything is done, unless --empty=drop or',
    '--empty=keep. A merge is picked against one of its parents: -m 1.',
    '',
    'Each commit is checked by the quality rules: where it breaks one, nothing is done. The hook',
    'post-commit is told, once for all that is picked at once; pre-commit is asked by --continue.',
  ].join('\n'),
  examples: [
    { command: 'varve cherry-pick vendor-b~1', about: 'one commit of another branch' },
    { command: 'varve cherry-pick -x main..fixes', about: 'all that fixes has and main has not' },
    { command: 'varve cherry-pick -n 4d1f0a2', about: 'only stage it' },
    { command: 'varve cherry-pick --resolve theirs', about: 'settle conflicts as it has them' },
    { command: 'varve cherry-pick --continue', about: 'and go on' },
  ],
})

export const revertCommand = replayCommand('revert', {
  summary: 'Take back what commits changed, with new commits',
  description: [
    'The inverse of what each commit changed is merged, row by row and column by column, into what is',
    'here: what came after it stays. Of a range, A..B, the newest is reverted first. varve restore',
    '--source REV SERIES puts a series back as it was instead, with all that came after.',
    '',
    'Where a cell was changed again since, it stops there, with ours in conflicts and exit code 5: theirs',
    'is what was before the commit. --conflicts lists them, --resolve settles them, as in varve merge;',
    '--continue commits and goes on, --skip leaves that commit out, --abort goes back to where it began.',
    '',
    'A merge is reverted against one of its parents: -m 1 takes back what it brought in. The message is',
    'Revert "…", as in git; another one is --message, as -m is the parent.',
    '',
    'Each commit is checked by the quality rules: where it breaks one, nothing is done. The hook',
    'post-commit is told, once for all that is reverted at once; pre-commit is asked by --continue.',
  ].join('\n'),
  examples: [
    { command: 'varve revert HEAD', about: 'the last commit' },
    { command: 'varve revert HEAD~3..', about: 'the last three, the newest first' },
    { command: 'varve revert -m 1 4d1f0a2', about: 'what a merge brought in' },
    { command: 'varve revert --resolve ours brent-daily', about: 'keep what came after, there' },
    { command: 'varve revert --abort', about: 'as it was before' },
  ],
})
