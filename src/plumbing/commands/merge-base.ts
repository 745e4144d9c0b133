import { defineCommand, usageError } from '../../cli/define-command.ts'
import { mergeBase, mergeBaseIsAncestor } from '../merge-base.ts'

export const mergeBaseCommand = defineCommand({
  name: 'merge-base',
  usage: [
    'merge-base [-a] <commit> <commit>...',
    'merge-base [-a] --octopus <commit>...',
    'merge-base --independent <commit>...',
    'merge-base --is-ancestor <commit> <commit>',
  ],
  summary: 'Find the commit that histories have in common',
  description: [
    'Prints the best common ancestor of the first commit and of a merge of the others. The exit code',
    'is 1 when there is none, and with --is-ancestor when the first does not come before the second.',
  ].join('\n'),
  examples: [
    {
      command: 'varve merge-base --is-ancestor v1 HEAD && echo included',
      about: 'does HEAD have all of v1?',
    },
  ],
  options: (y) =>
    y
      .positional('commit', { demandOption: true, array: true, complete: 'revision' })
      .option('all', { alias: 'a', type: 'boolean', describe: 'Print all of the best ones' })
      .option('octopus', { type: 'boolean', describe: 'Common to all of them' })
      .option('independent', {
        type: 'boolean',
        describe: 'Print those that no other one of them reaches',
      })
      .option('is-ancestor', { type: 'boolean', describe: 'Answer by the exit code alone' })
      .conflicts('octopus', 'independent', 'is-ancestor')
      .conflicts('independent', 'is-ancestor', 'all')
      .conflicts('is-ancestor', 'all'),
  run: async (args, context) => {
    const repo = await context.repository()
    const { commit: commits, all } = args
    const now = context.now()
    if (args.isAncestor) {
      const [ancestor, of] = commits
      if (ancestor === undefined || of === undefined || commits.length > 2) {
        throw usageError('--is-ancestor takes two commits')
      }
      const isAncestor = await mergeBaseIsAncestor(repo, { ancestor, of, now })
      if (!isAncestor) context.answerNo()
      return { isAncestor }
    }
    if (commits.length < 2 && !args.independent && !args.octopus) {
      throw usageError('it takes two commits or more')
    }
    const mode = args.octopus ? 'octopus' : args.independent ? 'independent' : 'merge'
    const ids = await mergeBase(repo, { commits, all: all || args.independent, mode, now })
    if (ids.length === 0) context.answerNo()
    return { ids }
  },
  toText: (found) => ('ids' in found ? found.ids.join('\n') : ''),
})
