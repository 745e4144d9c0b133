import type { Scalar } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { escapeJson } from '../core/json-text.ts'
import { scalarToJson } from '../core/scalar-text.ts'
import type { Frame } from '../core/schema.ts'
import type { Zone } from '../core/zone.ts'

/**
 * A frame's rows as JSON, one object a line, keys in the order of the columns. Written piece by
 * piece: a column may be called `__proto__`. Times are in `zone`, or in UTC.
 */
export function frameToJsonLines(frame: Frame, zone?: Zone): string {
  return frame.rows === 0 ? '' : escapeJson(`${rowTexts(frame, zone).join('\n')}\n`)
}

/** Frames as one JSON document: an array with an object a row, each on a line of its own. */
export async function* framesToJson(
  frames: AsyncIterable<Frame>,
  zone?: Zone,
): AsyncGenerator<Uint8Array, void, void> {
  let before = '[\n'
  for await (const frame of frames) {
    if (frame.rows === 0) continue
    yield Buffer.from(escapeJson(before + rowTexts(frame, zone).join(',\n')))
    before = ',\n'
  }
  yield Buffer.from(before === '[\n' ? '[]\n' : '\n]\n')
}

function rowTexts({ schema, columns, rows }: Frame, zone: Zone | undefined): string[] {
  const heads = schema.columns.map(
    ({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`,
  )
  return Array.from({ length: rows }, (_, row) => {
    let line = ''
    columns.forEach((column, i) => {
      const value: Scalar = scalarAt(column, row)
      // JSON.stringify would print the 0 of −0.
      const json = Object.is(value, -0)
        ? '-0'
        : JSON.stringify(scalarToJson(value, column.type, zone))
      line += heads[i] + json
    })
    return `${line}}`
  })
}
