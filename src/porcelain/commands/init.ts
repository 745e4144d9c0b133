import { basename, join } from 'node:path'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { branchRefName } from '../../core/names.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { initRepository, initRepositoryFolder } from '../../plumbing/init-repository.ts'

interface Made {
  readonly path: string
  readonly bare: boolean
  readonly branch: string
  readonly created: boolean
}

export const initCommand = defineCommand({
  name: 'init',
  summary: 'Make an empty repository',
  description: [
    'Makes a repository in a folder, which is made too when it is not there: the data goes to',
    '.varve in it, and series may have files beside that. With --bare there are no files, only the',
    'data, in the folder itself, whose name ends in .varve by custom; every change is a commit then.',
    '',
    's3://BUCKET/PATH, with --bare, makes one in a bucket of S3 or a server like it, sftp://HOST/PATH one in an account',
    'where varve need not be: for -R and clone.',
    '',
    'Where a repository is already, nothing changes.',
  ].join('\n'),
  examples: [
    { command: 'varve init prices', about: 'in a new folder' },
    { command: 'varve init --bare prices.varve', about: 'without a work tree' },
    { command: 'varve init --bare s3://bucket/prices', about: 'in a bucket' },
  ],
  options: (y) =>
    y
      .positional('folder', { complete: 'file' })
      .option('bare', { type: 'boolean', describe: 'Make a repository without a work tree' })
      .option('initial-branch', {
        alias: 'b',
        value: 'name',
        describe: 'The first branch: init.defaultBranch, or main, unless given',
      }),
  run: async ({ folder, bare, initialBranch }, context): Promise<Made> => {
    if (folder === '') throw usageError('the folder has no name')
    const isFar = folder !== undefined && /^(?:s3|sftp):\/\//i.test(folder)
    if (isFar && !bare) throw usageError('a repository there has no work tree: --bare')
    const root = isFar ? folder : context.resolve(folder ?? '.')
    const path = bare ? root : join(root, '.varve')
    if (!bare && basename(root) === '.varve') {
      throw new VarveError('refused', 'a repository cannot be made in another one’s .varve')
    }
    const branch = initialBranch ?? (await context.config()).get('init.defaultBranch')
    // Before a folder is made for it.
    if (branch !== undefined) branchRefName(branch)
    const who = await logIdentity(context)
    if (!isFar) await initRepositoryFolder(path)
    const parts = await context.repositoryParts(path, bare ? undefined : root)
    const made = await initRepository({
      ...parts,
      ...(branch !== undefined && { initialBranch: branch }),
      who,
    })
    return { path, bare, branch: made.branch.replace('refs/heads/', ''), created: made.created }
  },
  toText: ({ path, bare, created }) =>
    created
      ? `Initialized empty ${bare ? 'bare ' : ''}varve repository in ${path}`
      : `There is a varve repository in ${path} already: nothing was changed`,
  report: true,
})
