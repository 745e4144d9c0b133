import fs from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { checkSeriesName } from '../core/names.ts'
import { fileError, systemCode } from './file-errors.ts'

/** The repository's own folder in a work tree. */
export const REPOSITORY_FOLDER = '.varve'

/** Checks a path that is to be read: relative, `/`-separated, and not the repository's own. */
export function checkReadPath(path: string): void {
  const parts = path.split('/')
  const wrong =
    path.includes('\0') ||
    (sep === '\\' && /[\\:]/.test(path)) ||
    parts.some((part) => part === '' || part === '.' || part === '..') ||
    parts[0]?.toLowerCase() === REPOSITORY_FOLDER
  if (wrong) {
    throw new VarveError('invalid-name', `not a file of the work tree: ${JSON.stringify(path)}`, {
      data: { path },
    })
  }
}

/** Checks a path that is to be written: as series are named, which every file system takes. */
export function checkWritePath(path: string): void {
  checkReadPath(path)
  checkSeriesName(path)
}

/** The type of what is at a path, links not followed; undefined for nothing. */
export function lookAt(path: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return undefined
    throw fileError(error, 'look at', path)
  }
}

function refused(path: string, reason: string): VarveError {
  return new VarveError('refused', `${path}: ${reason}`, { data: { path } })
}

/**
 * The real place of a file that is to be read: links are followed as long as they stay under
 * `root`, a real path. Undefined when there is nothing.
 */
export function realPathInside(root: string, path: string): string | undefined {
  const full = join(root, ...path.split('/'))
  let real: string
  try {
    real = fs.realpathSync.native(full)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fileError(error, 'look at', full)
  }
  const inside = relative(root, real)
  const parts = inside.split(sep)
  if (parts[0] === '..' || inside === '' || join(root, inside) !== real) {
    throw refused(path, 'a symbolic link leads out of the work tree')
  }
  if (parts[0]?.toLowerCase() === REPOSITORY_FOLDER) {
    throw refused(path, `a symbolic link leads into ${REPOSITORY_FOLDER}`)
  }
  return real
}

/**
 * The place of a file that is to be written or removed. No link on the way is followed, and what is
 * there may only be a file.
 *
 * @param create whether missing folders are made
 * @returns undefined when a folder is missing
 */
export function writablePath(root: string, path: string, create: boolean): string | undefined {
  const parts = path.split('/')
  let folder = root
  for (const part of parts.slice(0, -1)) {
    folder = join(folder, part)
    let found = lookAt(folder)
    if (found === undefined && create) {
      makeOne(folder)
      found = lookAt(folder)
    }
    if (found === undefined) return undefined
    if (found.isSymbolicLink()) throw refused(path, `${part} is a symbolic link`)
    if (!found.isDirectory()) throw refused(path, `${part} is not a folder`)
  }
  const full = join(folder, parts.at(-1)!)
  const found = lookAt(full)
  if (found?.isSymbolicLink()) throw refused(path, 'a symbolic link is not written through')
  if (found !== undefined && !found.isFile()) throw refused(path, 'it is not a file')
  return full
}

function makeOne(folder: string): void {
  try {
    fs.mkdirSync(folder)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileError(error, 'create the folder', folder)
  }
}

/** Removes the folders above a removed file that are empty now, up to the root. */
export function removeEmptyFolders(root: string, removed: string): void {
  for (let folder = dirname(removed); folder !== root; folder = dirname(folder)) {
    if (relative(root, folder).startsWith('..')) return
    try {
      fs.rmdirSync(folder)
    } catch (error) {
      const code = systemCode(error)
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT' || code === 'ENOTDIR')
        return
      throw fileError(error, 'remove', folder)
    }
  }
}
