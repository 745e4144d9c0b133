import { defineCommand } from '../../cli/define-command.ts'
import { LINE_FEED, NUL, textLines } from '../byte-lines.ts'
import { mktree } from '../mktree.ts'
import { parseTreeLine, type RemovalLine, type TreeLine } from '../tree-line.ts'

export const mktreeCommand = defineCommand({
  name: 'mktree',
  summary: 'Make a tree of entries given on standard input',
  description: [
    'Each line is `kind SP id [SP settings-id] TAB path`, as ls-tree prints them, in any order:',
    'kind is series or tree, a path may have / in it. `ls-tree <tree> | mktree` gives the same',
    'tree back, and so does `ls-tree -r -t`.',
  ].join('\n'),
  examples: [
    {
      command: 'printf \'series %s\\tbrent-daily\\n\' "$s" | varve mktree',
      about: 'a tree with one series',
    },
  ],
  options: (y) =>
    y
      .option('z', { type: 'boolean', describe: 'Entries end with NUL, paths are not quoted' })
      .option('missing', { type: 'boolean', describe: 'Take ids of objects that are not there' }),
  run: async ({ z, missing }, context) => {
    const { objects } = await context.repository()
    const lines = treeLines(context.stdin, z)
    return mktree(objects, lines, { missing, signal: context.abort })
  },
  toText: ({ id }) => id,
})

/** Entries, one a line; blank lines do not count. */
export async function* treeLines(
  source: AsyncIterable<Uint8Array>,
  zero: boolean,
): AsyncGenerator<TreeLine | RemovalLine> {
  let number = 0
  for await (const line of textLines(source, zero ? NUL : LINE_FEED)) {
    number++
    if (line !== '') yield parseTreeLine(line, number, zero)
  }
}
