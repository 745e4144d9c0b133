import { defineCommand } from '../../cli/define-command.ts'
import { commitTree } from '../commit-tree.ts'
import { commitJson } from './commit-json.ts'
import { readMessage } from './message-input.ts'

export const commitTreeCommand = defineCommand({
  name: 'commit-tree',
  summary: 'Store a commit of a tree',
  description: [
    'Prints the id of the commit. No branch moves: update-ref does that. The message is what -m or',
    '-F say, else standard input.',
    '',
    'With VARVE_AUTHOR_NAME, VARVE_AUTHOR_EMAIL, VARVE_AUTHOR_DATE and VARVE_COMMITTER_… given, the',
    'id is the same on every machine.',
  ].join('\n'),
  examples: [
    { command: 'varve commit-tree "$tree" -m "by hand"', about: 'a first commit' },
    { command: 'varve commit-tree "$tree" -p HEAD -m "next"', about: 'one on top of HEAD' },
  ],
  options: (y) =>
    y
      .positional('tree', { demandOption: true, complete: 'revision' })
      .option('p', {
        array: true,
        value: 'parent',
        describe: 'A commit that it comes after; several for a merge',
        complete: 'revision',
      })
      .option('m', { array: true, value: 'message', describe: 'The message, or a paragraph of it' })
      .option('F', {
        array: true,
        value: 'file',
        describe: 'Read a paragraph of the message from a file; - is standard input',
        complete: 'file',
      }),
  run: async ({ tree, p: parents, m, F: files }, context) => {
    const repo = await context.repository()
    const [author, committer] = [
      await context.identity('author'),
      await context.identity('committer'),
    ]
    return commitTree(repo, {
      tree,
      parents,
      author,
      committer,
      exactDate: context.env('VARVE_COMMITTER_DATE') !== undefined,
      message: await readMessage(context, m, m.length + files.length === 0 ? ['-'] : files),
      now: context.now(),
      signal: context.abort,
    })
  },
  toText: ({ id }) => id,
  toJson: ({ id, commit }) => ({ id, ...commitJson(commit) }),
})
