import fs from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { makeFolder } from './durable.ts'
import { fileError, systemCode } from './file-errors.ts'
import { REPOSITORY_FOLDER } from './work-path.ts'

/** What is in a repository's folder from the beginning. */
const FOLDERS = ['tmp', 'packs', 'archive', 'checkpoints', 'log']

export interface RepositoryFolder {
  /** `X/.varve`, or `X.varve` for a bare repository. */
  readonly folder: string
  /** The root of the work tree; absent in a bare repository. */
  readonly workTree?: string
}

/**
 * Makes the folders of a repository; those that are there stay as they are. It is a repository
 * once its ref log has an entry. Returns whether the folder was not one before.
 */
export async function initRepositoryFolder(folder: string): Promise<boolean> {
  const path = resolve(folder)
  const fresh = !isRepositoryFolder(path)
  await makeFolder(path)
  for (const name of FOLDERS) await makeFolder(join(path, name))
  return fresh
}

/**
 * Makes the folders of a repository where nothing is yet: `folder` in `root`, or `root` itself. `already-exists` where
 * there is something; `discard` takes away all that was made, and what has been written there since.
 */
export async function makeRepositoryFolder(
  root: string,
  folder: string,
): Promise<{ discard(): Promise<void> }> {
  const found = fs.statSync(root, { throwIfNoEntry: false })
  const isEmpty = found?.isDirectory() === true && fs.readdirSync(root).length === 0
  if (found !== undefined && !isEmpty) {
    throw new VarveError('already-exists', `${root} is there already, and not an empty folder`, {
      data: { path: root },
      hint: 'give another folder',
    })
  }
  // The topmost folder that is made goes again; of one that was there, what is in it.
  const top = isEmpty ? undefined : topmostMissing(root)
  const discard = async (): Promise<void> => {
    const doomed = top === undefined ? fs.readdirSync(root).map((name) => join(root, name)) : [top]
    for (const path of doomed) await fs.promises.rm(path, { recursive: true, force: true })
  }
  try {
    await initRepositoryFolder(folder)
    return { discard }
  } catch (error) {
    await discard()
    throw error
  }
}

function topmostMissing(path: string): string {
  for (let missing = resolve(path); ; missing = dirname(missing)) {
    if (fs.existsSync(dirname(missing))) return missing
  }
}

/** Whether a folder has the shape of a repository's. */
export function isRepositoryFolder(folder: string): boolean {
  return ['log', 'packs', 'checkpoints'].every((name) => isFolder(join(folder, name)))
}

/** The repository at `path` itself: its work tree, its folder, or `path.varve`. */
export function repositoryFolderAt(path: string): RepositoryFolder | undefined {
  const full = resolve(path)
  const own = join(full, REPOSITORY_FOLDER)
  if (isRepositoryFolder(own)) return { folder: own, workTree: full }
  if (isRepositoryFolder(full)) {
    const inside = basename(full) === REPOSITORY_FOLDER
    return inside ? { folder: full, workTree: dirname(full) } : { folder: full }
  }
  const bare = `${full}.varve`
  return isRepositoryFolder(bare) ? { folder: bare } : undefined
}

/**
 * The repository that `start` is in: the nearest folder upwards that has a `.varve` or is itself a
 * repository's folder. Undefined when there is none up to the root.
 */
export function findRepositoryFolder(start: string): RepositoryFolder | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const own = join(folder, REPOSITORY_FOLDER)
    if (isRepositoryFolder(own)) return { folder: own, workTree: folder }
    if (isRepositoryFolder(folder)) {
      const inside = basename(folder) === REPOSITORY_FOLDER
      return inside ? { folder, workTree: dirname(folder) } : { folder }
    }
    if (dirname(folder) === folder) return undefined
  }
}

function isFolder(path: string): boolean {
  try {
    return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOTDIR' || code === 'EACCES' || code === 'ELOOP') return false
    throw fileError(error, 'look at', path)
  }
}
