import { defineCommand, usageError } from '../../cli/define-command.ts'
import { EMPTY_TREE } from '../../core/tree.ts'
import { readTree } from '../read-tree.ts'
import { treeId } from './object-argument.ts'

export const readTreeCommand = defineCommand({
  name: 'read-tree',
  usage: [
    'read-tree [--reset] [-u] <tree-ish>',
    'read-tree --prefix=<collection> <tree-ish>',
    'read-tree --empty',
  ],
  summary: 'Make the index hold a tree',
  description: [
    'HEAD does not move: what differs from it is what the next commit will change. Files in the work',
    'tree are left alone, unless -u is given: then those of series that have one are rewritten. -u',
    'refuses to overwrite a file that was changed by hand; with --reset it does.',
  ].join('\n'),
  examples: [
    { command: 'varve read-tree HEAD~1', about: 'the next commit undoes the last one' },
    { command: 'varve read-tree --prefix=old/ v1', about: 'all series of v1 below old/ as well' },
  ],
  options: (y) =>
    y
      .positional('tree-ish', { complete: 'revision' })
      .option('prefix', {
        value: 'collection',
        describe: 'Put the tree there, beside what the index holds',
      })
      .option('empty', { type: 'boolean', describe: 'Make the index hold nothing' })
      .option('m', { type: 'boolean', describe: 'The same as without, as there is one tree' })
      .option('reset', { type: 'boolean', describe: 'With -u: overwrite changed files' })
      .option('u', { type: 'boolean', describe: 'Rewrite the files in the work tree' })
      .conflicts('prefix', 'empty')
      .conflicts('m', 'reset'),
  report: true,
  run: async ({ treeIsh, prefix, empty, reset, u }, context) => {
    const repo = await context.repository()
    if (empty === (treeIsh !== undefined)) {
      throw usageError('it takes either a tree, or --empty')
    }
    const tree = treeIsh === undefined ? EMPTY_TREE : await treeId(repo, context, treeIsh)
    return readTree(repo, { tree, prefix, update: u, force: reset, signal: context.abort })
  },
  toText: () => '',
})
