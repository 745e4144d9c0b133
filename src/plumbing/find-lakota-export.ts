import { VarveError } from '../core/errors.ts'
import { LAKOTA_SCHEMA_FILE } from '../formats/lakota/schema.ts'
import { lookAtPath } from '../storage/read-file.ts'
import { openWorkTree } from '../storage/work-tree.ts'
import { seriesOfFile } from './file-names.ts'
import type { GivenPath } from './find-tables.ts'

/** A table in a folder of Lakota's export. */
export interface ExportedTable {
  /** The collection with what Lakota calls the label, as a path. */
  readonly series: string
  /** As the user would write it. */
  readonly name: string
  readonly absolute: string
  readonly bytes: number
}

/** A collection of Lakota's: a folder with a schema, and tables in it and in folders inside. */
export interface ExportedCollection {
  /** What messages call the file with the schema. */
  readonly schemaFile: string
  readonly readSchema: () => AsyncIterable<Uint8Array>
  readonly tables: readonly ExportedTable[]
}

export interface LakotaExport {
  readonly collections: readonly ExportedCollection[]
  /** Files that are no tables, or in no collection, as the user would write them. */
  readonly others: readonly string[]
}

/**
 * What is in a folder that Lakota exported to: a folder a collection (which may be in one another),
 * a table a series. `file-not-found` where it has no schema.
 */
export async function findLakotaExport({ given, absolute }: GivenPath): Promise<LakotaExport> {
  if (lookAtPath(absolute)?.kind !== 'folder') {
    throw new VarveError('file-not-found', `there is no folder ${given}`, { data: { path: given } })
  }
  const tree = openWorkTree(absolute, absolute)
  const shown = (path: string): string => `${given.replace(/(?<=.)[/\\]+$/, '')}/${path}`
  const files = new Map<string, number>()
  for await (const { path, stat } of tree.list()) files.set(path, stat.size)
  const collections = new Map<string, ExportedCollection & { tables: ExportedTable[] }>()
  for (const path of files.keys()) {
    if (path !== LAKOTA_SCHEMA_FILE && !path.endsWith(`/${LAKOTA_SCHEMA_FILE}`)) continue
    collections.set(path.slice(0, -LAKOTA_SCHEMA_FILE.length), {
      schemaFile: shown(path),
      readSchema: () => tree.read(path),
      tables: [],
    })
  }
  if (collections.size === 0) {
    throw new VarveError('file-not-found', `there is no ${LAKOTA_SCHEMA_FILE} in ${given}`, {
      data: { path: given },
      hint: 'it is in every folder that `lakota export` writes; varve add takes folders without it',
    })
  }
  const others: string[] = []
  for (const [path, bytes] of files) {
    if (collections.has(path.slice(0, path.lastIndexOf('/') + 1)) && isSchema(path)) continue
    const collection = collections.get(collectionOf(path, collections))
    const series = seriesOfFile(path)
    if (collection === undefined || series === undefined) {
      others.push(shown(path))
      continue
    }
    collection.tables.push({ series, name: shown(path), absolute: tree.resolve(path), bytes })
  }
  return { collections: [...collections.values()], others }
}

function isSchema(path: string): boolean {
  return path.slice(path.lastIndexOf('/') + 1) === LAKOTA_SCHEMA_FILE
}

/** The nearest folder upwards that is a collection, with `/` at its end; empty for the root. */
function collectionOf(path: string, collections: ReadonlyMap<string, unknown>): string {
  let folder = path
  do folder = folder.slice(0, folder.replace(/\/$/, '').lastIndexOf('/') + 1)
  while (folder !== '' && !collections.has(folder))
  return folder
}
