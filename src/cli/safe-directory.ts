import { lstatSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { VarveError } from '../core/errors.ts'
import type { Config } from './config.ts'

/** Who runs the program, as far as the owners of files go. */
export interface Account {
  /** Effective user id; undefined where files have no owner by number, as on Windows. */
  readonly uid: number | undefined
  /** What `SUDO_UID` says: whoever became root by sudo. */
  readonly sudoUid?: string | undefined
  /** Their home folder, which `~/` stands for. */
  readonly home: string
}

/** The folders of a repository that its owner is judged by. */
export interface OwnedFolders {
  readonly folder: string
  readonly workTree: string | undefined
}

/** Only root has it, and may use what the user who became root owns. */
const ROOT = 0

/**
 * Whether a repository may be worked in, as git decides it: its folder and its work tree belong to
 * whoever runs the program, or `safe.directory` of their own configuration names it. A stranger's
 * configuration could name programs to run.
 *
 * @param config of which that of the repository counts for nothing here
 */
export function isSafeRepository(found: OwnedFolders, account: Account, config: Config): boolean {
  const { folder, workTree } = found
  const paths = workTree === undefined ? [folder] : [workTree, folder]
  return (
    paths.every((path) => isOwn(path, account)) || isListed(workTree ?? folder, account, config)
  )
}

/** The error for a repository that is not {@link isSafeRepository}. */
export function unsafeRepository({ folder, workTree }: OwnedFolders): VarveError {
  const path = workTree ?? folder
  return new VarveError('refused', `the repository at ${path} belongs to another user`, {
    data: { path, reason: 'owner' },
    hint: `to work in it all the same: varve config set --global --add safe.directory ${quoted(path)}`,
  })
}

function isOwn(path: string, { uid, sudoUid }: Account): boolean {
  if (uid === undefined) return true
  // A link's own owner too: whoever made it chose where it leads.
  const owners = [lstatSync(path).uid, statSync(path).uid]
  const user = uid === ROOT && /^\d{1,10}$/.test(sudoUid ?? '') ? Number(sudoUid) : uid
  return owners.every((owner) => owner === user || owner === uid)
}

function isListed(path: string, { home }: Account, { layers }: Config): boolean {
  let listed = false
  const real = realPath(path)
  const own = layers.filter(({ scope }) => scope !== 'local').flatMap(({ entries }) => entries)
  for (const { key, value } of own) {
    if (key !== 'safe.directory') continue
    // As in git: an empty one takes back those before it.
    if (value === '') listed = false
    else if (value === '*') listed = true
    else if (value.endsWith('/*')) {
      const above = realPath(expanded(value.slice(0, -1), home))
      if (real.startsWith(above === '/' ? above : `${above}/`)) listed = true
    } else if (realPath(expanded(value, home)) === real) listed = true
  }
  return listed
}

function expanded(value: string, home: string): string {
  return value.startsWith('~/') ? join(home, value.slice(2)) : value
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    // One that is not there is no repository's either.
    return resolve(path)
  }
}

/** As a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
