import { VarveError } from '../core/errors.ts'
import type { SpillFile } from '../core/spill.ts'
import { openSpill } from './spill.ts'
import type { StorageWriter } from './storage.ts'

/** What was written, whole: how long it is, and its bytes from an offset on. */
export interface Spooled {
  readonly length: number
  range(offset: number, length: number): Promise<Uint8Array>
}

/** An object on its way to a storage far away: it waits in a temporary file, and is sent when it is published. */
export class SpooledWriter implements StorageWriter {
  readonly #send: (name: string, spooled: Spooled) => Promise<boolean>
  #file: SpillFile | undefined
  #length = 0
  #isOpen = true

  /** @param send publishes an object, as {@link StorageWriter.publish} does */
  constructor(send: (name: string, spooled: Spooled) => Promise<boolean>) {
    this.#send = send
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    this.#file ??= await openSpill().create()
    await this.#file.write(bytes)
    this.#length += bytes.length
  }

  async range(offset: number, length: number): Promise<Uint8Array> {
    this.#checkOpen()
    if (length === 0 && offset <= this.#length) return new Uint8Array(0)
    if (this.#file === undefined || offset < 0 || offset + length > this.#length) {
      throw new VarveError('io', `an object being written ends before byte ${offset + length}`)
    }
    return this.#file.range(offset, length)
  }

  async publish(name: string): Promise<boolean> {
    this.#checkOpen()
    try {
      const range = (offset: number, length: number) => this.range(offset, length)
      return await this.#send(name, { length: this.#length, range })
    } finally {
      await this.discard()
    }
  }

  async discard(): Promise<void> {
    this.#isOpen = false
    await this.#file?.discard()
    this.#file = undefined
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new VarveError('io', 'an object was written to after it was closed')
  }
}
