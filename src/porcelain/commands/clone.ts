import { basename, join } from 'node:path'
import { checkKey, checkValue } from '../../cli/config.ts'
import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { parseRemoteUrl } from '../../plumbing/connect.ts'
import { makeRepositoryFolder } from '../../plumbing/init-repository.ts'
import { linkPacksOf } from '../../plumbing/link-packs.ts'
import { repositoryFolderOf } from '../../plumbing/local-repository.ts'
import { type CloneResult, clone } from '../clone.ts'
import { checkDepth, uploadPackOption } from './fetch.ts'
import { noteFilesLeft, whileMoving } from './moving.ts'
import { whileMovingObjects } from './transfer.ts'

interface Made extends Omit<CloneResult, 'repo'> {
  readonly path: string
  readonly bare: boolean
  readonly url: string
}

export const cloneCommand = defineCommand({
  name: 'clone',
  usage: 'clone [<options>] <url> [<folder>]',
  summary: 'Make a repository with what another one has',
  description: [
    'Brings all branches and tags of a repository, which is the remote origin of the new one, and goes',
    'to its default branch. Everything is verified before it counts. It is made whole or not at all:',
    'where it fails or is interrupted, the folder goes again.',
    '',
    'The URL is a path, a file:// URL, or the file of a bundle; ssh://host/path, host:path or',
    'https://host/path; sftp://host/path or s3://bucket/path, where no varve is. A repository in a folder of this file system shares its packs by hard links, which',
    'takes no space and are not verified again; --no-hardlinks has everything sent and verified.',
    '',
    'Files are written for all series where they come to less than checkout.filesLimit. Nothing of the',
    "other repository's configuration is taken over.",
  ].join('\n'),
  examples: [
    { command: 'varve clone ../prices', about: 'a folder of this machine, into prices' },
    { command: 'varve clone ../prices.varve work', about: 'into another folder' },
    { command: 'varve clone --depth 1 ../prices', about: 'without history' },
    { command: 'varve clone --bare ../prices prices.varve', about: 'to share it: no work tree' },
  ],
  report: true,
  options: (y) =>
    y
      .positional('url', { demandOption: true, complete: 'file', describe: 'A URL or path' })
      .positional('folder', {
        complete: 'file',
        describe: 'A new or empty folder; the name in the URL unless given',
      })
      .option('branch', {
        alias: 'b',
        value: 'name',
        describe: 'The branch or tag to go to; the default branch there unless given',
      })
      .option('depth', {
        type: 'number',
        value: 'commits',
        describe: 'Only so many commits; of one branch, unless --no-single-branch',
      })
      .option('single-branch', {
        type: 'boolean',
        tristate: true,
        describe: 'Only one branch, now and later',
      })
      .option('tags', {
        type: 'boolean',
        default: true,
        describe: 'Tags come along; --no-tags: none, now and later',
      })
      .option('bare', { type: 'boolean', describe: 'Without a work tree' })
      .option('mirror', {
        type: 'boolean',
        describe: 'Bare, and with all refs as they are there, now and later',
      })
      .option('checkout', {
        type: 'boolean',
        default: true,
        describe: 'Write files; --no-checkout writes none',
      })
      .option('origin', {
        alias: 'o',
        value: 'name',
        describe: 'What the remote is called: origin unless given',
      })
      .option('config', {
        alias: 'c',
        array: true,
        value: 'key=value',
        complete: 'config-key',
        describe: 'Set a configuration key in the new repository',
      })
      .option('upload-pack', uploadPackOption)
      .option('hardlinks', {
        type: 'boolean',
        default: true,
        describe: 'Share packs with a repository in a folder; --no-hardlinks has them sent',
      }),
  run: async (args, context): Promise<Made> => {
    const { branch, origin, mirror, checkout, singleBranch } = args
    const bare = args.bare || mirror
    const { url, source } = await readUrl(args.url, context)
    if (args.folder === '') throw usageError('the folder has no name')
    const root = context.resolve(args.folder ?? folderName(args.url, bare))
    if (url === root && source === undefined) {
      throw new VarveError('not-a-repository', `there is no varve repository at ${url}`, {
        data: { path: url },
      })
    }
    const settings = args.config.map(readSetting)
    const depth = checkDepth(args.depth)
    const who = await logIdentity(context)
    const path = bare ? root : join(root, '.varve')
    const made = await makeRepositoryFolder(root, path)
    try {
      const parts = await context.repositoryParts(path, bare ? undefined : root)
      const { repo, ...cloned } = await whileMoving(context, {}, (files) =>
        whileMovingObjects(context, 'fetch', (transfer) =>
          clone(parts, {
            ...files,
            ...transfer,
            ...{ url, branch, origin, mirror, checkout, singleBranch, depth, settings, who },
            tags: args.tags ? undefined : 'none',
            uploadPack: args.uploadPack,
            link:
              args.hardlinks && source !== undefined
                ? (ids) => linkPacksOf(source, path, ids)
                : undefined,
          }),
        ),
      )
      await repo.storage.close()
      noteFilesLeft(context, cloned.files)
      if (cloned.head === undefined) warnNoHead(context, cloned)
      return { path, bare, url, ...cloned }
    } catch (error) {
      await made.discard()
      throw error
    }
  },
  toText: ({ path, bare, branch, head, files }, style) => {
    const folder = bare ? path : path.replace(/[/\\]\.varve$/, '')
    const where = branch?.replace(/^refs\/heads\//, '') ?? 'a detached HEAD'
    const at = head === undefined ? '' : ` at ${style.yellow(head.slice(0, 7))}`
    const count = files.written.length
    const noun = count === 1 ? 'file' : 'files'
    const written = count === 0 ? '' : `, ${count.toLocaleString('en-US')} ${noun} written`
    return `Cloned into ${folder}: ${where}${at}${written}`
  },
  toJson: ({ path, bare, url, branch, head, objects, bytes, linked, files }) => ({
    ...{ path, bare, url, branch: branch ?? null, head: head ?? null },
    ...{ objects, bytes, linked, files },
  }),
})

/** Says that HEAD is on a branch without a commit, and what else there is. */
function warnNoHead(context: Context, { branch, refs }: Pick<Made, 'branch' | 'refs'>): void {
  const [first] = refs
  if (first === undefined) {
    context.warn('the repository has no commit yet')
    return
  }
  const short = first.replace(/^refs\/(?:heads|tags|remotes)\//, '')
  if (refs.every((ref) => ref.startsWith('refs/tags/'))) {
    const [all, one] =
      refs.length === 1 ? [`the tag ${short} was`, 'it'] : [`${refs.length} tags were`, 'one']
    context.warn(
      `only ${all} brought, and no branch: no files are written`,
      `varve switch -c NAME ${short} makes a branch of ${one}`,
    )
    return
  }
  const name = branch?.replace(/^refs\/heads\//, '')
  const count =
    refs.length === 1 ? 'another branch or tag' : `${refs.length} other branches and tags`
  context.warn(
    `there is no branch ${name} there, which it has as its default: no files are written`,
    `it has ${count}: varve switch -c NAME ${short}`,
  )
}

/** The URL as the new repository remembers it, and the folder of a repository that it names here. */
async function readUrl(
  text: string,
  context: Context,
): Promise<{ url: string; source: string | undefined }> {
  const parsed = parseRemoteUrl(text)
  if (parsed.kind !== 'path') return { url: text, source: undefined }
  const url = context.resolve(parsed.path)
  return { url, source: repositoryFolderOf(url) }
}

/** `prices` of `ssh://host/data/prices.varve/`; with its ending for a bare repository. */
function folderName(url: string, bare: boolean): string {
  const name = basename(
    url
      .replace(/[/\\]+$/, '')
      .replace(/[/\\]\.varve$/, '')
      .replaceAll('\\', '/')
      .replace(/^[^/]*:/, ''),
  ).replace(/\.(?:varve|bundle)$/, '')
  if (name === '' || name === '.' || name === '..' || name.startsWith('-')) {
    throw usageError('the URL gives the folder no name', 'varve clone URL FOLDER')
  }
  return bare ? `${name}.varve` : name
}

function readSetting(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  const key = checkKey(equals < 0 ? text : text.slice(0, equals))
  const value = equals < 0 ? 'true' : text.slice(equals + 1)
  checkValue(key, value)
  return [key, value]
}
