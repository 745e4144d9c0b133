import { defineCommand } from '../../cli/define-command.ts'
import { hasCode } from '../../core/errors.ts'
import { checkRefFormat } from '../check-ref-format.ts'

export const checkRefFormatCommand = defineCommand({
  name: 'check-ref-format',
  summary: 'Check whether a name can be that of a ref',
  description: 'The exit code is 1 when it cannot; --json says why.',
  examples: [
    { command: 'varve check-ref-format --branch "$name"', about: 'can a branch have this name?' },
  ],
  options: (y) =>
    y
      .positional('name', { demandOption: true })
      .option('branch', { type: 'boolean', describe: 'It is the short name of a branch' })
      .option('allow-onelevel', { type: 'boolean', describe: 'Take names without a /' })
      .option('refspec-pattern', { type: 'boolean', describe: 'Take one * in it' })
      .option('normalize', {
        alias: 'print',
        type: 'boolean',
        describe: 'Leave out needless slashes, and print the name',
      })
      .conflicts('branch', 'allow-onelevel', 'refspec-pattern', 'normalize'),
  run: async (args, context) => {
    const { name, branch, refspecPattern, normalize } = args
    const allowOneLevel = args.allowOnelevel
    try {
      const found = await checkRefFormat({ name, branch, allowOneLevel, refspecPattern, normalize })
      return { name: found.name, valid: true }
    } catch (error) {
      if (!hasCode(error, 'invalid-name')) throw error
      context.answerNo()
      return { name, valid: false, reason: error.data.reason }
    }
  },
  toText: ({ name, valid }, _style, { branch, normalize }) =>
    valid && (branch || normalize) ? name : '',
})
