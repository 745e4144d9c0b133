import { defineCommand, given } from '../../cli/define-command.ts'
import { unpackObjects } from '../unpack-objects.ts'
import { maxInputSize } from './size-option.ts'

export const unpackObjectsCommand = defineCommand({
  name: 'unpack-objects',
  usage: 'unpack-objects [-n] [--max-input-size <size>] < FILE',
  summary: 'Store what is not here yet of a pack on standard input',
  description: [
    'Verifies all of the pack, as index-pack --stdin does, and stores those of its objects that are not here, as',
    'one pack: varve has no loose objects. Prints nothing; --json says how many were stored. They count once a',
    'ref leads to them: varve update-ref.',
  ].join('\n'),
  examples: [
    { command: 'varve unpack-objects < news-3f2a*.pack', about: 'store what is new' },
    {
      command: 'varve unpack-objects -n --json < news-3f2a*.pack',
      about: 'how much would be new?',
    },
  ],
  options: (y) =>
    y
      .option('n', { alias: 'dry-run', type: 'boolean', describe: 'Verify only' })
      .option('max-input-size', maxInputSize),
  run: async ({ n, maxInputSize: maxBytes }, context) => {
    const repo = await context.repository()
    const progress = context.progress({ label: 'unpacking objects', unit: 'objects' })
    const onObjects = (count: number, total: number): void => {
      progress.total(total)
      progress.set(count)
    }
    try {
      return await unpackObjects(repo, context.stdin, {
        ...given({ maxBytes }),
        location: 'standard input',
        dryRun: n,
        now: context.now().seconds,
        signal: context.abort,
        onObjects,
      })
    } finally {
      progress.done()
    }
  },
  toText: () => '',
})
