import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { abbreviateId } from '../abbreviate-id.ts'
import { listObjects } from '../list-objects.ts'
import { type RevListOptions, revList } from '../rev-list.ts'
import { touchesPaths } from '../touches-paths.ts'
import type { WalkedCommit } from '../walk-commits.ts'
import { abbreviation } from './abbreviation.ts'
import { commitJson } from './commit-json.ts'
import { walkOf, walkOptions } from './walk-options.ts'

/** What chooses commits one by one: then what the others lead to could not be told from what they do. */
const CHOOSING = [
  ...['max-count', 'skip', 'since', 'until', 'first-parent', 'merges'],
  ...['min-parents', 'max-parents'],
]

export const revListCommand = defineCommand({
  name: 'rev-list',
  summary: 'List commits that revisions lead to',
  description: [
    'Revisions are as git takes them: A, ^A, A..B, A...B, A^@, A^!. The latest commit comes first, a',
    'commit never before one that was made on it. --since and --until are about the committer date;',
    'a partial date is a period. After -- come series or collections: only commits that changed one',
    'of them are listed.',
    '',
    '--objects lists all that the commits lead to as well, and what is left out (^A) does not: each with',
    'the series or collection that it belongs to. pack-objects takes such a list.',
  ].join('\n'),
  examples: [
    { command: 'varve rev-list --count HEAD', about: 'how many commits there are' },
    { command: 'varve rev-list v1..HEAD -- brent-daily', about: 'those that changed one series' },
    { command: 'varve rev-list --objects v1..HEAD | wc -l', about: 'how many objects came since' },
  ],
  options: (y) =>
    walkOptions(
      y
        .positional('revision', { array: true, complete: 'revision' })
        .afterDashes('path', { complete: 'series' }),
    )
      .option('min-parents', { type: 'number', value: 'n', describe: 'With at least n parents' })
      .option('max-parents', { type: 'number', value: 'n', describe: 'With at most n parents' })
      .option('topo-order', { type: 'boolean', describe: 'Keep lines of history together' })
      .option('date-order', {
        type: 'boolean',
        describe: 'By committer date; so it is unless said',
      })
      .option('author-date-order', { type: 'boolean', describe: 'By author date' })
      .option('parents', { type: 'boolean', describe: 'Print the parents too' })
      .option('timestamp', { type: 'boolean', describe: 'Print the committer date first' })
      .option('objects', { type: 'boolean', describe: 'List what they lead to, too' })
      .option('count', { type: 'boolean', describe: 'Print only how many there are' })
      .option('abbrev-commit', { type: 'boolean', describe: 'Shorten ids' })
      .option('abbrev', {
        value: 'n',
        coerce: abbreviation,
        default: 7,
        describe: 'Shorten to n digits, or as many as it takes',
      })
      .conflicts('topo-order', 'date-order', 'author-date-order')
      .conflicts('date-order', 'author-date-order')
      .conflicts('merges', 'min-parents', 'max-parents')
      .conflicts('objects', ...CHOOSING),
  run: async function* (args, context) {
    const repo = await context.repository()
    for (const number of [args.minParents, args.maxParents]) {
      if (number !== undefined && (!Number.isInteger(number) || number < 0)) {
        throw usageError(`not a number of parents: ${number}`)
      }
    }
    const selected: RevListOptions = {
      ...walkOf(args, context.now()),
      ...given({ minParents: args.minParents, maxParents: args.maxParents }),
      revisions: args.revision,
      order: args.topoOrder ? 'topo' : args.authorDateOrder ? 'author-date' : 'date',
      ...(args.path.length > 0 && { test: touchesPaths(repo.objects, args.path) }),
    }
    const shorten = async (walked: WalkedCommit): Promise<string[]> =>
      args.abbrevCommit
        ? Promise.all(idsOf(walked).map((id) => abbreviateId(repo, id, args.abbrev)))
        : idsOf(walked)
    if (args.objects) {
      if (args.path.length > 0) throw usageError('--objects takes no series: it lists all there is')
      let objects = 0
      for await (const object of listObjects(repo, selected)) {
        objects++
        if (args.count) continue
        if (object.kind !== 'commit') yield { object }
        else yield { walked: object.walked, short: await shorten(object.walked) }
      }
      if (args.count) yield { count: objects }
      return
    }
    let count = 0
    for await (const walked of revList(repo, selected)) {
      count++
      if (args.count) continue
      yield { walked, short: await shorten(walked) }
    }
    if (args.count) yield { count }
  },
  toText: (item, _style, { parents, timestamp }) => {
    if ('count' in item) return String(item.count)
    if ('object' in item) return `${item.object.id} ${item.object.path}`.trimEnd()
    const date = timestamp ? [item.walked.commit.committer.seconds] : []
    return [...date, ...(parents ? item.short : item.short.slice(0, 1))].join(' ')
  },
  toJson: (item) => {
    if ('count' in item) return item
    if ('object' in item) return item.object
    const { id, commit } = item.walked
    return { id, ...commitJson(commit) }
  },
})

function idsOf({ id, commit }: WalkedCommit) {
  return [id, ...commit.parents]
}
