import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id, type ObjectKind } from '../../src/core/id.ts'
import type { ObjectWriter, PutOptions, StoredObject } from '../../src/core/objects.ts'

/** Objects in a map, counting what is asked of it. */
export class MemoryObjects implements ObjectWriter {
  readonly objects = new Map<Id, StoredObject>()
  /** What each was said to be like when it was last put. */
  readonly bases = new Map<Id, Id | undefined>()
  reads = 0
  /** Calls of `put`, whether or not the object was there. */
  puts = 0

  async read(id: Id, kind: ObjectKind): Promise<Uint8Array> {
    this.reads++
    const found = this.objects.get(id)
    if (found === undefined) throw new VarveError('object-not-found', `no object ${id}`)
    if (found.kind !== kind) {
      throw new VarveError('corrupt-object', `${id} is a ${found.kind}, not a ${kind}`)
    }
    return found.bytes
  }

  async put(kind: ObjectKind, canonical: Uint8Array, options: PutOptions = {}): Promise<Id> {
    this.puts++
    const id = hashObject(kind, canonical)
    this.bases.set(id, options.base)
    if (!this.objects.has(id)) this.objects.set(id, { kind, bytes: canonical.slice() })
    return id
  }

  resetCounts(): void {
    this.reads = 0
    this.puts = 0
  }
}
