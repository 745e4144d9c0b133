import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import {
  isRunning,
  namesIn,
  processOf,
  removeFile,
  temporaryName,
  writeFully,
  writeToPipe,
} from './durable.ts'
import { fileError, withPath } from './file-errors.ts'
import { isNamedPipe, openPipe } from './open-pipe.ts'
import { checkSignal, lookAtPath, type ReadFileOptions } from './read-file.ts'

/**
 * Writes a file that the user named, anywhere: whole, or not at all, so that a failure leaves what
 * was there. What is no file, as a pipe, gets the bytes as they come. A piece must not change once it is given. Returns how
 * many bytes there were.
 * `refused` for a folder, `file-not-found` where its own folder is missing.
 */
export async function writeFile(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  { signal }: ReadFileOptions = {},
): Promise<number> {
  const found = lookAtPath(path)
  if (found?.kind === 'folder') {
    throw new VarveError('refused', `${path} is a folder`, { data: { path } })
  }
  if (lookAtPath(dirname(path))?.kind !== 'folder') {
    const folder = dirname(path)
    throw new VarveError('file-not-found', `there is no folder ${folder}`, {
      data: { path: folder },
      hint: `mkdir -p ${folder} makes it`,
    })
  }
  if (found !== undefined && isNamedPipe(path)) return writePipe(path, pieces, signal)
  const inPlace = found?.kind === 'stream'
  // A link stays one: what it leads to is replaced.
  const target = found === undefined ? path : fs.realpathSync(path)
  const written = inPlace ? path : join(dirname(target), `.${basename(target)}.${temporaryName()}`)
  const fd = await withPath('create', path, () => fs.promises.open(written, inPlace ? 'w' : 'wx'))
  const write = inPlace ? writeToPipe : writeFully
  let isWhole = inPlace
  try {
    let bytes = 0
    // A piece is on its way while the next is made.
    let writing = Promise.resolve()
    try {
      for await (const piece of pieces) {
        checkSignal(signal)
        await writing
        writing = write(fd.fd, piece, path)
        writing.catch(() => undefined)
        bytes += piece.length
      }
      await writing
      if (found?.kind === 'file') await fd.chmod(fs.statSync(target).mode & 0o777)
    } finally {
      await writing.catch(() => undefined)
      await fd.close()
    }
    if (!inPlace) await withPath('replace', path, () => fs.promises.rename(written, target))
    isWhole = true
    if (!inPlace) await removeAbandoned(target)
    return bytes
  } finally {
    if (!isWhole) await removeFile(written)
  }
}

/** Whoever reads may be slow, or none: an abort is answered at once. */
async function writePipe(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<number> {
  checkSignal(signal)
  const pipe = await withPath('open', path, () => openPipe(path, 'write', signal))
  // Told to who writes.
  pipe.on('error', () => undefined)
  let bytes = 0
  try {
    for await (const piece of pieces) {
      checkSignal(signal)
      await new Promise<void>((resolve, reject) => {
        pipe.write(piece, (error) => (error ? reject(error) : resolve()))
      })
      // A stream that is destroyed tells who writes of no error.
      checkSignal(signal)
      bytes += piece.length
    }
  } catch (error) {
    checkSignal(signal)
    throw fileError(error, 'write', path)
  } finally {
    pipe.destroy()
  }
  return bytes
}

/** A file that is written is changed more often than that, in milliseconds. */
const ABANDONED_AFTER = 10 * 60 * 1000

/**
 * Removes what writers of the same file left beside it that were killed: no such process runs here,
 * and none elsewhere has touched its file for long.
 */
async function removeAbandoned(target: string): Promise<void> {
  const folder = dirname(target)
  const start = `.${basename(target)}.`
  const { mtimeMs: now } = fs.statSync(target)
  for (const name of await namesIn(folder)) {
    if (!name.startsWith(start)) continue
    const pid = processOf(name.slice(start.length))
    if (pid === undefined || isRunning(pid)) continue
    const found = fs.statSync(join(folder, name), { throwIfNoEntry: false })
    if (found !== undefined && now - found.mtimeMs > ABANDONED_AFTER) {
      await removeFile(join(folder, name))
    }
  }
}
