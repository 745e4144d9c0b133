import type { Spill, SpillFile } from '../../core/spill.ts'

const PART_BYTES = 1024 * 1024

/**
 * A copy of a stream that can be read once again: in memory up to a limit, the rest in a spill
 * (all in memory where there is none).
 */
export class KeptBytes {
  readonly #memoryLimit: number
  readonly #spill: Spill | undefined
  #memory: Uint8Array[] = []
  #inMemory = 0
  #part = new Uint8Array(0)
  #used = 0
  #file: SpillFile | undefined
  #inFile = 0

  constructor(memoryLimit: number, spill: Spill | undefined) {
    this.#memoryLimit = memoryLimit
    this.#spill = spill
  }

  async add(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      if (this.#used === this.#part.length) {
        await this.#flush()
        this.#part = new Uint8Array(PART_BYTES)
      }
      const count = Math.min(bytes.length - from, this.#part.length - this.#used)
      this.#part.set(bytes.subarray(from, from + count), this.#used)
      this.#used += count
      from += count
    }
  }

  /** The bytes again, from the first; each part of memory is let go once it was read. */
  async *read(): AsyncGenerator<Uint8Array, void, void> {
    await this.#flush()
    for (const [i, part] of this.#memory.entries()) {
      yield part
      this.#memory[i] = new Uint8Array(0)
    }
    for (let from = 0; from < this.#inFile; from += PART_BYTES) {
      yield await this.#file!.range(from, Math.min(PART_BYTES, this.#inFile - from))
    }
  }

  async discard(): Promise<void> {
    this.#memory = []
    this.#part = new Uint8Array(0)
    this.#used = 0
    await this.#file?.discard()
    this.#file = undefined
    this.#inFile = 0
  }

  async #flush(): Promise<void> {
    if (this.#used === 0) return
    const part = this.#part.subarray(0, this.#used)
    if (this.#spill === undefined || this.#inMemory + part.length <= this.#memoryLimit) {
      // Cut to size: a small table should not hold a large part.
      this.#memory.push(this.#used === this.#part.length ? part : part.slice())
      this.#inMemory += part.length
    } else {
      this.#file ??= await this.#spill.create()
      await this.#file.write(part)
      this.#inFile += part.length
    }
    this.#part = new Uint8Array(0)
    this.#used = 0
  }
}
