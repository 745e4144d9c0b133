import { VarveError } from '../core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../core/id.ts'
import { checkKind, type ObjectReader, type ObjectWriter } from '../core/objects.ts'
import type { Spill, SpillFile } from '../core/spill.ts'

export interface ScratchOptions {
  /** Where objects go that do not fit in memory; without one all stay there. */
  readonly spill?: Spill
  /** Bytes to keep in memory: 64 MiB unless told. */
  readonly memoryLimit?: number
}

interface Kept {
  readonly kind: ObjectKind
  /** In memory, or where they are in the spill file. */
  readonly bytes: Uint8Array | { readonly offset: number; readonly length: number }
}

/** What a scratch is laid over: an object store, or a batch. */
export interface ScratchBase extends ObjectReader {
  has(id: Id): Promise<boolean>
  hasAtHand(id: Id): Promise<boolean>
}

/**
 * An object writer laid over a store whose new objects are never published: for knowing the id
 * that a file in the work tree would have, and for comparing it. `discard` when done.
 */
export function createScratch(base: ScratchBase, options: ScratchOptions = {}): Scratch {
  return new Scratch(base, options)
}

export class Scratch implements ObjectWriter {
  readonly #base: ScratchBase
  readonly #spill: Spill | undefined
  readonly #memoryLimit: number
  readonly #objects = new Map<Id, Kept>()
  #inMemory = 0
  #file: Promise<SpillFile> | undefined
  #fileLength = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(base: ScratchBase, options: ScratchOptions) {
    this.#base = base
    this.#spill = options.spill
    this.#memoryLimit = options.memoryLimit ?? 64 * 1024 * 1024
  }

  async put(kind: ObjectKind, canonical: Uint8Array): Promise<Id> {
    const id = hashObject(kind, canonical)
    if (this.#objects.has(id) || (await this.#base.hasAtHand(id))) return id
    // The caller may go on using its buffer. Not slice, which copies nothing of a Buffer.
    this.#objects.set(id, { kind, bytes: new Uint8Array(canonical) })
    this.#inMemory += canonical.length
    if (this.#spill !== undefined && this.#inMemory > this.#memoryLimit) {
      this.#writing = this.#writing.then(() => this.#writeOut(id))
      await this.#writing
    }
    return id
  }

  async has(id: Id): Promise<boolean> {
    return this.#objects.has(id) || (await this.#base.has(id))
  }

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    const kept = this.#objects.get(id)
    if (kept === undefined) return this.#base.read(id, kind)
    checkKind(id, kept.kind, kind)
    const { bytes } = kept
    return bytes instanceof Uint8Array
      ? bytes
      : (await this.#openFile()).range(bytes.offset, bytes.length)
  }

  /** Forgets the new objects. */
  async discard(): Promise<void> {
    this.#objects.clear()
    this.#inMemory = 0
    // A failed write has been reported to whoever waited for it.
    await this.#writing.catch(() => undefined)
    await (await this.#file)?.discard()
  }

  async #writeOut(id: Id): Promise<void> {
    const kept = this.#objects.get(id)
    if (kept === undefined || !(kept.bytes instanceof Uint8Array)) return
    const file = await this.#openFile()
    const { length } = kept.bytes
    await file.write(kept.bytes)
    this.#objects.set(id, { ...kept, bytes: { offset: this.#fileLength, length } })
    this.#fileLength += length
    this.#inMemory -= length
  }

  #openFile(): Promise<SpillFile> {
    if (this.#spill === undefined) throw new VarveError('io', 'a scratch has no file')
    this.#file ??= this.#spill.create()
    return this.#file
  }
}
