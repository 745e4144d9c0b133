import type { Context } from '../../cli/context.ts'
import { defineCommand } from '../../cli/define-command.ts'
import { readWhole } from '../byte-lines.ts'
import { joinParagraphs } from '../commit-message.ts'
import { commitTree } from '../commit-tree.ts'
import { decodeText } from './text-input.ts'

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
    const { id, commit } = await commitTree(repo, {
      tree,
      parents,
      author,
      committer,
      exactDate: context.env('VARVE_COMMITTER_DATE') !== undefined,
      message: await readMessage(context, m, files),
      now: context.now(),
      signal: context.abort,
    })
    return { id, ...commit }
  },
  toText: ({ id }) => id,
})

const MESSAGE_LIMIT = 16 * 1024 * 1024

async function readMessage(
  context: Context,
  paragraphs: readonly string[],
  files: readonly string[],
): Promise<string> {
  const texts = [...paragraphs]
  const sources = texts.length === 0 && files.length === 0 ? ['-'] : files
  for (const file of sources) {
    const bytes = file === '-' ? context.stdin : context.readFile(file)
    texts.push(decodeText(await readWhole(bytes, MESSAGE_LIMIT), file === '-' ? '<stdin>' : file))
  }
  return joinParagraphs(texts)
}
