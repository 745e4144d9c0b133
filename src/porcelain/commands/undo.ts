import { defineCommand } from '../../cli/define-command.ts'
import { signatureJson } from '../../plumbing/commands/commit-json.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { type UndoResult, undo } from '../undo.ts'
import { noteFilesLeft, short, whileMoving } from './moving.ts'

export const undoCommand = defineCommand({
  name: 'undo',
  summary: 'Take back the last operation',
  description: [
    'Branches, tags, HEAD, index and files become what they were before the last operation that the',
    'ref log knows: a commit, switch, reset, restore --staged, branch, tag and so on. What add, write,',
    'rm and the like only stage is not in it: restore --staged takes that back. Where something was',
    'staged since the last operation, undo refuses, as that is what one would take it to undo;',
    '--keep-staged undoes the operation all the same, and keeps what is staged.',
    '',
    'What was pushed stays there, and what a fetch brought stays here: undo passes over both.',
    '',
    'A second undo takes back the first. It refuses where files that were changed by hand would be',
    'lost; what they held before a reset --hard does not come back.',
  ].join('\n'),
  examples: [
    { command: 'varve undo --dry-run', about: 'what would be taken back?' },
    { command: 'varve undo', about: 'after a reset --hard too many' },
  ],
  report: true,
  options: (y) =>
    y
      .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Only say what would happen' })
      .option('force', {
        alias: 'f',
        type: 'boolean',
        describe: 'Drop what was changed in files',
      })
      .option('keep-staged', {
        type: 'boolean',
        describe: 'Undo the last operation although something was staged since',
      }),
  run: async (args, context) => {
    const repo = await context.repository()
    const who = await logIdentity(context)
    const result = await whileMoving(context, args, (files) =>
      undo(repo, { ...files, dryRun: args.dryRun, keepStaged: args.keepStaged, who }),
    )
    noteFilesLeft(context, result.files)
    return result
  },
  toText: (result) => undoText(result),
  toJson: ({ undone, ...rest }) => ({
    undone: { ...undone, who: signatureJson(undone.who) },
    ...rest,
  }),
})

/** Files that are named one by one. */
const MOST_FILES = 10

function undoText(result: UndoResult): string {
  const { undone, refs, head, index, merging, files, dryRun } = result
  const lines = [`${dryRun ? 'would undo' : 'undone'}: ${undone.message}`]
  for (const { name, old, new: next } of refs) {
    const shown = name.replace(/^refs\/(?:heads|tags)\//, '')
    if (next === undefined) lines.push(` ${shown} (was ${short(old)}) is gone`)
    else if (old === undefined) lines.push(` ${shown} is back at ${short(next)}`)
    else if (old !== next) lines.push(` ${shown} ${short(old)} → ${short(next)}`)
  }
  if (head !== undefined && head.old !== head.new) {
    lines.push(` HEAD ${place(head.old)} → ${place(head.new)}`)
  }
  if (merging !== undefined) {
    lines.push(` the merge of ${merging} ${dryRun ? 'would go' : 'goes'} on`)
  }
  if (index !== undefined) lines.push(' the index holds what it held before')
  const touched = [
    ...files.written.map((series) => ` file of ${series}: written`),
    ...files.removed.map((series) => ` file of ${series}: removed`),
  ]
  lines.push(...touched.slice(0, MOST_FILES))
  if (touched.length > MOST_FILES) lines.push(` and ${touched.length - MOST_FILES} more files`)
  return lines.join('\n')
}

function place(text: string): string {
  return text.startsWith('refs/') ? text.replace(/^refs\/heads\//, '') : short(text)
}
