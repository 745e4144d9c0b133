import { openUnpacked } from '../decompress.ts'
import type { InputTable, TableFormat } from '../table.ts'
import { parseDateLayout } from './date-layout.ts'
import { inferCsv } from './infer-csv.ts'
import { readCsv, readCsvHeader } from './read-csv.ts'
import type { ByteSource, CsvDialect } from './stream.ts'
import { writeCsv } from './write-csv.ts'

/** Tables of text: see `docs/csv.md`. */
export const csvFormat: TableFormat = {
  columns: (input) => readCsvHeader(openLent(input), dialectOf(input)),
  infer: (input, options) => {
    const all = { ...dialectOf(input), ...options }
    if (input.once === true) return inferCsv(openLent(input), all)
    if (options.mayGuess !== true) input.willRead?.(2)
    let times = 0
    const open = (): ByteSource => {
      // Where a guess was wrong, and only then.
      if (++times === 2 && options.mayGuess === true) input.willRead?.(2)
      return openLent(input)
    }
    return inferCsv(open, all)
  },
  read: (input, options) => readCsv(sourceOf(input), { ...dialectOf(input), ...options }),
  write: (schema, frames, options) => writeCsv(schema, frames, options),
}

/** Who reads CSV takes what it needs of a piece before it asks for the next. */
function openLent(input: InputTable): ByteSource {
  return openUnpacked(input, { isLent: true })
}

/** The bytes: once, or as often as they are asked for. */
function sourceOf(input: InputTable): ByteSource | (() => ByteSource) {
  return input.once === true ? openLent(input) : () => openLent(input)
}

function dialectOf({ name, reading }: InputTable): CsvDialect {
  if (reading === undefined) return { file: name }
  const { format: _, dateFormat, ...dialect } = reading
  const layout = dateFormat === undefined ? undefined : parseDateLayout(dateFormat)
  return { file: name, ...dialect, dateFormat: layout }
}
