import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import type { Spill, SpillFile } from '../core/spill.ts'
import { readFully, removeFile, temporaryName, writeFully } from './durable.ts'
import { withPath } from './file-errors.ts'

/**
 * Spill files in a folder (the system's for temporary files unless told). They lose their name as
 * soon as they are open, so nothing is left however the process ends; where a file that is open
 * cannot lose its name (Windows) they go at `discard` or at exit.
 */
export function openSpill(folder?: string): Spill {
  return {
    async create() {
      // Asked for late: most have nothing to set aside.
      const path = join(folder ?? tmpdir(), `varve-${temporaryName()}`)
      const fd = await withPath('create', path, () => fs.openSync(path, 'wx+', 0o600))
      return new FileSpill(fd, path)
    },
  }
}

class FileSpill implements SpillFile {
  readonly #path: string
  #fd: number | undefined
  #removeAtExit: (() => void) | undefined

  constructor(fd: number, path: string) {
    this.#fd = fd
    this.#path = path
    if (process.platform !== 'win32') {
      fs.unlinkSync(path)
      return
    }
    this.#removeAtExit = () => {
      fs.closeSync(fd)
      fs.rmSync(path, { force: true })
    }
    process.once('exit', this.#removeAtExit)
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeFully(this.#open(), bytes, this.#path)
  }

  async range(offset: number, length: number): Promise<Uint8Array> {
    return readFully(this.#open(), offset, length, this.#path)
  }

  async discard(): Promise<void> {
    if (this.#fd === undefined) return
    fs.closeSync(this.#fd)
    this.#fd = undefined
    if (this.#removeAtExit !== undefined) {
      process.off('exit', this.#removeAtExit)
      await removeFile(this.#path)
    }
  }

  #open(): number {
    if (this.#fd === undefined) {
      throw new VarveError('io', 'bytes set aside were asked for after they were discarded')
    }
    return this.#fd
  }
}
