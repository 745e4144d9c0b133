import type { Operation } from './encoding/delta-operations.ts'
import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'

/** What makes a column of another; undefined where neither is stored as a difference to the other. */
export async function operationsBetween(
  reader: ObjectReader,
  old: Id,
  fresh: Id,
): Promise<readonly Operation[] | undefined> {
  const forth = await reader.rowsFrom?.(fresh)
  if (forth?.base === old) return forth.operations
  const back = await reader.rowsFrom?.(old)
  if (back?.base !== fresh) return undefined
  return back.operations.map(({ kept, left, put }) => ({ kept, left: put, put: left }))
}
