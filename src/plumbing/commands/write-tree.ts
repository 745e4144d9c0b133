import { defineCommand } from '../../cli/define-command.ts'
import { writeTree } from '../write-tree.ts'

export const writeTreeCommand = defineCommand({
  name: 'write-tree',
  summary: 'Print the id of the tree that the index holds',
  examples: [
    { command: 'varve commit-tree "$(varve write-tree)" -p HEAD -m next', about: 'commit by hand' },
  ],
  options: (y) =>
    y.option('prefix', { value: 'collection', describe: 'Only the tree of this collection' }),
  run: async ({ prefix }, context) => writeTree(await context.repository(), { prefix }),
  toText: ({ id }) => id,
})
