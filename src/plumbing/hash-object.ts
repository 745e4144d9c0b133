import type { ColumnType } from '../core/column.ts'
import { encodeColumn } from '../core/column-codec.ts'
import { type Id, hashObject as idOf, type ObjectKind } from '../core/id.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { lengthLimit } from '../storage/pack-encoding.ts'
import { readWhole } from './byte-lines.ts'
import { readValues, type ValueTextOptions } from './values-in.ts'

/** Bytes to make an object of, and what errors call them. */
export interface HashObjectInput {
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface HashObjectOptions extends ValueTextOptions {
  /** Read a column of this type, one value a line; without it the bytes are taken as they are. */
  readonly type?: ColumnType
  /** Where to store the objects, as one pack; without it only their ids are computed. */
  readonly store?: ObjectStore
  readonly signal?: AbortSignal
}

export interface HashObjectResult {
  readonly id: Id
  readonly kind: 'blob' | 'column'
  /** Of the canonical bytes. */
  readonly size: number
  /** Values of a column. */
  readonly rows?: number
}

/**
 * The objects that the inputs make, in their order: `column` objects under a type, else `blob`s,
 * with the id that git gives the same bytes. All are stored, or none.
 */
export async function hashObject(
  inputs: Iterable<HashObjectInput> | AsyncIterable<HashObjectInput>,
  options: HashObjectOptions = {},
): Promise<HashObjectResult[]> {
  const { store, signal } = options
  const batch = await store?.begin(signal === undefined ? {} : { signal })
  const put = async (kind: ObjectKind, canonical: Uint8Array) =>
    batch === undefined ? idOf(kind, canonical) : batch.put(kind, canonical)
  const results: HashObjectResult[] = []
  try {
    for await (const { name, bytes } of inputs) {
      if (options.type === undefined) {
        const content = await readWhole(bytes, lengthLimit('blob'))
        results.push({ id: await put('blob', content), kind: 'blob', size: content.length })
      } else {
        const column = await readValues(bytes, options.type, name, options)
        const canonical = encodeColumn(column)
        const id = await put('column', canonical)
        results.push({ id, kind: 'column', size: canonical.length, rows: column.length })
      }
    }
    await batch?.publish()
    return results
  } finally {
    await batch?.discard()
  }
}
