import type { SftpRequests } from './sftp-requests.ts'

/** Files kept open for reading. */
const OPEN_FILES = 16

/** A file that is open for reading: closed when it is over and nobody reads from it. */
interface OpenFile {
  readonly handle: Promise<Buffer>
  users: number
  isOver: boolean
}

/** Files of an account that are open for reading, the one used last at the end. */
export class OpenFiles {
  readonly #requests: SftpRequests
  readonly #open = new Map<string, OpenFile>()

  constructor(requests: SftpRequests) {
    this.#requests = requests
  }

  /** Gives the handle of a file to `run`; it stays open until that has ended, and as one of those used last. */
  async using<T>(path: string, run: (handle: Buffer) => Promise<T>): Promise<T> {
    const file = this.#use(path)
    try {
      return await run(await file.handle)
    } finally {
      file.users--
      this.#closeUnused(file)
    }
  }

  #use(path: string): OpenFile {
    const known = this.#open.get(path)
    const file = known ?? { handle: this.#requests.openFile(path), users: 0, isOver: false }
    this.#open.delete(path)
    this.#open.set(path, file)
    file.users++
    file.handle.catch(() => {
      if (this.#open.get(path) === file) this.#open.delete(path)
    })
    const [oldest] = this.#open.keys()
    if (this.#open.size > OPEN_FILES) this.forget(oldest!)
    return file
  }

  /** Whoever asks for it next opens it anew. */
  forget(path: string): void {
    const file = this.#open.get(path)
    if (file === undefined) return
    this.#open.delete(path)
    file.isOver = true
    this.#closeUnused(file)
  }

  #closeUnused({ handle, users, isOver }: OpenFile): void {
    if (!isOver || users > 0) return
    handle.then((opened) => this.#requests.close(opened)).catch(() => undefined)
  }
}
