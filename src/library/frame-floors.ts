import { isBytesType, type Scalar } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { encodeKeys, isIndexType, type Keys } from '../core/key.ts'
import type { Frame } from '../core/schema.ts'

/**
 * The value of a column by its row, where it never falls from one row to the next: then it is the least of that
 * row and all after it. Nothing where it falls somewhere, or where to look would cost more than to sort.
 *
 * @param position of the column in every frame
 */
export function frameFloors(
  frames: readonly Frame[],
  position: number,
): Pick<ReadonlyMap<number, Scalar>, 'get'> {
  const filled = frames.filter((frame) => frame.rows > 0)
  if (!rises(filled, position)) return new Map()
  const starts: number[] = []
  let rows = 0
  for (const frame of filled) {
    starts.push(rows)
    rows += frame.rows
  }
  return {
    get(row) {
      // Asked for each frame: a search of all would take the square of their number.
      let at = -1
      for (let low = 0, high = starts.length; low < high; ) {
        const middle = (low + high) >>> 1
        if (starts[middle]! > row) high = middle
        else {
          at = middle
          low = middle + 1
        }
      }
      const frame = filled[at]
      if (frame === undefined || row >= rows) return undefined
      return scalarAt(frame.columns[position]!, row - starts[at]!)
    },
  }
}

function rises(frames: readonly Frame[], position: number): boolean {
  let last: Keys | undefined
  for (const frame of frames) {
    const column = frame.columns[position]
    if (column === undefined || column.validity !== undefined) return false
    const { type } = column
    if (!isIndexType(type) || isBytesType(type) || type.startsWith('float')) return false
    const keys = encodeKeys([column])
    if (last !== undefined && last.compare(last.length - 1, keys, 0) > 0) return false
    if (keys.firstDescending() < keys.length) return false
    last = keys
  }
  return true
}
