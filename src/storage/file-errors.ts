import { VarveError } from '../core/errors.ts'

/** The system's word for what went wrong (`ENOENT`), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const words: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or folder'],
  ['ENOTDIR', 'a part of the path is not a folder'],
  ['EISDIR', 'is a folder'],
  ['EEXIST', 'already exists'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'operation not permitted'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'no space left on the disk'],
  ['EDQUOT', 'disk quota used up'],
  ['EFBIG', 'file too large for the file system'],
  ['EMFILE', 'too many open files'],
  ['ENFILE', 'too many open files in the system'],
  ['EIO', 'input/output error'],
  ['ELOOP', 'too many symbolic links'],
  ['ENAMETOOLONG', 'name too long'],
  ['EXDEV', 'on another file system'],
])

/**
 * What a failed file operation is to varve: `disk-full`, `permission-denied` or `io`, always with
 * the path. An error that does not come from the system is returned as it is.
 */
export function fileError(error: unknown, doing: string, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined || error instanceof VarveError) return error
  const message = `cannot ${doing} ${path}: ${words.get(code) ?? code}`
  const options = { data: { path, system: code }, cause: error }
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new VarveError('disk-full', message, {
        ...options,
        hint: 'nothing was changed: make room and run the same command again',
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new VarveError('permission-denied', message, options)
    default:
      return new VarveError('io', message, options)
  }
}

/** Runs a file operation and turns its failure into a VarveError with the path. */
export async function withPath<T>(
  doing: string,
  path: string,
  run: () => T | Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw fileError(error, doing, path)
  }
}
