import type { ByteReader, ByteWriter } from '../bytes.ts'

// How a sequence comes from an earlier one, in one pass over that: after the last operation all the
// rest of it is kept. So what comes out is never longer than the earlier one and what is put in.
//
//   varint  number of operations
//   each:   varint elements kept, varint left out, varint put in

export interface Operation {
  readonly kept: number
  readonly left: number
  readonly put: number
}

export function writeOperations(writer: ByteWriter, operations: readonly Operation[]): void {
  writer.varint(operations.length)
  for (const { kept, left, put } of operations) writer.varint(kept).varint(left).varint(put)
}

export interface Operations {
  readonly list: readonly Operation[]
  /** Elements put in. */
  readonly put: number
  /** Elements of the base that are kept behind the last operation. */
  readonly rest: number
}

/**
 * Operations over a base of `length` elements, by which at most `limit` are put in; `corrupt-object`
 * where they do not fit.
 */
export function readOperations(reader: ByteReader, length: number, limit: number): Operations {
  const count = reader.varint()
  // Each takes three bytes at least.
  if (count * 3 > reader.remaining) throw reader.error('more operations than there is room for')
  const list: Operation[] = []
  let rest = length
  let put = 0
  for (let i = 0; i < count; i++) {
    const operation = { kept: reader.varint(), left: reader.varint(), put: reader.varint() }
    rest -= operation.kept + operation.left
    put += operation.put
    if (rest < 0 || put > limit) throw reader.error('operations that do not fit the base')
    list.push(operation)
  }
  return { list, put, rest }
}
