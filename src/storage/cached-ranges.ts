import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes } from '../core/bytes.ts'
import { temporaryName } from './durable.ts'
import { checksum } from './pack-record.ts'
import type { Storage, StorageEntry, StorageWriter } from './storage.ts'

/** Packs are kept in blocks of this many bytes, and asked for in whole ones. */
const BLOCK = 256 * 1024
/** Blocks asked for in one request, at most. */
const RUN = 64
/** A block that is used is as good as new for so long, in milliseconds. */
const FRESH = 3_600_000
const CACHED = /^packs\/[0-9a-f]{64}\.pack$/

export interface CachedRangesOptions {
  /** The folder that holds what is kept of all storages. */
  readonly folder: string
  /** Bytes kept there; what was not used for longest goes first. */
  readonly limit: number
  /** Which server has the storage, where its location does not say it: what one said is not believed of another. */
  readonly server?: string | undefined
}

/**
 * A storage far away, of whose packs what was read is kept on this machine: what a name stands for never changes. Each
 * block is kept with a checksum, and asked for again where it does not fit. Nothing else is kept, and nothing is
 * missed where the folder cannot be written.
 */
export function cacheRanges(storage: Storage, options: CachedRangesOptions): Storage {
  return new CachedRanges(storage, options)
}

class CachedRanges implements Storage {
  readonly location: string
  readonly #storage: Storage
  readonly #top: string
  readonly #folder: string
  readonly #limit: number
  /** Of packs, as far as they were listed or asked for. */
  readonly #sizes = new Map<string, number>()
  #written = 0

  constructor(storage: Storage, { folder, limit, server = '' }: CachedRangesOptions) {
    this.location = storage.location
    this.#storage = storage
    this.#top = folder
    this.#limit = limit
    const whole = `${server}\n${storage.location}`
    const place = createHash('sha256').update(whole).digest('hex').slice(0, 32)
    this.#folder = join(folder, place)
  }

  get(name: string): Promise<Uint8Array | undefined> {
    return this.#storage.get(name)
  }

  async range(name: string, offset: number, length: number): Promise<Uint8Array> {
    const isCached = CACHED.test(name) && length > 0
    const size = isCached ? (this.#sizes.get(name) ?? (await this.size(name))) : undefined
    if (size === undefined || offset < 0 || offset + length > size) {
      return this.#storage.range(name, offset, length)
    }
    const result = new Uint8Array(length)
    const last = Math.floor((offset + length - 1) / BLOCK)
    for (let block = Math.floor(offset / BLOCK); block <= last; ) {
      const kept = await this.#kept(name, block)
      const blocks = kept === undefined ? await this.#fetch(name, size, block, last) : [kept]
      for (const bytes of blocks) {
        const at = block * BLOCK - offset
        result.set(bytes.subarray(Math.max(0, -at), length - at), Math.max(0, at))
        block++
      }
    }
    return result
  }

  /** Blocks from one on that are not kept, up to `last`: those that follow each other come in one request. */
  async #fetch(name: string, size: number, block: number, last: number): Promise<Uint8Array[]> {
    let end = block + 1
    while (end <= last && end - block < RUN && (await this.#kept(name, end)) === undefined) end++
    const start = block * BLOCK
    const bytes = await this.#storage.range(name, start, Math.min(end * BLOCK, size) - start)
    const blocks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const part = bytes.subarray(at, at + BLOCK)
      blocks.push(part)
      await this.#keep(name, block + at / BLOCK, part)
    }
    return blocks
  }

  #path(name: string, block: number): string {
    return join(this.#folder, `${name.slice('packs/'.length, -'.pack'.length)}-${block}`)
  }

  async #kept(name: string, block: number): Promise<Uint8Array | undefined> {
    const path = this.#path(name, block)
    const bytes = await readFile(path).catch(() => undefined)
    if (bytes === undefined) return undefined
    const sum = bytes.subarray(0, 8)
    const content = bytes.subarray(8)
    if (!equalBytes(sum, checksum(content))) return undefined
    const now = Date.now()
    const age = now - ((await stat(path).catch(() => undefined))?.mtimeMs ?? now)
    if (age > FRESH) await utimes(path, now / 1000, now / 1000).catch(() => undefined)
    return content
  }

  async #keep(name: string, block: number, bytes: Uint8Array): Promise<void> {
    if (this.#limit < bytes.length) return
    const temporary = join(this.#folder, temporaryName())
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(temporary, Buffer.concat([checksum(bytes), bytes]), { mode: 0o600 })
      await rename(temporary, this.#path(name, block))
      this.#written += bytes.length
    } catch {
      // No room, or no permission: it is asked for again.
      await rm(temporary, { force: true }).catch(() => undefined)
    }
  }

  /** Asked for each time: it tells whether a pack is still there. */
  async size(name: string): Promise<number | undefined> {
    const size = await this.#storage.size(name)
    if (size !== undefined && CACHED.test(name)) this.#sizes.set(name, size)
    return size
  }

  putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    return this.#storage.putIfAbsent(name, bytes)
  }

  create(): Promise<StorageWriter> {
    return this.#storage.create()
  }

  async list(prefix: string): Promise<StorageEntry[]> {
    const found = await this.#storage.list(prefix)
    for (const { name, size } of found) if (CACHED.test(name)) this.#sizes.set(name, size)
    return found
  }

  delete(name: string): Promise<void> {
    this.#sizes.delete(name)
    return this.#storage.delete(name)
  }

  sweep(before: number): Promise<number> {
    return this.#storage.sweep(before)
  }

  async close(): Promise<void> {
    await this.#storage.close()
    if (this.#written > 0) await shrink(this.#top, this.#limit).catch(() => undefined)
  }
}

/** Removes what was not used for longest until no more than `limit` bytes are left. */
async function shrink(folder: string, limit: number): Promise<void> {
  const files: { path: string; size: number; used: number }[] = []
  for (const place of await readdir(folder)) {
    for (const name of await readdir(join(folder, place)).catch(() => [])) {
      const path = join(folder, place, name)
      const found = await stat(path).catch(() => undefined)
      if (found?.isFile()) files.push({ path, size: found.size, used: found.mtimeMs })
    }
  }
  let total = files.reduce((sum, { size }) => sum + size, 0)
  for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
    if (total <= limit) return
    await rm(path, { force: true })
    total -= size
  }
}
