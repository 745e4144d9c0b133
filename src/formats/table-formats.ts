import type { InputTable, Reading, TableFormat, TableFormatName } from './table.ts'

const ENDINGS: ReadonlyMap<string, TableFormatName> = new Map([
  ['csv', 'csv'],
  ['tsv', 'csv'],
  ['txt', 'csv'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['json', 'ndjson'],
  ['parquet', 'parquet'],
  ['pq', 'parquet'],
  ['arrow', 'arrow-file'],
  ['feather', 'arrow-file'],
  ['arrows', 'arrow'],
])

/** Endings of files that are packed: what is before them says what is inside. */
const PACKED = /\.(?:gz|zst)$/i

/** Whether the ending of a file's name says that it is packed. */
export function isPacked(name: string): boolean {
  return PACKED.test(name)
}

/** The format that the ending of a file's name says; undefined where it says none. */
export function formatOfName(name: string): TableFormatName | undefined {
  const ending = /\.([^./\\]+)$/.exec(name.replace(PACKED, ''))?.[1]
  return ending === undefined ? undefined : ENDINGS.get(ending.toLowerCase())
}

/** All endings that say a format, without the dot. */
export const tableEndings: readonly string[] = [...ENDINGS.keys()]

/** A file's name without the endings that say its format. */
export function withoutFormat(name: string): string {
  const plain = name.replace(PACKED, '')
  return formatOfName(plain) === undefined ? plain : plain.replace(/\.[^./\\]+$/, '')
}

/** The format of a table, by what is said about it or its name; CSV where neither says. */
export function formatOf({ name, reading }: Pick<InputTable, 'name' | 'reading'>): TableFormatName {
  return reading?.format ?? formatOfName(name) ?? 'csv'
}

/** Loads a format: some take a library that no other command needs. */
export async function openFormat(name: TableFormatName): Promise<TableFormat> {
  switch (name) {
    case 'csv':
      return (await import('./csv/csv-format.ts')).csvFormat
    case 'ndjson':
      return (await import('./ndjson/ndjson-format.ts')).ndjsonFormat
    case 'arrow':
      return (await import('./arrow/arrow-format.ts')).arrowStreamFormat
    case 'arrow-file':
      return (await import('./arrow/arrow-format.ts')).arrowFileFormat
    case 'parquet':
      return (await import('./parquet/parquet-format.ts')).parquetFormat
  }
}

/** What reads a table: its format, or for rows in memory what takes them as they are. */
export async function openReader(
  input: InputTable,
): Promise<Pick<TableFormat, 'columns' | 'infer' | 'read'>> {
  if (input.typed === undefined) return openFormat(formatOf(input))
  const { typedFormat } = await import('./typed-table.ts')
  return typedFormat(({ typed }) => typed!())
}

/** The same table, read otherwise in some respect. */
export function readAs(input: InputTable, reading: Reading): InputTable {
  return { ...input, reading: { ...input.reading, ...reading } }
}
