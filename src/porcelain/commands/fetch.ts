import type { Context } from '../../cli/context.ts'
import { defineCommand, type Options, usageError } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { remoteNames } from '../../plumbing/remote-config.ts'
import { type FetchResult, fetch } from '../fetch.ts'
import { whileMovingObjects } from './transfer.ts'
import { fetchText } from './transfer-text.ts'

/** What runs on the other side of ssh, as an option of all that fetches. */
export const uploadPackOption = {
  value: 'command',
  describe: 'What to run there over ssh in place of varve upload-pack',
} as const

/** Options that `fetch` and `pull` share. */
export function fetchOptions<T>(y: Options<T>) {
  return y
    .option('upload-pack', uploadPackOption)
    .option('prune', {
      alias: 'p',
      type: 'boolean',
      tristate: true,
      describe: 'Remove refs here whose branches there are gone',
    })
    .option('tags', {
      alias: 't',
      type: 'boolean',
      tristate: true,
      describe: 'All tags too; with --no-tags none, else those of what is fetched',
    })
    .option('depth', {
      type: 'number',
      value: 'commits',
      describe: 'Only so many commits of each line of history',
    })
    .option('unshallow', { type: 'boolean', describe: 'All of history, where it was cut' })
    .conflicts('depth', 'unshallow')
}

interface FetchArgs {
  readonly uploadPack: string | undefined
  readonly prune: boolean | undefined
  readonly tags: boolean | undefined
  readonly depth: number | undefined
  readonly unshallow: boolean
}

/** What the options mean. */
export async function readFetchOptions(
  { prune, tags, depth, unshallow, uploadPack }: FetchArgs,
  context: Context,
) {
  return {
    prune: prune ?? (await context.config()).boolean('fetch.prune'),
    tags: tags === undefined ? undefined : tags ? ('all' as const) : ('none' as const),
    depth: checkDepth(depth),
    unshallow,
    uploadPack,
  }
}

/** A number of commits, from 1. */
export function checkDepth(depth: number | undefined): number | undefined {
  if (depth === undefined || (Number.isInteger(depth) && depth > 0)) return depth
  throw usageError(`--depth takes a whole number from 1, not ${depth}`)
}

export const fetchCommand = defineCommand({
  name: 'fetch',
  usage: ['fetch [<options>] [<remote> [<refspec>...]]', 'fetch --all [<options>]'],
  summary: 'Bring what another repository has, and change no branch',
  description: [
    'Brings all branches of a remote, and moves the refs here that show them: origin/main is where',
    'main was there when it was last looked at. Only what is missing moves; all of it is verified',
    'before a ref does. Without a name it is the remote of the branch that you are on, or origin.',
    'A URL, a path or the file of a bundle is taken as well.',
    '',
    'A refspec says what to bring and which ref here shows it: main, v1, main:copy,',
    '+refs/heads/*:refs/remotes/origin/*. With + the ref here may go anywhere, not only on.',
    'What has no ref here is FETCH_HEAD. Tags that lead to what is fetched come along.',
  ].join('\n'),
  examples: [
    { command: 'varve fetch', about: 'what is new there' },
    { command: 'varve fetch --all --prune', about: 'of all remotes, without what is gone there' },
    { command: 'varve fetch ../prices main', about: 'one branch, from a folder' },
    { command: 'varve fetch --unshallow', about: 'all of history, after clone --depth' },
  ],
  report: true,
  options: (y) =>
    fetchOptions(
      y
        .positional('remote', { complete: 'remote', describe: 'A remote, URL or path' })
        .positional('refspecs', { array: true, describe: 'What to bring, and where to' })
        .option('all', { type: 'boolean', describe: 'All remotes' })
        .option('force', {
          alias: 'f',
          type: 'boolean',
          describe: 'As if every refspec began with +',
        })
        .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Only say what would happen' }),
    ),
  run: async function* (args, context): AsyncGenerator<FetchResult> {
    const repo = await context.repository()
    const options = await readFetchOptions(args, context)
    const who = await logIdentity(context)
    const { remote, refspecs, all, force, dryRun } = args
    if (all && remote !== undefined) throw usageError('--all takes no remote')
    const remotes = all ? remoteNames(repo.config) : [remote]
    let rejected = 0
    const failed: { name: string; error: VarveError }[] = []
    for (const name of remotes) {
      try {
        const result = await whileMovingObjects(context, 'fetch', (transfer) =>
          fetch(repo, { ...transfer, ...options, remote: name, refspecs, force, dryRun, who }),
        )
        yield result
        rejected += result.refs.filter(({ status }) => status === 'rejected').length
      } catch (error) {
        // One that does not answer keeps nobody from the others; what ends the command does.
        if (!all || name === undefined || !(error instanceof VarveError)) throw error
        if (error.code === 'interrupted') throw error
        failed.push({ name, error })
        context.warn(`${name}: ${error.message}`, error.hint)
      }
    }
    const [first] = failed
    if (first !== undefined)
      throw notFetched(
        failed.map(({ name }) => name),
        first.error,
      )
    if (rejected > 0) throw fetchRejected(rejected)
  },
  toText: (result, style) => fetchText(result, style),
  toJson: fetchJson,
})

export function fetchJson({ refs, remote, ...result }: FetchResult) {
  return {
    remote: remote ?? null,
    ...result,
    heads: result.heads.map(({ name, id }) => ({ name: name ?? null, id })),
    refs: refs.map(({ source, target, old, new: next, ...ref }) => ({
      source: source ?? null,
      target: target ?? null,
      old: old ?? null,
      new: next ?? null,
      ...ref,
    })),
  }
}

/** The end of a fetch from all remotes, some of which gave nothing; with the code of the first that did not. */
function notFetched(names: readonly string[], { code }: VarveError): VarveError {
  return new VarveError(code, `not fetched: ${names.join(', ')}`, { data: { remotes: names } })
}

/** The end of a fetch that left refs here where they are. */
export function fetchRejected(count: number): VarveError {
  return new VarveError(
    'refused',
    `${count} ${count === 1 ? 'ref' : 'refs'} here would lose something`,
    {
      hint: '--force moves them all the same, as does a + before the refspec',
    },
  )
}
