import fs from 'node:fs'
import { join, sep } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { fileError, systemCode } from './file-errors.ts'
import { type RepositoryFolder, repositoryFolderAt } from './repository-folder.ts'

/** A folder whose repositories others may name, and no others. */
export interface ServedRoot {
  readonly folder: string
  /**
   * The repository at a path below the folder, its parts separated by `/`; undefined where there is none. Nor is
   * there one where a link leads out of the folder, on the way or within the repository, or where a part is hidden.
   */
  find(path: string): RepositoryFolder | undefined
}

/** The folders of a repository that are read and written. */
const INSIDE = ['.', 'log', 'packs', 'checkpoints', 'archive', 'tmp']

/** `file-not-found` where there is no such folder. */
export function openServedRoot(folder: string): ServedRoot {
  const root = realPath(folder)
  if (root === undefined || !fs.statSync(root).isDirectory()) {
    throw new VarveError('file-not-found', `there is no folder ${folder}`, {
      data: { path: folder },
    })
  }
  const start = root.endsWith(sep) ? root : `${root}${sep}`
  const isInside = (path: string) => {
    if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return true
    const real = realPath(path)
    return real === root || real?.startsWith(start) === true
  }
  return {
    folder: root,
    find(path) {
      const parts = path === '' ? [] : path.split('/')
      const isHidden = (part: string) => part === '' || part.startsWith('.') || /[\\:\0]/.test(part)
      if (parts.some(isHidden)) return undefined
      const found = repositoryFolderAt(join(root, ...parts))
      if (found === undefined) return undefined
      return INSIDE.every((name) => isInside(join(found.folder, name))) ? found : undefined
    },
  }
}

function realPath(path: string): string | undefined {
  try {
    return fs.realpathSync.native(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'].includes(systemCode(error) ?? '')) return undefined
    throw fileError(error, 'look at', path)
  }
}
