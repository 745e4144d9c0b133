import type { Operation } from './encoding/delta-operations.ts'
import { VarveError } from './errors.ts'
import type { Id, ObjectKind } from './id.ts'

/** An object's kind and canonical bytes. */
export interface StoredObject {
  readonly kind: ObjectKind
  readonly bytes: Uint8Array
}

/** The bytes of an object that was found; `corrupt-object` where it is not of the kind that names it. */
export function bytesOfKind(id: Id, found: StoredObject, kind: ObjectKind): Uint8Array {
  checkKind(id, found.kind, kind)
  return found.bytes
}

/** `corrupt-object` where an object is not of the kind that what names it says. */
export function checkKind(id: Id, kind: ObjectKind, expected: ObjectKind): void {
  if (kind === expected) return
  throw new VarveError('corrupt-object', `object ${id} is a ${kind}, not a ${expected}`, {
    data: { id, kind, expected },
  })
}

/** Where the model reads objects from. */
export interface ObjectReader {
  /**
   * The object's canonical bytes; `object-not-found` when it is not there, `corrupt-object` when
   * its bytes do not check or it is not of `kind`.
   */
  read(id: Id, kind: ObjectKind): Promise<Uint8Array>

  /**
   * How a column is made of another, where that is how it is stored: a look, in place of making both and
   * comparing them. Not every reader can tell.
   */
  rowsFrom?(id: Id): Promise<RowsFrom | undefined>
}

/** A column as a difference to another. */
export interface RowsFrom {
  readonly base: Id
  /** Not checked against the rows of either. */
  readonly operations: readonly Operation[]
}

export interface PutOptions {
  /**
   * The object in whose place this one stands: an earlier version of it, as the difference between the
   * two may be all that is stored. A hint, which a writer may ignore.
   */
  readonly base?: Id | undefined
  /**
   * The caller goes on before it has the id, so that another thread may work on the object: its bytes
   * stay as they are until then. A hint, which a writer may ignore.
   */
  readonly later?: boolean | undefined
}

/** Where the model puts objects; what was put can be read at once. */
export interface ObjectWriter extends ObjectReader {
  /**
   * Stores an object unless it is there, and returns its id. May wait for the disk. Objects are stored
   * in the order of the calls, whether or not each of them is waited for.
   */
  put(kind: ObjectKind, canonical: Uint8Array, options?: PutOptions): Promise<Id>

  /**
   * Says that a table of so many bytes is about to be read, whose columns are to come: whoever has other threads work on
   * them may start these meanwhile. A hint, which a writer may ignore.
   */
  expect?(bytes: number): void
}

/** Whether objects of a kind hold values, which may be many: all others are small. */
export function isValue(kind: ObjectKind): boolean {
  return kind === 'column' || kind === 'blob'
}
