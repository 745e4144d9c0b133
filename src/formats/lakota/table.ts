import { type Column, isNull, isTimestampType } from '../../core/column.ts'
import { ColumnBuilder } from '../../core/column-builder.ts'
import { rawColumn } from '../../core/column-layout.ts'
import { scalarAt } from '../../core/column-ops.ts'
import { hasCode } from '../../core/errors.ts'
import { parseScalar } from '../../core/scalar-text.ts'
import type { ColumnSpec } from '../../core/schema.ts'
import { badInput, quoteText } from '../bad-input.ts'
import type { SourceFrame } from '../source-frame.ts'
import type { InputTable } from '../table.ts'
import { formatOf, openFormat, readAs } from '../table-formats.ts'
import type { LakotaSchema } from './schema.ts'

/**
 * A table of Lakota's export, whose types are known. Its times are UTC, whatever the zone of the
 * series that it goes to. In CSV it is what Python's `csv` makes of numpy's values: `NaT` where there
 * is no time, nothing for the empty string.
 */
export function lakotaTable(input: InputTable, lakota: LakotaSchema): InputTable {
  const { columns, indexCount } = lakota.schema
  const isCsv = formatOf(input) === 'csv'
  const isTime = ({ type }: ColumnSpec, at: number): boolean =>
    isCsv && at >= indexCount && (isTimestampType(type) || type === 'date')
  const schema = {
    ...lakota.schema,
    columns: columns.map((column, at) =>
      isTime(column, at) ? { name: column.name, type: 'string' as const } : column,
    ),
  }
  const places = new Map(columns.map(({ name }, at) => [name, at]))
  const converted = (frame: SourceFrame, before: number, at: number): Column => {
    const column = frame.columns[at]!
    const spec = columns[at]!
    if (isTime(spec, at)) return times(column, spec, input.name, frame, before)
    return isCsv && lakota.texts.has(spec.name) ? withoutNulls(column) : column
  }
  return {
    ...input,
    async *open() {},
    async typed() {
      const format = await openFormat(formatOf(input))
      return {
        columns,
        index: columns.slice(0, indexCount).map(({ name }) => name),
        async *batches(names) {
          let before = 0
          for await (const frame of format.read(readAs(input, { zone: 'UTC' }), { schema })) {
            if (frame.rows > 0)
              yield names.map((name) => converted(frame, before, places.get(name)!))
            before += frame.rows
          }
        },
        close: async () => undefined,
      }
    },
  }
}

/** The same texts, nothing being the empty one: its bytes are none either way. */
function withoutNulls({ type, length, values, offsets }: Column): Column {
  return rawColumn(type, length, values, undefined, offsets)
}

function times(
  texts: Column,
  { name, type }: ColumnSpec,
  file: string,
  { source }: SourceFrame,
  before: number,
): Column {
  const builder = new ColumnBuilder(type, texts.length)
  for (let row = 0; row < texts.length; row++) {
    const text = isNull(texts, row) ? 'NaT' : String(scalarAt(texts, row))
    if (text === 'NaT') {
      builder.appendNull()
      continue
    }
    try {
      builder.append(parseScalar(text, type))
    } catch (error) {
      if (!hasCode(error, 'invalid-value')) throw error
      const line = source?.lines[row]
      const place = line ? { line, column: 1 } : { row: before + row + 1, field: name }
      const data = { field: name, value: text }
      throw badInput({ file, place, found: quoteText(text), expected: type, data, cause: error })
    }
  }
  return builder.finish()
}
