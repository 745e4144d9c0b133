import fs from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { compareBytes, textToBytes } from '../core/bytes.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { makeFolder, removeFile, temporaryName, writeFully } from './durable.ts'
import { fileError, systemCode, withPath } from './file-errors.ts'
import { checkSignal, type ReadFileOptions, readFile, readFileRange } from './read-file.ts'
import {
  checkReadPath,
  checkWritePath,
  lookAt,
  REPOSITORY_FOLDER,
  realPathInside,
  removeEmptyFolders,
  writablePath,
} from './work-path.ts'

/** What tells cheaply whether a file changed. */
export interface FileStat {
  readonly size: number
  /** Last modification, nanoseconds since 1970. */
  readonly mtimeNs: bigint
  /** Last change of the file or what is known about it, nanoseconds since 1970. */
  readonly ctimeNs: bigint
  readonly inode: bigint
}

export interface WorkFile {
  /** Relative to the root, `/`-separated. */
  readonly path: string
  readonly stat: FileStat
}

/** A file that is written and has not got its name yet. */
export interface PreparedFile {
  /** Gives it its name, replacing what is there; once. */
  finish(): Promise<FileStat>
  /** Lets go of it, if it is not finished. */
  discard(): Promise<void>
}

/**
 * Opens the work tree whose root is `root`.
 *
 * @param temporary folder for files being written, best on the same file system
 */
export function openWorkTree(root: string, temporary: string): WorkTree {
  const real = realRoot(root)
  return new WorkTree(real, resolve(temporary))
}

function realRoot(root: string): string {
  try {
    return fs.realpathSync.native(root)
  } catch (error) {
    throw fileError(error, 'open the work tree', root)
  }
}

/**
 * The files of a work tree, by paths relative to its root. Nothing outside the root is read or
 * written: a link that leads out is `refused`, and no link is ever written through.
 */
export class WorkTree {
  /** Absolute, without links. */
  readonly root: string
  readonly #temporary: string

  constructor(root: string, temporary: string) {
    this.root = root
    this.#temporary = temporary
  }

  /** The absolute path of a file, for messages and for handing to the user. */
  resolve(path: string): string {
    checkReadPath(path)
    return join(this.root, ...path.split('/'))
  }

  /** A path as the user gave it (absolute by now) as one of this work tree; undefined outside. */
  locate(absolute: string): string | undefined {
    if (realPathOf(absolute) === this.root) return ''
    // The last part as it is: a link in the tree is a path of the tree.
    const full = join(realPathOf(dirname(absolute)), basename(absolute))
    const inside = relative(this.root, full)
    const parts = inside.split(sep)
    if (parts[0] === '..' || join(this.root, inside) !== full) return undefined
    return parts[0]?.toLowerCase() === REPOSITORY_FOLDER ? undefined : parts.join('/')
  }

  /** Size and times of a file; undefined when there is none, or when it is a folder. */
  async stat(path: string): Promise<FileStat | undefined> {
    checkReadPath(path)
    const real = realPathInside(this.root, path)
    const found = real === undefined ? undefined : lookAt(real)
    return found?.isFile() ? statOf(found) : undefined
  }

