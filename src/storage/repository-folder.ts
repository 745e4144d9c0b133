import fs from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { makeFolder } from './durable.ts'
import { fileError, systemCode, withPath } from './file-errors.ts'
import { type LogFolder, logNumber } from './log-names.ts'
import { REPOSITORY_FOLDER } from './work-path.ts'

/** What is in a repository's folder from the beginning. */
const FOLDERS = ['tmp', 'packs', 'archive', 'checkpoints', 'log']

/** What else may be in it before its log has an entry. */
const OWN: ReadonlySet<string> = new Set([...FOLDERS, 'config', 'HEAD'])

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
  const found = await withPath('look at', root, () => fs.statSync(root, { throwIfNoEntry: false }))
  const isEmpty = found?.isDirectory() === true && fs.readdirSync(root).length === 0
  if (found !== undefined && !isEmpty) {
    throw new VarveError('already-exists', `${root} is there already, and not an empty folder`, {
      data: { path: root },
      hint: isLeftOver(root)
        ? 'a clone that was killed has left it, and nothing is in it: remove it, and try again'
        : 'give another folder',
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

/** Whether a folder has nothing but what {@link makeRepositoryFolder} made, and what was brought before a log entry. */
function isLeftOver(root: string): boolean {
  if (!isFolder(root)) return false
  const names = fs.readdirSync(root)
  const folder = names.length === 1 ? join(root, names[0]!) : root
  if (names.length === 1 ? names[0] !== REPOSITORY_FOLDER : names.some((name) => !OWN.has(name))) {
    return false
  }
  const isMade = FOLDERS.every((name) => isFolder(join(folder, name)))
  return isMade && !hasNumbered(folder, 'log') && !hasNumbered(folder, 'checkpoints')
}

/** `io` where a file is in the way: Node says so of a path below one up to version 22 alone. */
function topmostMissing(path: string): string {
  for (let missing = resolve(path); ; missing = dirname(missing)) {
    const above = dirname(missing)
    if (isFolder(above)) return missing
    if (fs.existsSync(above)) {
      throw new VarveError('io', `cannot create ${path}: ${above} is no folder`, { data: { path } })
    }
  }
}

/**
 * Whether a folder has the shape of a repository's, or its ref log: who copies files, or makes a repository where there are
 * only files, leaves empty folders out.
 */
export function isRepositoryFolder(folder: string): boolean {
  return (
    ['log', 'packs', 'checkpoints'].every((name) => isFolder(join(folder, name))) ||
    (['log', 'checkpoints'] as const).some((name) => hasNumbered(folder, name))
  )
}

function hasNumbered(folder: string, name: LogFolder): boolean {
  try {
    return fs
      .readdirSync(join(folder, name))
      .some((file) => logNumber(`${name}/${file}`) !== undefined)
  } catch {
    return false
  }
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
