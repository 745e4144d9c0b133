import { VarveError } from '../core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../core/id.ts'
import type { ObjectReader, ObjectWriter, StoredObject } from '../core/objects.ts'
import type { Spill, SpillFile } from '../core/spill.ts'
import { decodeBody, encodeBody } from './pack-encoding.ts'

export interface ScratchOptions {
  /** Where bodies go that do not fit in memory; without one all stay there. */
  readonly spill?: Spill
  /** Compressed bytes to keep in memory: 64 MiB unless told. */
  readonly memoryLimit?: number
}

interface Kept {
  readonly kind: ObjectKind
  readonly method: number
  readonly length: number
  /** In memory, or where it is in the spill file. */
  readonly body: Uint8Array | { readonly offset: number; readonly length: number }
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
    const { method, body } = await encodeBody(kind, canonical, 1)
    if (this.#objects.has(id)) return id
    // The caller may go on using its buffer. Not slice, which copies nothing of a Buffer.
    const own = body === canonical ? new Uint8Array(body) : body
    this.#objects.set(id, { kind, method, length: canonical.length, body: own })
    this.#inMemory += own.length
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
    if (kept.kind !== kind) {
      throw new VarveError('corrupt-object', `object ${id} is a ${kept.kind}, not a ${kind}`, {
        data: { id, kind: kept.kind, expected: kind },
      })
    }
    return (await this.#decode(kept)).bytes
  }

  /** Forgets the new objects. */
  async discard(): Promise<void> {
    this.#objects.clear()
    this.#inMemory = 0
    // A failed write has been reported to whoever waited for it.
    await this.#writing.catch(() => undefined)
    await (await this.#file)?.discard()
  }

  async #decode({ kind, method, length, body }: Kept): Promise<StoredObject> {
    const bytes =
      body instanceof Uint8Array
        ? body
        : await (await this.#openFile()).range(body.offset, body.length)
    return { kind, bytes: await decodeBody(method, bytes, length) }
  }

  async #writeOut(id: Id): Promise<void> {
    const kept = this.#objects.get(id)
    if (kept === undefined || !(kept.body instanceof Uint8Array)) return
    const file = await this.#openFile()
    const { length } = kept.body
    await file.write(kept.body)
    this.#objects.set(id, { ...kept, body: { offset: this.#fileLength, length } })
    this.#fileLength += length
    this.#inMemory -= length
  }

  #openFile(): Promise<SpillFile> {
    if (this.#spill === undefined) throw new VarveError('io', 'a scratch has no file')
    this.#file ??= this.#spill.create()
    return this.#file
  }
}
