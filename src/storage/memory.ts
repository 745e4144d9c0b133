import { VarveError } from '../core/errors.ts'
import type { Storage, StorageEntry, StorageWriter } from './storage.ts'
import { checkStorageName, checkStoragePrefix } from './storage-name.ts'

/** Storage that lives as long as the process: for tests, scratch repositories and dry runs. */
export function createMemoryStorage(location = 'memory:'): Storage {
  return new MemoryStorage(location)
}

interface Kept {
  readonly bytes: Uint8Array
  readonly modified: number
}

class MemoryStorage implements Storage {
  readonly location: string
  readonly #objects = new Map<string, Kept>()

  constructor(location: string) {
    this.location = location
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    checkStorageName(name)
    const kept = this.#objects.get(name)
    return kept && new Uint8Array(kept.bytes)
  }

  async range(name: string, offset: number, length: number): Promise<Uint8Array> {
    checkStorageName(name)
    const kept = this.#objects.get(name)
    if (kept === undefined) throw missing(this.location, name)
    return cut(kept.bytes, offset, length, `${this.location}${name}`)
  }

  async size(name: string): Promise<number | undefined> {
    checkStorageName(name)
    return this.#objects.get(name)?.bytes.length
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    checkStorageName(name)
    if (this.#objects.has(name)) return false
    // Not slice, which copies nothing of a Buffer.
    this.#objects.set(name, { bytes: new Uint8Array(bytes), modified: Date.now() })
    return true
  }

  async create(): Promise<StorageWriter> {
    return new MemoryWriter(this)
  }

  async list(prefix: string): Promise<StorageEntry[]> {
    checkStoragePrefix(prefix)
    const found: StorageEntry[] = []
    for (const [name, { bytes, modified }] of this.#objects) {
      if (name.startsWith(prefix)) found.push({ name, size: bytes.length, modified })
    }
    return found
  }

  async delete(name: string): Promise<void> {
    checkStorageName(name)
    this.#objects.delete(name)
  }

  async sweep(): Promise<number> {
    return 0
  }

  async close(): Promise<void> {}
}

class MemoryWriter implements StorageWriter {
  readonly #storage: MemoryStorage
  #bytes = new Uint8Array(1024)
  #length = 0
  #open = true

  constructor(storage: MemoryStorage) {
    this.#storage = storage
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    const needed = this.#length + bytes.length
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(bytes, this.#length)
    this.#length = needed
  }

  async range(offset: number, length: number): Promise<Uint8Array> {
    this.#checkOpen()
    return cut(this.#bytes.subarray(0, this.#length), offset, length, 'an object being written')
  }

  async publish(name: string): Promise<boolean> {
    this.#checkOpen()
    const won = await this.#storage.putIfAbsent(name, this.#bytes.subarray(0, this.#length))
    await this.discard()
    return won
  }

  async discard(): Promise<void> {
    this.#open = false
    this.#bytes = new Uint8Array(0)
    this.#length = 0
  }

  #checkOpen(): void {
    if (!this.#open) throw new VarveError('io', 'an object was written to after it was closed')
  }
}

function cut(bytes: Uint8Array, offset: number, length: number, what: string): Uint8Array {
  if (offset < 0 || length < 0 || offset + length > bytes.length) {
    throw new VarveError('io', `${what} ends before byte ${offset + length}`, {
      data: { offset, length, size: bytes.length },
    })
  }
  return bytes.slice(offset, offset + length)
}

function missing(location: string, name: string): VarveError {
  return new VarveError('io', `cannot read ${location}${name}: no such object`, {
    data: { path: name },
  })
}
