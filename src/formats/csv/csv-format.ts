import type { InputTable, TableFormat } from '../table.ts'
import { inferCsv } from './infer-csv.ts'
import { readCsv, readCsvHeader } from './read-csv.ts'
import type { CsvDialect } from './stream.ts'
import { writeCsv } from './write-csv.ts'

/** Tables of text: see `docs/csv.md`. */
export const csvFormat: TableFormat = {
  columns: (input) => readCsvHeader(input.open(), dialectOf(input)),
  infer: (input, options) => {
    if (input.once !== true) input.willRead?.(2)
    const source = input.once === true ? input.open() : () => input.open()
    return inferCsv(source, { ...dialectOf(input), ...options })
  },
  read: (input, { schema, subset = false, onEmptyRows }) =>
    readCsv(input.open(), { ...dialectOf(input), schema, subset, onEmptyRows }),
  write: (schema, frames, { header, delimiter } = {}) =>
    writeCsv(schema, frames, {
      ...(header !== undefined && { header }),
      ...(delimiter !== undefined && { delimiter }),
    }),
}

function dialectOf({ name, reading }: InputTable): CsvDialect {
  return { file: name, delimiter: reading?.delimiter }
}
