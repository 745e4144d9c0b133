import type { Scalar } from '../core/column.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import type { Schema } from '../core/schema.ts'
import { firstKey, lastKey, readSeries } from '../core/series.ts'
import { lookupPath, type PathEntry, treeEntries, walkTree } from '../core/tree.ts'
import type { TreeLine } from './tree-line.ts'

export interface ListTreeOptions {
  /** Go into collections; they themselves are left out, unless `trees`. */
  readonly recursive?: boolean
  /** Under `recursive`: give the collections too. */
  readonly trees?: boolean
  /** Collections only. */
  readonly onlyTrees?: boolean
  /** Also rows, first and last key of each series. */
  readonly long?: boolean
  /** Only these, and what is below them; `a/` means what is in `a`. All of the tree if empty. */
  readonly paths?: readonly string[]
}

export interface ListedEntry extends TreeLine {
  /** Of a series, under `long`. */
  readonly extent?: SeriesExtent
}

/** How far a series reaches. */
export interface SeriesExtent {
  readonly schema: Schema
  readonly rows: number
  /** Index values of the first row; absent where there is none. */
  readonly first?: readonly Scalar[]
  readonly last?: readonly Scalar[]
}

/** The entries of a tree, by the bytes of their paths; paths that are not there give nothing. */
export async function* lsTree(
  reader: ObjectReader,
  treeId: Id,
  options: ListTreeOptions = {},
): AsyncGenerator<ListedEntry> {
  const { paths = [], onlyTrees = false, long = false } = options
  for (const path of paths.length === 0 ? [''] : paths) {
    for await (const { path: at, entry } of entriesAt(reader, treeId, path, options)) {
      const { kind, id, settings } = entry
      if (onlyTrees && kind !== 'tree') continue
      const line: TreeLine = { path: at, kind, id, settings }
      if (long && kind === 'series') yield { ...line, extent: await seriesExtent(reader, id) }
      else yield line
    }
  }
}

async function* entriesAt(
  reader: ObjectReader,
  treeId: Id,
  path: string,
  { recursive = false, trees = false, onlyTrees = false }: ListTreeOptions,
): AsyncGenerator<PathEntry> {
  const entry = await lookupPath(reader, treeId, path)
  if (entry === undefined) return
  const inside = path === '' || path.endsWith('/')
  const collections = trees || onlyTrees
  if (entry.kind === 'series' || (!inside && !recursive)) {
    yield { path, entry }
    return
  }
  const folder = inside ? path : `${path}/`
  if (!inside && collections) yield { path, entry }
  if (recursive) yield* walkTree(reader, treeId, folder, { collections })
  else {
    for await (const found of treeEntries(reader, entry.id)) {
      yield { path: folder + found.name, entry: found }
    }
  }
}

/** Reads the series' root alone. */
export async function seriesExtent(reader: ObjectReader, id: Id): Promise<SeriesExtent> {
  const series = await readSeries(reader, id)
  const first = firstKey(series)
  const last = lastKey(series)
  return {
    schema: series.schema,
    rows: series.rows,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
  }
}
