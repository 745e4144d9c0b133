import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import { removeFile, temporaryName, writeFully } from './durable.ts'
import { withPath } from './file-errors.ts'
import { checkSignal, lookAtPath, type ReadFileOptions } from './read-file.ts'

/**
 * Writes a file that the user named, anywhere: whole, or not at all, so that a failure leaves what
 * was there. What is no file, as a pipe, gets the bytes as they come. Returns how many there were.
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
  const inPlace = found?.kind === 'stream'
  // A link stays one: what it leads to is replaced.
  const target = found === undefined ? path : fs.realpathSync(path)
  const written = inPlace ? path : join(dirname(target), `.${basename(target)}.${temporaryName()}`)
  const fd = await withPath('create', path, () => fs.promises.open(written, inPlace ? 'w' : 'wx'))
  let isWhole = inPlace
  try {
    let bytes = 0
    try {
      for await (const piece of pieces) {
        checkSignal(signal)
        await writeFully(fd.fd, piece, path)
        bytes += piece.length
      }
      if (found?.kind === 'file') await fd.chmod(fs.statSync(target).mode & 0o777)
    } finally {
      await fd.close()
    }
    if (!inPlace) await withPath('replace', path, () => fs.promises.rename(written, target))
    isWhole = true
    return bytes
  } finally {
    if (!isWhole) await removeFile(written)
  }
}
