import { defineCommand } from '../../cli/define-command.ts'
import { formatKey, keyToJson } from '../key-text.ts'
import { type ListedEntry, lsTree } from '../ls-tree.ts'
import { quotePath } from '../quote-path.ts'
import { formatTreeLine } from '../tree-line.ts'
import { ended, treeId } from './object-argument.ts'

export const lsTreeCommand = defineCommand({
  name: 'ls-tree',
  summary: 'List what is in a tree',
  description: [
    'Each line is `kind SP id [SP settings-id] TAB path`: mktree reads them. With --long it is',
    '`kind SP id SP rows SP first-key SP last-key TAB path`.',
    '',
    'A path gives that entry, with a / at its end what is in that collection.',
  ].join('\n'),
  examples: [
    { command: 'varve ls-tree -r --long HEAD', about: 'every series with its rows and its ends' },
    { command: 'varve ls-tree HEAD weather/', about: 'what is in one collection' },
  ],
  options: (y) =>
    y
      .positional('tree-ish', { demandOption: true, complete: 'revision' })
      .positional('path', { array: true, complete: 'series' })
      .option('r', { type: 'boolean', describe: 'Go into collections' })
      .option('t', { type: 'boolean', describe: 'With -r: list the collections too' })
      .option('d', { type: 'boolean', describe: 'List collections only' })
      .option('long', {
        alias: 'l',
        type: 'boolean',
        describe: 'Also rows, first and last key of each series',
      })
      .option('name-only', {
        alias: 'name-status',
        type: 'boolean',
        describe: 'Print paths alone',
      })
      .option('object-only', { type: 'boolean', describe: 'Print ids alone' })
      .option('z', { type: 'boolean', describe: 'End lines with NUL and do not quote paths' })
      .conflicts('name-only', 'object-only', 'long')
      .conflicts('object-only', 'long'),
  run: async function* (args, context) {
    const repo = await context.repository()
    const tree = await treeId(repo, context, args.treeIsh)
    yield* lsTree(repo.objects, tree, {
      recursive: args.r,
      trees: args.t,
      onlyTrees: args.d,
      long: args.long,
      paths: args.path,
    })
  },
  toText: (entry, _style, args) => {
    const path = args.z ? entry.path : quotePath(entry.path)
    if (args.nameOnly) return ended(path, args.z)
    if (args.objectOnly) return ended(entry.id, args.z)
    return ended(args.long ? `${longLine(entry)}\t${path}` : formatTreeLine(entry, args.z), args.z)
  },
  toJson: ({ extent, ...entry }) => {
    if (extent === undefined) return entry
    const { schema, rows, first, last } = extent
    return {
      ...entry,
      rows,
      first: first === undefined ? null : keyToJson(schema, first),
      last: last === undefined ? null : keyToJson(schema, last),
    }
  },
  raw: ({ z }) => z,
})

function longLine({ kind, id, extent }: ListedEntry): string {
  if (extent === undefined) return `${kind} ${id} ${'-'.padStart(9)} - -`
  const { schema, rows, first, last } = extent
  const ends = [first, last].map((key) => (key === undefined ? '-' : formatKey(schema, key)))
  return `${kind} ${id} ${String(rows).padStart(9)} ${ends.join(' ')}`
}
