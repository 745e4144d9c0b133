import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { resolveRevision } from '../../plumbing/resolve-revision.ts'
import { materialiseFiles } from '../materialise-files.ts'
import { type RestoreResult, restore } from '../restore.ts'
import { revisionsAndSeries } from '../revisions-and-series.ts'
import type { FilesMoved } from '../show-tree.ts'
import { checkoutRevision, type SwitchResult } from '../switch.ts'
import { noteDetached, noteFilesLeft, switchJson, switchText, whileMoving } from './moving.ts'
import { restoreText } from './restore.ts'

type Result =
  | { readonly switched: SwitchResult }
  | { readonly restored: RestoreResult }
  | { readonly files: FilesMoved }

interface Args {
  readonly words: string[]
  readonly series: string[]
  readonly b: string | undefined
  readonly B: string | undefined
  readonly detach: boolean
  readonly force: boolean
  readonly files: boolean | undefined
  readonly all: boolean
}

export const checkoutCommand = defineCommand({
  name: 'checkout',
  usage: [
    'checkout [<options>] (<branch> | <rev> | -)',
    'checkout [<options>] -b <new> [<start>]',
    'checkout [<rev>] [--] <series>...',
    'checkout --files (<series>... | --all)',
  ],
  summary: 'Go to a branch or a commit, or put series back',
  description: [
    'With a branch, as switch. With another revision HEAD is detached there: index and files become',
    'those of then, and commits made there belong to no branch.',
    '',
    'With series, they are put back: from a revision into index and files, without one the files',
    'from the index.',
    '',
    'Files are written for all series where they come to less than checkout.filesLimit, otherwise',
    'only for those that have one. --files gives series files, whatever the limit.',
  ].join('\n'),
  examples: [
    { command: 'varve checkout HEAD~1', about: 'the files are those of the commit before' },
    { command: 'varve checkout main', about: 'and back' },
    { command: 'varve checkout v1 -- brent-daily', about: 'one series as it was then' },
    { command: 'varve checkout --files sensors/', about: 'files for a collection' },
  ],
  report: true,
  options: (y) =>
    y
      .positional('words', {
        array: true,
        complete: 'revision',
        describe: 'A branch or revision; series',
      })
      .afterDashes('series', { complete: 'series' })
      .option('b', { value: 'new', describe: 'Make this branch, and go there' })
      .option('B', { value: 'new', describe: 'As -b, moving the branch if it exists' })
      .option('detach', {
        alias: 'd',
        type: 'boolean',
        describe: 'Go to the commit, on no branch',
      })
      .option('force', {
        alias: 'f',
        type: 'boolean',
        describe: 'Drop what is staged and what was changed in files',
      })
      .option('files', {
        type: 'boolean',
        tristate: true,
        describe: 'Write the files of series; --no-files writes only those there are',
      })
      .option('all', { type: 'boolean', describe: 'With --files: of all series' })
      .implies('all', 'files')
      .conflicts('b', 'B', 'detach')
      .conflicts('B', 'detach'),
  run: async (args, context): Promise<Result> => {
    const repo = await context.repository()
    if (args.files === true && (args.b ?? args.B ?? (args.detach || undefined)) !== undefined) {
      throw usageError('--files and -b, -B or --detach cannot be given together')
    }
    if (args.files === true) return { files: await writeFiles(repo, context, args) }
    const { revision, series } = await readWords(repo, context, args)
    if (series.length > 0) return putBack(repo, context, args, revision, series)
    const who = await logIdentity(context)
    const switched = await whileMoving(
      context,
      { force: args.force, files: args.files !== false },
      (files) =>
        checkoutRevision(repo, {
          ...files,
          target: revision,
          detach: args.detach,
          create: args.b ?? args.B,
          reset: args.B !== undefined,
          who,
          now: context.now(),
        }),
    )
    noteFilesLeft(context, switched.files)
    noteDetached(context, switched)
    return { switched }
  },
  toText: (result) => {
    if ('switched' in result) return switchText(result.switched)
    if ('restored' in result) return restoreText(result.restored)
    return result.files.written.map((series) => `wrote ${series}`).join('\n')
  },
  toJson: (result) => {
    if ('switched' in result) return switchJson(result.switched)
    return 'restored' in result ? result.restored : result.files
  },
})

/** Which words are a revision and which are series. */
async function readWords(
  repo: Repository,
  context: Context,
  { words, series, b, B }: Args,
): Promise<{ revision: string | undefined; series: readonly string[] }> {
  const [first, ...more] = words
  if (b !== undefined || B !== undefined || first === '-' || series.length > 0) {
    if (more.length > 0) throw usageError(`unexpected argument ${more[0]}`)
    return { revision: first, series }
  }
  if (first === undefined) return { revision: undefined, series }
  const { refs } = await repo.refs.state()
  const known = async (word: string): Promise<unknown> =>
    refs.has(`refs/heads/${word}`) ? true : resolveRevision(repo, word, { now: context.now() })
  // At most one revision: what follows it is series.
  let isFirst = true
  const found = await revisionsAndSeries(repo, words, async (word) => {
    if (!isFirst) throw new VarveError('revision-not-found', `no series ${JSON.stringify(word)}`)
    isFirst = false
    await known(word)
  })
  return { revision: found.revisions[0], series: found.series }
}

async function putBack(
  repo: Repository,
  context: Context,
  { b, B, detach, force }: Args,
  source: string | undefined,
  series: readonly string[],
): Promise<Result> {
  if (b !== undefined || B !== undefined || detach) {
    throw usageError('series are put back, or a branch is gone to: not both at once')
  }
  const who = await logIdentity(context)
  const restored = await whileMoving(context, { force }, (files) =>
    restore(repo, { ...files, series, source, who, now: context.now() }),
  )
  return { restored }
}

async function writeFiles(
  repo: Repository,
  context: Context,
  { words, series, all, force }: Args,
): Promise<FilesMoved> {
  const names = [...words, ...series]
  if (all === names.length > 0) {
    throw usageError('--files needs series, or --all', 'varve ls lists the series')
  }
  return whileMoving(context, { force }, (files) =>
    materialiseFiles(repo, { ...files, series: all ? ['.'] : names }),
  )
}
