import { defineCommand } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import { shortId } from '../../core/id.ts'
import { formatCounts } from '../../core/series-counts.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { readMessage } from '../../plumbing/commands/message-input.ts'
import { type CommitResult, commit } from '../commit.ts'
import type { PathStat } from '../tree-stat.ts'
import { afterCommit } from './commit-hooks.ts'
import { commitSignatures, messageOption, signatureOptions } from './commit-options.ts'
import { pathStatJson } from './history-json.ts'
import { checkRules } from './note-breaks.ts'

export const commitCommand = defineCommand({
  name: 'commit',
  usage: 'commit [-a] [-m <message>]... [<options>]',
  summary: 'Record what is staged as a commit',
  description: [
    'Without -m or -F the message says what changed: "brent-daily: +1 ~2 -0" is one row added, two',
    'revised and none deleted.',
    '',
    'Committer dates never run backwards from parent to child, so that --as-of can rely on them. An',
    "older date belongs into --date, which is the author's.",
    '',
    'With VARVE_AUTHOR_NAME, VARVE_AUTHOR_EMAIL, VARVE_AUTHOR_DATE and VARVE_COMMITTER_… given, the',
    'id is the same on every machine.',
  ].join('\n'),
  examples: [
    { command: 'varve commit -m "EIA, 21 August"', about: 'what was added and written' },
    { command: 'varve commit -am "by hand"', about: 'also what changed in files' },
    { command: 'varve commit --amend', about: 'put what is staged into the last commit' },
    { command: 'varve commit --date 2020-04-21', about: 'published then, recorded now' },
  ],
  options: (y) =>
    signatureOptions(
      y
        .option('message', messageOption)
        .option('file', {
          alias: 'F',
          array: true,
          describe: 'Read a paragraph of the message from a file; - is standard input',
          complete: 'file',
        })
        .option('all', {
          alias: 'a',
          type: 'boolean',
          describe: 'First stage what changed in files; series whose file is gone are removed',
        })
        .option('edit', { alias: 'e', type: 'boolean', describe: 'Edit the message' })
        .option('amend', { type: 'boolean', describe: 'Replace the last commit' })
        .option('reset-author', {
          type: 'boolean',
          describe: 'With --amend: it is your work now',
        })
        .option('allow-empty', { type: 'boolean', describe: 'Commit although nothing changed' })
        .option('no-verify', {
          type: 'boolean',
          describe: 'Ask neither the pre-commit hook nor the quality rules',
        })
        .option('dry-run', {
          alias: 'n',
          type: 'boolean',
          describe: 'Only say what would be committed',
        }),
    ).implies('reset-author', 'amend'),
  report: true,
  run: async (args, context) => {
    const repo = await context.repository()
    const { author, committer, exactDate, authorGiven } = await commitSignatures(context, args)
    const messageGiven = args.message.length + args.file.length > 0
    const keepsAuthor = args.amend && !args.resetAuthor && !authorGiven
    const made = await commit(repo, {
      message: messageGiven ? await readMessage(context, args.message, args.file) : undefined,
      author: keepsAuthor ? undefined : author,
      committer,
      exactDate,
      amend: args.amend,
      all: args.all,
      allowEmpty: args.allowEmpty,
      dryRun: args.dryRun,
      edit: args.edit
        ? async (message, changes) =>
            withoutComments(await context.edit(editable(message, changes), 'COMMIT_EDITMSG'))
        : undefined,
      hook: args.noVerify ? undefined : context.hook,
      check: checkRules(context, args.noVerify),
      signal: context.abort,
    })
    if (made.id !== undefined) await afterCommit(context)
    return made
  },
  toText: (result, style) => commitText(result, style),
  toJson: (result) => commitResultJson(result),
})

/** Where the commit was made, its subject and what it changes. */
export function commitText(result: CommitResult, style: Style): string {
  const { id, commit, changes, counts } = result
  const where = placeOf(result)
  const at = id === undefined ? 'dry run' : shortId(id)
  const root = commit.parents.length === 0 ? ' (root-commit)' : ''
  const lines = [`[${style.cyan(where)}${root} ${style.yellow(at)}] ${subjectOf(commit)}`]
  const series = changes.filter(({ kind }) => kind !== 'collection')
  if (series.length > 0) lines.push(` ${series.length} series changed, ${formatCounts(counts)}`)
  for (const { path, kind, state, from } of changes) {
    if (from !== undefined) lines.push(` renamed series ${from} → ${path}`)
    else if (kind === 'collection') lines.push(` settings of ${path}/`)
    else if (state === 'new') lines.push(` new series ${path}`)
    else if (state === 'deleted') lines.push(` deleted series ${path}`)
  }
  return lines.join('\n')
}

export function commitResultJson({ id, branch, commit, changes, counts }: CommitResult) {
  return {
    id: id ?? null,
    branch: branch ?? null,
    ...commitJson(commit),
    counts,
    changes: changes.map(pathStatJson),
  }
}

function placeOf({ branch }: CommitResult): string {
  return branch?.replace(/^refs\/heads\//, '') ?? 'detached HEAD'
}

/** What the editor shows: the message, and as comments what it is about. */
export function editable(message: string, changes: readonly PathStat[]): string {
  const lines = changes.map(({ path, from, stat }) => {
    const name = from === undefined ? path : `${from} → ${path}`
    return `#\t${name}: ${formatCounts(stat)}`
  })
  return [
    `${message.trimEnd()}\n`,
    '# Lines that begin with # are left out. Without a message nothing is committed.',
    ...(lines.length > 0 ? ['#', '# Changes to be committed:', ...lines] : []),
    '',
  ].join('\n')
}

export function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
}
