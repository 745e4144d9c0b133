import { VarveError } from '../core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../core/id.ts'
import { bytesOfKind, type ObjectReader, type StoredObject } from '../core/objects.ts'
import type { Repository } from '../plumbing/repository.ts'
import { asFault } from './fsck-fault.ts'

/**
 * Reads objects and compares the SHA-256 of each with its id, the first time that it is read. Errors say in their
 * data which object could not be read (`id`), and `damaged` where that is for what another is like.
 */
export class CheckingReader implements ObjectReader {
  readonly #store: Repository['objects']
  readonly #verified = new Set<Id>()
  #bytes = 0

  constructor(store: Repository['objects']) {
    this.#store = store
  }

  /** Canonical bytes of the objects that were verified. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether the object was read, and is what its id says. */
  hasVerified(id: Id): boolean {
    return this.#verified.has(id)
  }

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    return bytesOfKind(id, await this.readAny(id), kind)
  }

  async readAny(id: Id): Promise<StoredObject> {
    let found: StoredObject
    try {
      found = await this.#store.readAny(id)
    } catch (error) {
      throw about(asFault(error), id)
    }
    if (this.#verified.has(id)) return found
    if (hashObject(found.kind, found.bytes) !== id) {
      throw new VarveError('corrupt-object', `the bytes of object ${id} are not its own`, {
        data: { id },
      })
    }
    this.noteVerified(id, found.bytes.length)
    return found
  }

  /** An object that was compared with its id elsewhere. */
  noteVerified(id: Id, length: number): void {
    if (this.#verified.has(id)) return
    this.#verified.add(id)
    this.#bytes += length
  }
}

/** An error met when `id` was read, as one about that. */
function about(error: VarveError, id: Id): VarveError {
  const { id: damaged } = error.data
  if (damaged === id) return error
  return new VarveError(error.code, `object ${id} cannot be read: ${error.message}`, {
    data: { ...error.data, id, ...(typeof damaged === 'string' && { damaged }) },
    cause: error,
  })
}
