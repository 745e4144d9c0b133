import { hasCode, VarveError } from '../core/errors.ts'
import { checkCollectionName, escapeControl } from '../core/names.ts'
import { type LakotaSchema, parseLakotaSchema } from '../formats/lakota/schema.ts'
import { lakotaTable } from '../formats/lakota/table.ts'
import type { InputTable } from '../formats/table.ts'
import { readWhole } from '../plumbing/byte-lines.ts'
import type {
  ExportedCollection,
  ExportedTable,
  LakotaExport,
} from '../plumbing/find-lakota-export.ts'
import type { Repository } from '../plumbing/repository.ts'
import { type AddFilesResult, addFiles } from './add-files.ts'
import type { ChangeOptions } from './apply-change.ts'

export interface ImportLakotaExportOptions extends ChangeOptions {
  /** What was found in the folder: see `findLakotaExport`. */
  readonly found: LakotaExport
  /** The table in a file. */
  readonly tableOf: (table: ExportedTable) => InputTable
  /** The collection that all goes to, with or without `/`; the root unless given. */
  readonly into?: string | undefined
  /** Whether new series allow rows with equal keys, as Lakota does not forbid. */
  readonly duplicates?: boolean | undefined
  /** Whether any number of rows may vanish from series that are there. */
  readonly allowDeletes?: boolean | undefined
  readonly onSeries?: ((path: string) => void) | undefined
}

/** A schema is small; what is larger is none. */
const MOST_SCHEMA_BYTES = 16 * 1024 * 1024

/**
 * Makes series equal to the tables of Lakota's export, all of them at once or none: collections and
 * labels become paths, and each series has the columns, types and index that the schema of its
 * collection says. Series that are there are treated as `addFiles` does.
 *
 * `bad-input` where a schema or a table is not what it should be; `refused` when too many rows
 * would vanish.
 */
export async function importLakotaExport(
  repo: Repository,
  options: ImportLakotaExportOptions,
): Promise<AddFilesResult> {
  const { found, tableOf, into, ...rest } = options
  const prefix = into === undefined || into === '' ? '' : `${checkCollectionName(into)}/`
  const files: { series: string; input: InputTable }[] = []
  for (const collection of found.collections) {
    const lakota = await readSchema(collection, options.duplicates === true)
    for (const table of collection.tables) {
      const series = prefix + table.series
      files.push({ series, input: lakotaTable(tableOf(table), lakota) })
    }
  }
  if (files.length === 0) {
    const schemas = found.collections.map(({ schemaFile }) => schemaFile)
    throw new VarveError('file-not-found', `there is no table beside ${schemas.join(', ')}`, {
      data: { schemas },
    })
  }
  try {
    return await addFiles(repo, files, { ...rest, allowEmpty: true })
  } catch (error) {
    // The index is what the schema says, so that equal keys can only be allowed.
    const isAboutKeys = hasCode(error, 'bad-input') && error.data.expected === 'keys that differ'
    if (!isAboutKeys) throw error
    throw new VarveError(error.code, error.message, {
      data: error.data,
      hint: '--duplicates allows rows with equal keys',
      cause: error,
    })
  }
}

async function readSchema(
  { schemaFile, readSchema }: ExportedCollection,
  duplicates: boolean,
): Promise<LakotaSchema> {
  try {
    const text = new TextDecoder().decode(await readWhole(readSchema(), MOST_SCHEMA_BYTES))
    return parseLakotaSchema(text, schemaFile, duplicates)
  } catch (error) {
    if (!hasCode(error, 'too-large')) throw error
    throw new VarveError(error.code, `${escapeControl(schemaFile)}: ${error.message}`, {
      data: { ...error.data, file: schemaFile },
      cause: error,
    })
  }
}
