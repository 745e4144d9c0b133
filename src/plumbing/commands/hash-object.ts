import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { columnTypes } from '../../core/column.ts'
import { parseColumnType } from '../../core/schema-codec.ts'
import { textLines } from '../byte-lines.ts'
import { type HashObjectInput, hashObject } from '../hash-object.ts'

interface Sources {
  readonly stdin: boolean
  readonly stdinPaths: boolean
  readonly file: readonly string[]
}

export const hashObjectCommand = defineCommand({
  name: 'hash-object',
  usage: [
    'hash-object [-w] [--type <type> [--null <text>] [-z]] [--stdin] [--] <file>...',
    'hash-object [-w] [--type <type>] --stdin-paths',
  ],
  summary: 'Compute the id of values or bytes, and store them with -w',
  description: [
    'With --type the input is a column, one value a line, of any length. An empty line is null. A',
    'string is taken as it is, but for a line "" (two quotes), which is the empty string; with',
    '--null <text> that text is null and nothing else is special. json is kept to the letter.',
    `Types: ${columnTypes.join(' ')}.`,
    '',
    'Without --type the bytes are taken as they are, and the id is the one that git computes in a',
    'SHA-256 repository.',
  ].join('\n'),
  examples: [
    {
      command: 'cut -d, -f2 a.csv | tail -n +2 | varve hash-object -w --type float64 --stdin',
      about: 'store the second column of a CSV file',
    },
    { command: 'varve hash-object notes.txt', about: 'the id of the bytes of a file' },
  ],
  options: (y) =>
    y
      .positional('file', { describe: 'Files to read', array: true, complete: 'file' })
      .option('w', { type: 'boolean', describe: 'Store the objects, as one pack' })
      .option('type', {
        alias: 't',
        describe: 'Read a column of this type, one value a line',
        coerce: parseColumnType,
        complete: () => [...columnTypes],
      })
      .option('stdin', { type: 'boolean', describe: 'Read standard input, before any files' })
      .option('stdin-paths', {
        type: 'boolean',
        describe: 'Read the names of the files from standard input, one a line',
      })
      .option('null', { value: 'text', describe: 'The text that stands for null (default: none)' })
      .option('z', { type: 'boolean', describe: 'Values end with NUL instead of a line feed' })
      .conflicts('stdin', 'stdin-paths')
      .implies('null', 'type')
      .implies('z', 'type'),
  run: async function* (args, context) {
    if (!args.stdin && !args.stdinPaths && args.file.length === 0) {
      throw usageError('nothing to hash', 'name files, or give --stdin')
    }
    if (args.stdinPaths && args.file.length > 0) {
      throw usageError('--stdin-paths takes no files beside it')
    }
    const store = args.w ? (await context.repository()).objects : undefined
    const { type, null: nullText, z: zero } = args
    yield* await hashObject(
      inputs(args, context),
      given({ type, nullText, zero, store, signal: context.abort }),
    )
  },
  toText: ({ id }) => id,
})

async function* inputs(
  { stdin, stdinPaths, file }: Sources,
  context: Context,
): AsyncGenerator<HashObjectInput> {
  const open = (name: string) => ({ name, bytes: context.readFile(name) })
  if (stdin) yield { name: '<stdin>', bytes: context.stdin }
  if (stdinPaths) for await (const name of textLines(context.stdin)) yield open(name)
  for (const name of file) yield open(name)
}
