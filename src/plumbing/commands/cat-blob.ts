import { Buffer } from 'node:buffer'
import { defineCommand, given } from '../../cli/define-command.ts'
import { type BlobContent, catBlob, catSeriesColumn } from '../cat-blob.ts'
import { resolveColumnName } from '../resolve-column.ts'
import type { ValueTextOptions } from '../values-in.ts'
import { valueLines, valuesAsJson } from '../values-out.ts'

export const catBlobCommand = defineCommand({
  name: 'cat-blob',
  summary: 'Print the values of a column, or the bytes of a blob',
  description: [
    'Prints a column as hash-object --type reads it: one value a line, an empty line for null, a',
    'line "" for the empty string. A string that holds a line feed, or is two quotes, can only be',
    'told apart with -z and --null, or with --json, which prints an array.',
    '',
    'The object is an id, an abbreviated id, or REV:SERIES/COLUMN: that column over all segments.',
    'The bytes of a blob are printed as they are; with --json in base64.',
  ].join('\n'),
  examples: [
    { command: 'varve cat-blob 3f2a9c | head -3', about: 'the first values of a stored column' },
    { command: 'varve cat-blob HEAD:brent-daily/Price', about: 'one column of a series' },
  ],
  options: (y) =>
    y
      .positional('object', { demandOption: true, complete: 'revision' })
      .option('null', { value: 'text', describe: 'Print this for null' })
      .option('z', { type: 'boolean', describe: 'End values with NUL instead of a line feed' }),
  run: async function* ({ object, null: nullText, z: zero }, context) {
    const repo = await context.repository()
    const named = await resolveColumnName(repo, object, { now: context.now() })
    const content =
      'id' in named
        ? await catBlob(repo.objects, named.id)
        : await catSeriesColumn(repo.objects, named.series, named.column)
    if (content.kind === 'blob' && context.json) {
      yield { base64: Buffer.from(content.bytes).toString('base64') }
    } else {
      yield* pieces(content, context.json, given({ nullText, zero }))
    }
  },
  toText: () => '',
})

async function* pieces(
  content: BlobContent,
  json: boolean,
  options: ValueTextOptions,
): AsyncGenerator<Uint8Array> {
  if (content.kind === 'blob') {
    yield content.bytes
    return
  }
  const text = json
    ? valuesAsJson(content.columns)
    : valueLines(content.type, content.columns, options)
  for await (const piece of text) yield Buffer.from(piece)
}
