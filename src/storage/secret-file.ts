import fs from 'node:fs'
import { dirname } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { fsyncFile, fsyncFolder, removeFile, temporaryName, writeFully } from './durable.ts'
import { fileError, systemCode, withPath } from './file-errors.ts'
import { lockFile } from './file-lock.ts'

/** A file with something in it that is not for everybody, and what tells that it was replaced. */
export interface SecretFile {
  readonly bytes: Uint8Array
  readonly stamp: string
}

/** `nobody` else may read it, or else `nobody` but its owner may write to it. */
export type Privacy = 'read' | 'write'

const OTHERS_READ = 0o044
const OTHERS_WRITE = 0o022
const PRIVATE = 0o600

/**
 * Reads a file that others must not be able to read, or at least not to write to; undefined where there is
 * none. `refused` with the command that mends it otherwise. Windows, whose files have no such modes, is not asked.
 */
export async function readSecretFile(
  path: string,
  privacy: Privacy,
): Promise<SecretFile | undefined> {
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw fileError(error, 'read', path)
  }
  try {
    const found = fs.fstatSync(fd, { bigint: true })
    const mode = Number(found.mode & 0o777n)
    const others = privacy === 'read' ? OTHERS_READ | OTHERS_WRITE : OTHERS_WRITE
    if (process.platform !== 'win32' && (mode & others) !== 0) {
      const what = privacy === 'read' ? 'read' : 'change'
      throw new VarveError('refused', `others can ${what} ${path}, which holds secrets`, {
        data: { path, mode: mode.toString(8) },
        hint: `chmod 600 ${path}`,
      })
    }
    const bytes = await withPath('read', path, () => fs.readFileSync(fd))
    return { bytes, stamp: stampOf(found) }
  } finally {
    fs.closeSync(fd)
  }
}

/** What {@link SecretFile.stamp} would be now; undefined where there is no file. */
export function secretFileStamp(path: string): string | undefined {
  const found = fs.statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? undefined : stampOf(found)
}

/**
 * Replaces a file as a whole by what `change` makes of it, durably; nobody but its owner can read it. Changes of several
 * processes come one after another, each made of what the one before has left: `PATH.lock` is there as long as a change
 * lasts. `conflict` where it does not go away; that of a process that was killed does.
 *
 * @param change gets the bytes, undefined where there is no file; what it throws leaves all as it is
 */
export async function changeSecretFile(
  path: string,
  change: (bytes: Uint8Array | undefined) => Uint8Array,
): Promise<void> {
  const lock = await lockFile(path)
  try {
    const file = await readSecretFile(path, 'write')
    const written = `${path}.${temporaryName()}`
    try {
      await writePrivate(written, change(file?.bytes), path)
      lock.check()
      await withPath('replace', path, () => fs.renameSync(written, path))
    } catch (error) {
      await removeFile(written)
      throw error
    }
  } finally {
    await lock.release()
  }
  await fsyncFolder(dirname(path))
}

async function writePrivate(written: string, bytes: Uint8Array, path: string): Promise<void> {
  const fd = await withPath('create', path, () => fs.openSync(written, 'wx', PRIVATE))
  try {
    await writeFully(fd, bytes, path)
    await fsyncFile(fd, path)
  } finally {
    fs.closeSync(fd)
  }
}

function stampOf({ ino, size, mtimeNs }: fs.BigIntStats): string {
  return `${ino}.${size}.${mtimeNs}`
}
