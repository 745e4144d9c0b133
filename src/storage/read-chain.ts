import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import { decodeObject } from './decode-object.ts'
import { isDelta } from './pack-encoding.ts'
import type { PackRecord } from './pack-record.ts'

/** An object as it was read, with what that took. */
export interface ReadObject extends StoredObject {
  /** Differences that lead to it, as its record says: 0 where it is stored whole. */
  readonly depth: number
  /** Canonical bytes that were made on the way, its own among them. */
  readonly walked: number
}

/** Objects are stored at most so many differences away from one that is whole. */
export const MAX_DEPTH = 500
/** … and where making them takes at most so many bytes: some tens of milliseconds. */
export const MAX_WALKED = 1 << 24
/** What is read may lie deeper, but not by much: whoever wrote it may have had another limit. */
const MAX_READ_DEPTH = 4096

/** A verified record, and what to call the pack that it is in. */
export interface FoundRecord {
  readonly record: PackRecord
  readonly pack: string
}

export interface ChainOptions {
  /**
   * The object with this id, decoded, or a record of it, one whose depth is less than `below` if there is
   * any; undefined where there is none.
   */
  find(id: Id, below: number): Promise<ReadObject | FoundRecord | undefined>
  /** Is told of every object on the way. */
  keep?(id: Id, object: ReadObject): void
}

/**
 * Decodes a record, through as many bases as there are. From base to base the depth becomes less, but
 * where a base was stored in another way since. `corrupt-object` where a chain comes back to where it was
 * or is endless, and where a base is not there.
 */
export async function readChain(
  first: FoundRecord,
  { find, keep }: ChainOptions,
): Promise<ReadObject> {
  const chain = [first]
  const passed = new Set([first.record.id])
  let object: ReadObject | undefined
  for (let { record, pack } = first; record.base !== undefined; ) {
    const { base, depth = 0 } = record
    if (!isDelta(record.method)) break
    if (depth > MAX_READ_DEPTH || chain.length > MAX_READ_DEPTH) {
      throw broken(first, record, `${Math.max(depth, chain.length)} differences lead to it`)
    }
    if (passed.has(base))
      throw broken(first, record, `it is made of object ${base}, which is made of it`)
    passed.add(base)
    const found = await find(base, depth)
    if (found === undefined) {
      throw broken(first, record, `in pack ${pack} it is a difference to ${base}, which is missing`)
    }
    if (!('record' in found)) {
      object = found
      break
    }
    chain.push(found)
    record = found.record
    pack = found.pack
  }
  for (let link = chain.pop(); link !== undefined; link = chain.pop()) {
    const decoded = await decodeObject(link.record, link.pack, object)
    object = {
      ...decoded,
      // What the record says, as its base may have been found where fewer lead to it: another object
      // that is made of this one must say more than this record does.
      depth: link.record.depth ?? 0,
      walked: (object?.walked ?? 0) + decoded.bytes.length,
    }
    keep?.(link.record.id, object)
  }
  return object!
}

function broken(first: FoundRecord, at: PackRecord, reason: string): VarveError {
  const { id } = first.record
  const what = at.id === id ? reason : `it is made of object ${at.id}: ${reason}`
  return new VarveError('corrupt-object', `object ${id} cannot be read: ${what}`, {
    data: { id, pack: first.pack, ...(at.base === undefined ? {} : { base: at.base }) },
    hint: 'varve fsck lists what else is damaged; another copy of the repository may have it',
  })
}
