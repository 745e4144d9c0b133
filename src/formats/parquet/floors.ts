import type { ColumnKind } from './column-kind.ts'
import type { RowGroup } from './footer.ts'

/**
 * The least value of a column, as its statistics say, in the row group at each row number and in all
 * after it; only where every one of these says it, and of whole numbers with a sign.
 */
export function columnFloors(
  groups: readonly RowGroup[],
  at: number,
  { physical, as, type }: ColumnKind,
): ReadonlyMap<number, number | bigint> {
  const floors = new Map<number, number | bigint>()
  const isSigned = physical === 'INT64' || physical === 'INT32'
  if (!isSigned || as !== 'same' || type.startsWith('uint')) return floors
  let end = groups.reduce((sum, { rows }) => sum + rows, 0)
  let least: number | bigint | undefined
  for (const { rows, chunks } of [...groups].reverse()) {
    end -= rows
    if (rows === 0) continue
    const statistics = chunks[at]?.meta.statistics
    const min = statistics?.min_value ?? statistics?.min
    if (typeof min !== 'bigint' && typeof min !== 'number') break
    if (least === undefined || min < least) least = min
    floors.set(end, least)
  }
  return floors
}
