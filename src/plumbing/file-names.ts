import type { TableFormatName } from '../formats/table.ts'
import { formatOfName, tableEndings, withoutFormat } from '../formats/table-formats.ts'
import type { Repository } from './repository.ts'

/** Files that hold all kinds of things: one is a table only where somebody says so. */
const OF_ANYTHING = /\.(?:txt|json)(?:\.(?:gz|zst))?$/i

/** The endings of files that are series'. */
export const seriesEndings: readonly string[] = tableEndings.filter(
  (ending) => !OF_ANYTHING.test(`.${ending}`),
)

/** The series that a file would be, by the ending of its name; undefined for one of another kind. */
export function seriesOfFile(file: string): string | undefined {
  if (formatOfName(file) === undefined || OF_ANYTHING.test(file)) return undefined
  const path = withoutFormat(file)
  return path === '' || path.endsWith('/') ? undefined : path
}

/** The file in the work tree that a series gets which never had one: `checkout.format` says. */
export function newFileOf({ config }: Pick<Repository, 'config'>, path: string): string {
  const format = config.get('checkout.format') as TableFormatName | undefined
  return `${path}.${(format && ENDING_OF[format]) ?? 'csv'}`
}

const ENDING_OF: Readonly<Partial<Record<TableFormatName, string>>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  parquet: 'parquet',
  arrow: 'arrow',
}

/** A file for another series with the endings that a series' file has. */
export function fileLike(path: string, file: string): string {
  return path + file.slice(withoutFormat(file).length)
}
