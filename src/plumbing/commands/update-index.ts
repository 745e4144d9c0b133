import { defineCommand, usageError } from '../../cli/define-command.ts'
import { parseId } from '../../core/id.ts'
import { checkSeriesName } from '../../core/names.ts'
import { type RefreshIndexResult, refreshIndex } from '../refresh-index.ts'
import { ZERO_ID } from '../tree-line.ts'
import { type IndexEdit, type UpdateIndexResult, updateIndex } from '../update-index.ts'
import { treeLines } from './mktree.ts'

export const updateIndexCommand = defineCommand({
  name: 'update-index',
  usage: [
    'update-index --cacheinfo <kind>,<id>,<path>...',
    'update-index --cacheinfo <kind> <id> <path>',
    'update-index --remove <path>...',
    'update-index --index-info [-z]',
    'update-index --refresh',
  ],
  summary: 'Put stored series into the index, or take series out',
  description: [
    'Only the nodes of the tree on the way to each path are read and written, however many series',
    'there are. The kind is series, or tree for a collection. What stood there keeps its settings.',
    'Files in the work tree are not touched.',
    '',
    '--index-info reads lines as ls-tree prints them: `kind SP id [SP settings-id] TAB path`. Kind 0,',
    'or an id of zeros, takes the path out. All changes are made, or none.',
    '',
    '--refresh looks at the files in the work tree and remembers how those look that show what the index',
    'holds. It names the others, and the exit code is 1 where there are any; with --quiet it is 0.',
  ].join('\n'),
  examples: [
    {
      command: 'varve update-index --cacheinfo series,$s,brent-daily',
      about: 'the next commit will hold this series',
    },
    {
      command: 'varve ls-tree -r v1 | varve update-index --index-info',
      about: 'all series of v1 as they were, others as they are',
    },
  ],
  options: (y) =>
    y
      .positional('path', { array: true, complete: 'series' })
      .option('cacheinfo', {
        array: true,
        value: 'kind,id,path',
        describe: 'Put an object at a path',
      })
      .option('remove', {
        alias: 'force-remove',
        type: 'boolean',
        describe: 'Take the paths out: series, or collections with all that is in them',
      })
      .option('index-info', { type: 'boolean', describe: 'Read entries from standard input' })
      .option('refresh', { type: 'boolean', describe: 'Say which files need an update' })
      .option('replace', {
        type: 'boolean',
        describe: 'A series may take the place of a collection, and the other way round',
      })
      .option('add', { type: 'boolean', hidden: true, describe: 'New paths are always taken' })
      .option('z', { type: 'boolean', describe: 'With --index-info: entries end with NUL' })
      .conflicts('index-info', 'cacheinfo', 'remove', 'refresh')
      .conflicts('cacheinfo', 'remove', 'refresh')
      .conflicts('remove', 'refresh')
      .implies('z', 'index-info'),
  report: true,
  run: async (args, context): Promise<UpdateIndexResult | RefreshIndexResult> => {
    const repo = await context.repository()
    const { cacheinfo, path, replace } = args
    if (args.refresh) {
      if (path.length > 0) throw usageError('--refresh takes no paths beside it')
      const refreshed = await refreshIndex(repo, { signal: context.abort })
      if (refreshed.needUpdate.length > 0 && !context.quiet) context.answerNo()
      return refreshed
    }
    let edits: Iterable<IndexEdit> | AsyncIterable<IndexEdit>
    if (args.indexInfo) {
      if (path.length > 0) throw usageError('--index-info takes no paths beside it')
      edits = treeLines(context.stdin, args.z)
    } else if (cacheinfo.length > 0) {
      edits = cacheInfo(cacheinfo, path)
    } else if (args.remove && path.length > 0) {
      edits = path.map((one) => ({ path: checkSeriesName(one.replace(/\/$/, '')), kind: '0' }))
    } else {
      throw usageError(
        'nothing to do',
        'give --cacheinfo, --remove with paths, --index-info, or --refresh',
      )
    }
    return updateIndex(repo, { edits, replace, signal: context.abort })
  },
  toText: (result) =>
    'needUpdate' in result
      ? result.needUpdate.map((file) => `${file}: needs update`).join('\n')
      : '',
})

/** `kind,id,path`, or all three as words of their own. */
function cacheInfo(given: readonly string[], words: readonly string[]): IndexEdit[] {
  const [only] = given
  if (given.length === 1 && only !== undefined && !only.includes(',')) {
    if (words.length !== 2) throw usageError('--cacheinfo takes a kind, an id and a path')
    return [oneEntry(only, words[0]!, words[1]!)]
  }
  if (words.length > 0) throw usageError(`unexpected argument ${JSON.stringify(words[0])}`)
  return given.map((text) => {
    const match = /^([^,]*),([^,]*),(.+)$/s.exec(text)
    if (match === null) {
      throw usageError(`not an entry: ${JSON.stringify(text)}`, 'it is series,ID,PATH')
    }
    return oneEntry(match[1]!, match[2]!, match[3]!)
  })
}

function oneEntry(kind: string, idText: string, path: string): IndexEdit {
  const id = parseId(idText)
  checkSeriesName(path)
  if (kind === '0' || id === ZERO_ID) return { path, kind: '0' }
  if (kind !== 'series' && kind !== 'tree') {
    throw usageError(`the kind is series or tree, not ${JSON.stringify(kind)}`)
  }
  return { path, kind, id, keepSettings: true }
}
