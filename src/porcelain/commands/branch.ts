import { defineCommand, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { subjectOf } from '../../core/commit.ts'
import type { Id } from '../../core/id.ts'
import { commitJson } from '../../plumbing/commands/commit-json.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { headState } from '../../plumbing/head.ts'
import {
  copyBranch,
  createBranch,
  currentBranch,
  type DeletedRef,
  deleteBranches,
  type ListedBranch,
  listBranches,
  renameBranch,
  shortBranch,
} from '../branch.ts'
import { setUpstream, unsetUpstream } from '../set-upstream.ts'
import { short } from './moving.ts'
import { listingFilter, listingOptions } from './ref-options.ts'

type Result =
  | { readonly branches: readonly ListedBranch[]; readonly detached?: Id | undefined }
  | { readonly current: string | undefined }
  | { readonly created: Awaited<ReturnType<typeof createBranch>> }
  | { readonly deleted: readonly DeletedRef[] }
  | { readonly following: { readonly branch: string; readonly upstream: string | null } }
  | { readonly copied: Awaited<ReturnType<typeof copyBranch>> }
  | { readonly renamed: Awaited<ReturnType<typeof renameBranch>> }

export const branchCommand = defineCommand({
  name: 'branch',
  usage: [
    'branch [-v] [-a | -r] [<options>] [--list <pattern>...]',
    'branch [-f] <new> [<start>]',
    'branch (-d | -D) <branch>...',
    'branch (-m | -M) [<old>] <new>',
    'branch (-c | -C) [<old>] <new>',
    'branch (-u | --set-upstream-to) <upstream> [<branch>]',
    'branch --unset-upstream [<branch>]',
    'branch --show-current',
  ],
  summary: 'List, make, rename, copy and delete branches',
  description: [
    'A star marks the branch that you are on. A new branch begins at HEAD, or where <start> says;',
    'switch goes there.',
    '',
    '-d refuses to delete a branch with commits that HEAD, or the branch that it follows, does not',
    'have; -D does not. undo brings it back.',
    '',
    'A copy is where the branch is, and follows and is pushed to what that does; you stay where you are.',
  ].join('\n'),
  examples: [
    { command: 'varve branch -v', about: 'the branches, with their last commits' },
    { command: 'varve branch vendor-b v1', about: 'a new one at v1' },
    { command: 'varve branch -d vendor-b', about: 'it is merged: delete it' },
  ],
  options: (y) =>
    listingOptions(
      y
        .positional('names', { array: true, complete: 'branch', describe: 'Branches' })
        .option('list', { alias: 'l', type: 'boolean', describe: 'List those that fit patterns' })
        .option('all', { alias: 'a', type: 'boolean', describe: 'Also the branches of remotes' })
        .option('remotes', { alias: 'r', type: 'boolean', describe: 'Only those of remotes' })
        .option('verbose', { alias: 'v', type: 'count', describe: 'With id and subject' })
        .option('set-upstream-to', {
          alias: 'u',
          value: 'upstream',
          complete: 'revision',
          describe: 'Follow this branch, such as origin/main: pull merges it',
        })
        .option('unset-upstream', { type: 'boolean', describe: 'Follow no branch' })
        .option('track', {
          alias: 't',
          type: 'boolean',
          tristate: true,
          describe: 'A new branch follows where it starts: as it does if that is of a remote',
        })
        .option('show-current', { type: 'boolean', describe: 'Print the branch you are on' })
        .option('delete', { alias: 'd', type: 'boolean', describe: 'Delete branches' })
        .option('D', { type: 'boolean', describe: 'Delete them though they are not merged' })
        .option('move', { alias: 'm', type: 'boolean', describe: 'Rename a branch' })
        .option('M', { type: 'boolean', describe: 'Rename it though the new name is taken' })
        .option('copy', {
          alias: 'c',
          type: 'boolean',
          describe: 'Copy a branch, and what it follows',
        })
        .option('C', { type: 'boolean', describe: 'Copy it though the new name is taken' })
        .option('force', { alias: 'f', type: 'boolean', describe: 'Move a branch that exists' }),
    )
      .conflicts(
        'set-upstream-to',
        'unset-upstream',
        'delete',
        'D',
        'move',
        'M',
        'copy',
        'C',
        'list',
      )
      .conflicts('unset-upstream', 'delete', 'D', 'move', 'M', 'copy', 'C', 'list')
      .conflicts('delete', 'move', 'M', 'copy', 'C', 'list', 'show-current')
      .conflicts('D', 'move', 'M', 'copy', 'C', 'list', 'show-current')
      .conflicts('move', 'copy', 'C', 'list', 'show-current')
      .conflicts('M', 'copy', 'C', 'list', 'show-current')
      .conflicts('copy', 'list', 'show-current')
      .conflicts('C', 'list', 'show-current')
      .conflicts('all', 'remotes'),
  run: async (args, context): Promise<Result> => {
    const repo = await context.repository()
    const { names } = args
    if (args.showCurrent) return { current: await currentBranch(repo) }
    if (args.setUpstreamTo !== undefined || args.unsetUpstream) {
      const [branch, ...more] = names
      if (more.length > 0) throw usageError(`unexpected argument ${more[0]}`)
      if (args.setUpstreamTo === undefined) {
        return { following: { ...(await unsetUpstream(repo, { branch })), upstream: null } }
      }
      return { following: await setUpstream(repo, { branch, upstream: args.setUpstreamTo }) }
    }
    if (args.delete || args.D) {
      if (names.length === 0) throw usageError('missing <branch>')
      const force = args.D || args.force
      const who = await logIdentity(context)
      return { deleted: await deleteBranches(repo, { names, force, remotes: args.remotes, who }) }
    }
    if (args.move || args.M || args.copy || args.C) {
      const isCopy = args.copy || args.C
      const named = { ...oldAndNew(names, isCopy), force: args.M || args.C || args.force }
      const who = await logIdentity(context)
      return isCopy
        ? { copied: await copyBranch(repo, { ...named, who }) }
        : { renamed: await renameBranch(repo, { ...named, who }) }
    }
    const filter = listingFilter(args)
    const lists = args.list || args.all || args.remotes || filter !== undefined
    if (lists || names.length === 0) {
      const branches = await listBranches(repo, {
        ...filter?.filters,
        sort: args.sort,
        names: filter?.names ?? names,
        remotes: args.remotes ? 'only' : args.all ? 'too' : undefined,
        now: context.now(),
      })
      const head = await headState(repo)
      return { branches, detached: head.detached ? head.id : undefined }
    }
    if (names.length > 2) throw usageError(`unexpected argument ${names[2]}`)
    const who = await logIdentity(context)
    const [name, start] = names as [string, string?]
    const now = context.now()
    return {
      created: await createBranch(repo, {
        ...{ name, start, force: args.force, track: args.track, who, now },
      }),
    }
  },
  toText: (result, style, { verbose, remotes }) => {
    if ('branches' in result) return listText(result, style, verbose, remotes)
    if ('current' in result) {
      return result.current === undefined ? '' : shortBranch(result.current)
    }
    if ('following' in result) {
      const { branch, upstream } = result.following
      const name = upstream?.replace(/^refs\/(?:heads|remotes)\//, '')
      return name === undefined
        ? `branch '${branch}' follows no branch any more.`
        : `branch '${branch}' follows '${name}' from now on.`
    }
    if ('created' in result && result.created.follows !== undefined) {
      return `branch '${result.created.name}' follows '${result.created.follows}'.`
    }
    if ('deleted' in result) {
      return result.deleted
        .map(({ name, id }) => `Deleted branch ${name} (was ${short(id)}).`)
        .join('\n')
    }
    return ''
  },
  toJson: (result) => {
    if ('current' in result) return { current: result.current ?? null }
    if ('created' in result) return { ...result.created, old: result.created.old ?? null }
    if ('following' in result) return result.following
    if ('renamed' in result) return { ...result.renamed, id: result.renamed.id ?? null }
    if ('copied' in result) return result.copied
    if ('deleted' in result) return result.deleted
    return result.branches.map(({ name, short, id, isHead, upstream, tracking, commit }) => ({
      ref: name,
      name: short,
      id,
      current: isHead,
      ...(upstream !== undefined && { upstream }),
      ...tracking,
      ...(commit !== undefined && { commit: commitJson(commit) }),
    }))
  },
})

function oldAndNew(
  names: readonly string[],
  isCopy: boolean,
): { from: string | undefined; to: string } {
  const [from, to] = names.length === 1 ? [undefined, names[0]] : names
  if (to !== undefined && names.length <= 2) return { from, to }
  throw isCopy
    ? usageError('a branch is copied from one name to one other', 'varve branch -c OLD NEW')
    : usageError('a branch is renamed from one name to one other', 'varve branch -m OLD NEW')
}

function listText(
  { branches, detached }: Extract<Result, { branches: unknown }>,
  style: Style,
  verbose: number,
  onlyRemotes: boolean,
): string {
  const rows = branches.map((branch) => ({
    name: branch.name.replace(onlyRemotes ? 'refs/remotes/' : /^refs\/(?:heads\/)?/, ''),
    mark: branch.isHead ? '*' : ' ',
    id: branch.id,
    note: noteOf(branch, verbose),
  }))
  if (detached !== undefined) {
    rows.unshift({
      name: `(HEAD detached at ${short(detached)})`,
      mark: '*',
      id: detached,
      note: '',
    })
  }
  const width = Math.max(0, ...rows.map(({ name }) => name.length))
  return rows
    .map(({ name, mark, id, note }) => {
      const padding = ' '.repeat(width - name.length)
      const shown =
        mark === '*'
          ? style.green(name)
          : onlyRemotes || name.startsWith('remotes/')
            ? style.red(name)
            : name
      return `${mark} ${shown}${verbose === 0 ? '' : `${padding} ${short(id)} ${note}`}`.trimEnd()
    })
    .join('\n')
}

/** The subject of the last commit, and how it stands to the branch that it follows. */
function noteOf({ commit, upstream, tracking }: ListedBranch, verbose: number): string {
  const { ahead = 0, behind = 0 } = tracking ?? {}
  const distance = [
    ...(ahead > 0 ? [`ahead ${ahead}`] : []),
    ...(behind > 0 ? [`behind ${behind}`] : []),
  ]
  const follows = upstream?.replace(/^refs\/(?:heads|remotes)\//, '')
  const gone = upstream !== undefined && tracking === undefined ? ['gone'] : []
  const state = [...distance, ...gone].join(', ')
  const words =
    verbose > 1 && follows !== undefined
      ? [follows, ...(state === '' ? [] : [state])].join(': ')
      : state
  const subject = commit === undefined ? '' : subjectOf(commit)
  return words === '' ? subject : `[${words}] ${subject}`
}
