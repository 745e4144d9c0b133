import fs from 'node:fs'
import { fileError } from './file-errors.ts'

interface OpenFile {
  readonly fd: number
  users: number
  /** Closed as soon as nobody reads from it. */
  leaving: boolean
}

/** A few files kept open for reading, the least recently used closed first. */
export class FileHandles {
  readonly #limit: number
  /** In order of use, the oldest first. */
  readonly #open = new Map<string, OpenFile>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Runs `read` with the file open; it stays open until `read` ends. */
  async use<T>(path: string, read: (fd: number) => Promise<T>): Promise<T> {
    const file = this.#take(path)
    file.users++
    try {
      return await read(file.fd)
    } finally {
      file.users--
      if (file.leaving && file.users === 0) fs.closeSync(file.fd)
    }
  }

  /** Closes a file that is to be deleted or replaced. */
  forget(path: string): void {
    const file = this.#open.get(path)
    if (file === undefined) return
    this.#open.delete(path)
    if (file.users === 0) fs.closeSync(file.fd)
    else file.leaving = true
  }

  closeAll(): void {
    for (const path of [...this.#open.keys()]) this.forget(path)
  }

  #take(path: string): OpenFile {
    const known = this.#open.get(path)
    if (known !== undefined) {
      this.#open.delete(path)
      this.#open.set(path, known)
      return known
    }
    let fd: number
    try {
      fd = fs.openSync(path, 'r')
    } catch (error) {
      throw fileError(error, 'open', path)
    }
    const file = { fd, users: 0, leaving: false }
    this.#open.set(path, file)
    if (this.#open.size > this.#limit) {
      const [oldest] = this.#open.keys()
      if (oldest !== undefined) this.forget(oldest)
    }
    return file
  }
}
