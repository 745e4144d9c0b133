import { defineCommand } from '../../cli/define-command.ts'
import { lsFiles } from '../ls-files.ts'
import { quotePath } from '../quote-path.ts'
import { formatTreeLine } from '../tree-line.ts'
import { ended } from './object-argument.ts'

export const lsFilesCommand = defineCommand({
  name: 'ls-files',
  summary: 'List the series in the index, and files that differ from it',
  description: [
    'Series are listed by name, one a line; files that belong to no series (-o) by their path from',
    'the root of the work tree. -m reads files whose size or time changed. A series without a file',
    'in the work tree is neither modified nor deleted: it was not checked out.',
  ].join('\n'),
  examples: [
    { command: 'varve ls-files -s', about: 'the index as mktree and update-index read it' },
    { command: 'varve ls-files -m', about: 'series whose file was changed' },
  ],
  options: (y) =>
    y
      .positional('path', { array: true, complete: 'series' })
      .option('cached', { alias: 'c', type: 'boolean', describe: 'Series in the index' })
      .option('stage', {
        alias: 's',
        type: 'boolean',
        describe: 'Print kind and id too, as ls-tree does',
      })
      .option('modified', {
        alias: 'm',
        type: 'boolean',
        describe: 'Series whose file was changed or is gone',
      })
      .option('deleted', { alias: 'd', type: 'boolean', describe: 'Series whose file is gone' })
      .option('others', {
        alias: 'o',
        type: 'boolean',
        describe: 'Files that could be series and are not',
      })
      .option('z', { type: 'boolean', describe: 'End lines with NUL and do not quote paths' }),
  run: async function* ({ path: paths, cached, stage, modified, deleted, others }, context) {
    const repo = await context.repository()
    yield* lsFiles(repo, {
      cached: cached || stage,
      modified,
      deleted,
      others,
      paths,
      signal: context.abort,
    })
  },
  toText: (item, _style, { stage, z }) => {
    if (item.state === 'cached' && stage) return ended(formatTreeLine(item, z), z)
    return ended(z ? item.path : quotePath(item.path), z)
  },
  raw: ({ z }) => z,
})
