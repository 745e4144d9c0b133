import { decodeCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import { decodeTag } from '../core/tag.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { showObject } from './show-object.ts'

/** What an object is. */
export interface ObjectHeader {
  readonly id: Id
  readonly kind: ObjectKind
  /** Of the canonical bytes. */
  readonly size: number
}

/** Kind and size of an object; `object-not-found` when it is not there. */
export async function statObject(store: ObjectStore, id: Id): Promise<ObjectHeader> {
  const { kind, bytes } = await store.readAny(id)
  return { id, kind, size: bytes.length }
}

/** An object as a person reads it. */
export async function* catObject(store: ObjectStore, id: Id): AsyncGenerator<Uint8Array | string> {
  yield* showObject(store, id, await store.readAny(id))
}

/**
 * The canonical bytes of an object of this kind: the one with the id, or what it leads to, through
 * tags and from a commit to its tree. `bad-input` where it leads to no such object.
 */
export async function catCanonical(
  store: ObjectStore,
  id: Id,
  wanted: ObjectKind,
): Promise<Uint8Array> {
  let at = id
  let found = await store.readAny(at)
  for (;;) {
    if (found.kind === wanted) return found.bytes
    const next = leadsTo(found)
    if (next === undefined) break
    at = next
    found = await store.readAny(at)
  }
  throw new VarveError('bad-input', `${at} is a ${found.kind}, not a ${wanted}`, {
    data: { id: at, kind: found.kind, expected: wanted },
  })
}

function leadsTo({ kind, bytes }: StoredObject): Id | undefined {
  if (kind === 'tag') return decodeTag(bytes).object
  if (kind === 'commit') return decodeCommit(bytes).tree
  return undefined
}