  /** The bytes of a file, in pieces that are the reader's own unless they are lent; `file-not-found` when none. */
  async *read(path: string, options: ReadFileOptions = {}): AsyncIterable<Uint8Array> {
    yield* readFile(this.#real(path), options)
  }

  /** The bytes `from` to `to` (exclusive) of a file, fewer where it ends; `file-not-found`. */
  async range(path: string, from: number, to: number): Promise<Uint8Array> {
    return readFileRange(this.#real(path), from, to)
  }

  #real(path: string): string {
    checkReadPath(path)
    const real = realPathInside(this.root, path)
    if (real !== undefined) return real
    throw new VarveError('file-not-found', `no file ${path} in the work tree`, { data: { path } })
  }

  /**
   * Writes a file whole: all of it is there afterwards, or the file is as it was. Folders are
   * made; the permissions of a file that is replaced stay. Not flushed to the disk: the data is
   * in the store.
   */
  async write(
    path: string,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: ReadFileOptions = {},
  ): Promise<FileStat> {
    const prepared = await this.prepare(path, pieces, options)
    try {
      return await prepared.finish()
    } finally {
      await prepared.discard()
    }
  }

  /** As `write`, but the file is as it was until `finish`, which takes no more space. */
  async prepare(
    path: string,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: ReadFileOptions = {},
  ): Promise<PreparedFile> {
    checkWritePath(path)
    await makeFolder(this.#temporary)
    const temporary = join(this.#temporary, temporaryName())
    let makesFolders = false
    const discard = async (): Promise<void> => {
      await removeFile(temporary)
      if (makesFolders) removeEmptyFolders(this.root, join(this.root, path))
    }
    try {
      await writePieces(temporary, pieces, options.signal)
      // What is in the way may be gone when it is finished, which looks again.
      makesFolders = this.#lacksFolder(path)
      if (makesFolders) writablePath(this.root, path, true)
    } catch (error) {
      await discard()
      throw error
    }
    return {
      finish: async () => {
        // Looked at only now: much may have happened since.
        const full = writablePath(this.root, path, true)!
        const before = lookAt(full)
        if (before !== undefined) {
          const mode = Number(before.mode) & 0o777
          await withPath('change the mode of', temporary, () => fs.chmodSync(temporary, mode))
        }
        await replaceFile(temporary, full)
        makesFolders = false
        return statOf(lookAt(full) ?? missing(full))
      },
      discard,
    }
  }

  /** Whether a folder of the file is not there yet; not where something else is in its place. */
  #lacksFolder(path: string): boolean {
    try {
      return writablePath(this.root, path, false) === undefined
    } catch (error) {
      if (hasCode(error, 'refused')) return false
      throw error
    }
  }

  /** Removes a file and the folders that it leaves empty. Returns whether it was there. */
  async remove(path: string): Promise<boolean> {
    checkReadPath(path)
    const full = writablePath(this.root, path, false)
    if (full === undefined || lookAt(full) === undefined) return false
    await removeFile(full)
    removeEmptyFolders(this.root, full)
    return true
  }

  /**
   * The files under a folder (all, for ''), sorted by the bytes of their paths. Links are left
   * out, and so are other repositories inside and names that are not valid UTF-8.
   */
  async *list(folder = ''): AsyncIterable<WorkFile> {
    if (folder !== '') {
      checkReadPath(folder)
      const real = realPathInside(this.root, folder)
      if (real === undefined || !lookAt(real)?.isDirectory()) return
    }
    yield* this.#walk(folder)
  }

  async *#walk(folder: string): AsyncIterable<WorkFile> {
    const full = join(this.root, ...folder.split('/'))
    const entries = await withPath('list', full, () =>
      fs.promises.readdir(full, { withFileTypes: true }),
    )
    if (folder !== '' && entries.some(({ name }) => name === REPOSITORY_FOLDER)) return
    const sorted = entries
      .filter(({ name }) => name.toLowerCase() !== REPOSITORY_FOLDER && !name.includes('\ufffd'))
      // As it stands in the path, so that `a.csv` comes before `a/b.csv`.
      .map((entry) => ({
        entry,
        order: textToBytes(entry.isDirectory() ? `${entry.name}/` : entry.name),
      }))
      .sort((a, b) => compareBytes(a.order, b.order))
    for (const { entry } of sorted) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) yield* this.#walk(path)
      const found = entry.isFile() ? lookAt(join(full, entry.name)) : undefined
      if (found?.isFile()) yield { path, stat: statOf(found) }
    }
  }
}

async function writePieces(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const fd = await withPath('create', path, () => fs.openSync(path, 'wx'))
  try {
    for await (const piece of pieces) {
      checkSignal(signal)
      await writeFully(fd, piece, path)
    }
  } finally {
    fs.closeSync(fd)
  }
}

async function replaceFile(temporary: string, path: string): Promise<void> {
  try {
    fs.renameSync(temporary, path)
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw fileError(error, 'replace', path)
    const beside = join(dirname(path), `.varve-${temporaryName()}.tmp`)
    try {
      await withPath('write', beside, () => fs.promises.copyFile(temporary, beside))
      await withPath('replace', path, () => fs.promises.rename(beside, path))
    } finally {
      await removeFile(beside)
    }
  }
}

function statOf(found: fs.BigIntStats): FileStat {
  return {
    size: Number(found.size),
    mtimeNs: found.mtimeNs,
    ctimeNs: found.ctimeNs,
    inode: found.ino,
  }
}

function missing(path: string): never {
  throw new VarveError('io', `${path} vanished while it was written`, { data: { path } })
}

/** The real path of what is there, and what is missing after it as it stands. */
function realPathOf(path: string): string {
  try {
    return fs.realpathSync.native(path)
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fileError(error, 'look at', path)
    const above = dirname(path)
    return above === path ? path : join(realPathOf(above), basename(path))
  }
}
