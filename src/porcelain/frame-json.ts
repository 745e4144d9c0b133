import type { Scalar } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { escapeJson } from '../core/json-text.ts'
import { scalarToJson } from '../core/scalar-text.ts'
import type { Frame } from '../core/schema.ts'

/**
 * A frame's rows as JSON, one object a line, keys in the order of the columns. Written piece by
 * piece: a column may be called `__proto__`.
 */
export function frameToJsonLines({ schema, columns, rows }: Frame): string {
  const heads = schema.columns.map(
    ({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`,
  )
  let lines = ''
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, i) => {
      const value: Scalar = scalarAt(column, row)
      // JSON.stringify would print the 0 of −0.
      const json = Object.is(value, -0) ? '-0' : JSON.stringify(scalarToJson(value, column.type))
      lines += heads[i] + json
    })
    lines += '}\n'
  }
  return escapeJson(lines)
}
