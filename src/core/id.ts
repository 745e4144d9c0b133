import { createHash, hash } from 'node:crypto'
import { VarveError } from './errors.ts'

/** The kinds of object, which are also the word their hashed bytes begin with. */
export const objectKinds = [
  'blob',
  'column',
  'columns',
  'segments',
  'series',
  'settings',
  'tree',
  'commit',
  'tag',
] as const
export type ObjectKind = (typeof objectKinds)[number]

/**
 * An object's id: SHA-256 of `kind SP decimal-length NUL canonical-bytes`, as 64 lower-case
 * hex digits. For kind `blob` (bytes without a type) it is the id git gives the same bytes in a
 * SHA-256 repository.
 */
export type Id = string & { readonly __brand: 'Id' }

export const ID_BYTES = 32

/** The id of an object from its kind and canonical bytes. */
export function hashObject(kind: ObjectKind, canonical: Uint8Array): Id {
  const head = `${kind} ${canonical.length}\0`
  if (canonical.length <= ONE_CALL_BYTES) {
    return hash('sha256', Buffer.concat([Buffer.from(head, 'latin1'), canonical]), 'hex') as Id
  }
  return createHash('sha256').update(head).update(canonical).digest('hex') as Id
}

/** Up to here copying the bytes costs less than setting up a hash that takes them in pieces. */
const ONE_CALL_BYTES = 1024

const FULL_ID = /^[0-9a-f]{64}$/

/** The first digits of an id, for people: everywhere as many. */
export function shortId(id: string): string {
  return id.slice(0, 7)
}

/** Whether `text` is a whole id (64 lower-case hex digits). */
export function isId(text: string): text is Id {
  return FULL_ID.test(text)
}

/** Reads a whole id; `invalid-id` when it is not 64 hex digits. */
export function parseId(text: string): Id {
  const lower = text.toLowerCase()
  if (!isId(lower)) {
    throw new VarveError('invalid-id', `not an object id: ${JSON.stringify(text)}`, {
      hint: 'an id is 64 hexadecimal digits; shorter ones are taken where a revision is',
    })
  }
  return lower
}

/** The 32 raw bytes of an id. */
export function idToBytes(id: Id): Uint8Array {
  return Buffer.from(id, 'hex')
}

/** The id whose 32 raw bytes start at `offset`. */
export function idFromBytes(bytes: Uint8Array, offset = 0): Id {
  if (offset + ID_BYTES > bytes.length) {
    throw new VarveError('corrupt-object', 'an id is cut short')
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, ID_BYTES).toString('hex') as Id
}
