import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { indexPack, storePack } from '../index-pack.ts'
import { maxInputSize } from './size-option.ts'

export const indexPackCommand = defineCommand({
  name: 'index-pack',
  usage: [
    'index-pack [--max-input-size <size>] <file>',
    'index-pack --stdin [--max-input-size <size>] < FILE',
  ],
  summary: 'Verify a pack from somewhere else, and store it with --stdin',
  description: [
    'Verifies all of a pack: its index, and of each object checksum, encoding and SHA-256. Prints the name',
    'that its bytes have. A pack has its index in it, so that none is made; no repository is needed.',
    '',
    'With --stdin the pack becomes one of the repository\'s, and "pack" and its name are printed. Before, all of its',
    'objects are looked through as if somebody had pushed them: what they name must be in the pack or',
    'here. It counts once a ref leads to what is in it: varve update-ref; until then gc takes it for',
    'staged, and removes it after two weeks. unpack-objects stores only what is not here.',
  ].join('\n'),
  examples: [
    { command: 'varve index-pack news-3f2a*.pack', about: 'is it whole?' },
    { command: 'varve index-pack --stdin < news-3f2a*.pack', about: 'store it here' },
  ],
  options: (y) =>
    y
      .positional('file', { complete: 'file', describe: 'The pack' })
      .option('stdin', {
        type: 'boolean',
        describe: 'Read the pack from standard input and store it',
      })
      .option('max-input-size', maxInputSize),
  run: async ({ file, stdin, maxInputSize: maxBytes }, context) => {
    if (stdin === (file !== undefined)) {
      if (stdin) throw usageError('--stdin takes no file beside it')
      throw usageError('missing <file>', 'varve index-pack FILE, or --stdin')
    }
    const progress = context.progress({ label: 'reading', unit: 'bytes' })
    const onBytes = (bytes: number): void => progress.set(bytes)
    const options = { ...given({ maxBytes }), signal: context.abort, onBytes }
    try {
      if (file !== undefined) {
        const repo = await context.optionalRepository()
        const bytes = context.readFile(file)
        return { stored: false, ...(await indexPack(bytes, { ...options, location: file, repo })) }
      }
      const repo = await context.repository()
      const now = context.now().seconds
      const place = { location: 'standard input', now }
      return { stored: true, ...(await storePack(repo, context.stdin, { ...options, ...place })) }
    } finally {
      progress.done()
    }
  },
  toText: ({ pack, stored }) => (stored ? `pack\t${pack}` : pack),
})
