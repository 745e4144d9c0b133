import { type BoundTexts, boundsFor, type KeyBounds } from '../core/bounds.ts'
import { compareBytes, textToBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { gatherFrames, type RowWindow, windowRange } from '../core/frame-window.ts'
import type { Id } from '../core/id.ts'
import { encodeKeyPrefix } from '../core/key.ts'
import type { Frame, Schema } from '../core/schema.ts'
import { formatSchemaText } from '../core/schema-codec.ts'
import { frameInUnion, SchemaUnion, SERIES_COLUMN } from '../core/schema-union.ts'
import { readSeries } from '../core/series.ts'
import { contains, intersectBounds, keyRange } from '../core/series-range.ts'
import { countRows, readRows } from '../core/series-read.ts'
import {
  mergeSettings,
  NO_SETTINGS,
  readSettings,
  type Settings,
  zoneOf,
} from '../core/settings.ts'
import { settingsFor, type TreeEntry, walkTree } from '../core/tree.ts'
import { boundsOfWhere, columnsOfWhere } from '../core/where.ts'
import { openZoneUnlessUtc, type Zone } from '../core/zone.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { AsOfResult } from '../plumbing/resolve-as-of.ts'
import { resolvePath } from '../plumbing/resolve-object-name.ts'
import {
  type ResolvedTree,
  resolveTreeAt,
  type SeriesName,
  splitName,
} from '../plumbing/resolve-series.ts'
import {
  type ColumnPlan,
  type ColumnsAsked,
  columnNotFound,
  planColumns,
  type ReadRowsResult,
  type RowSelection,
  readSelection,
  selectRows,
  watched,
  windowRows,
} from './read-rows.ts'

export interface ReadManyOptions extends Omit<SeriesName, 'name'>, RowSelection {
  /** Each as {@link SeriesName} has it; a collection, with a `/` at its end, for all that is in it. */
  readonly names: readonly string[]
}

export interface ReadManyResult extends ReadRowsResult {
  /** How many series the rows are from. */
  readonly series: number
  /** The commits that `asOf` chose: one, unless names have revisions of their own. */
  readonly asOf: readonly AsOfResult[]
}

/** One of the series to be read. */
interface Source {
  /** Its name, behind the revision that was given with it. */
  readonly label: string
  readonly zone: string | undefined
  readonly id: Id
  readonly schema: Schema
  readonly rows: number
  /** The zone of bounds on it; undefined for UTC. */
  readonly clock: Zone | undefined
}

/** Whether words for series stand for several of them, read as one table. */
export function namesMany(words: readonly string[]): boolean {
  return words.length > 1 || words.some((word) => isCollection(splitName({ name: word })))
}

function isCollection({ rev, path }: ReturnType<typeof splitName>): boolean {
  return path === '.' || path.endsWith('/') || (path === '' && rev !== undefined)
}

/**
 * The rows of several series as one table, streamed: those of one series after those of another,
 * sorted by name, with the name in a column in front. A series that is named twice is read once; a
 * name that has a revision of its own keeps it in that column. Columns are joined as
 * {@link SchemaUnion} has it. Holds a line about each series, and the rows of a few segments.
 */
export async function readManySeries(
  repo: Repository,
  options: ReadManyOptions,
): Promise<ReadManyResult> {
  const where = readSelection(options)
  const { sources, asOf } = await findSources(repo, options)
  const [{ zone, clock }] = sources as [Source]
  const oneZone = sources.every((source) => source.zone === zone)
  const asked = { columns: options.columns, where, zone: oneZone ? clock : ('several' as const) }
  const plan = planUnion(sources, asked)
  const { offset, limit, tail, onRows, signal } = options
  const window = { offset, limit, tail }
  const reading = new ManyReading(repo, sources, plan, options, asked)
  const { rows } = reading
  const { filter, schema } = plan
  const read = () => watched(reading.frames(filter === undefined ? window : {}), { onRows, signal })
  return {
    series: sources.length,
    asOf,
    schema,
    zone: oneZone ? zone : undefined,
    rows: rows === undefined || filter !== undefined ? rows : windowRows(window, rows),
    frames: () => selectRows(gatherFrames(read()), { filter, schema, window }),
  }
}

async function findSources(
  repo: Repository,
  { names, rev, ...rest }: ReadManyOptions,
): Promise<{ sources: Source[]; asOf: AsOfResult[] }> {
  const trees = new Map<string | undefined, ResolvedTree>()
  const schemas = new Map<string, Schema>()
  const found = new Map<string, Source>()
  const zones = new ZonesOfFolders(repo)
  const add = async (label: string, at: ResolvedTree, path: string, entry: TreeEntry) => {
    if (found.has(label)) return
    const { id } = entry
    const { schema, rows } = await readSeries(repo.objects, id)
    const zone = rest.zone ?? (await zones.zoneOf(at.tree, path, entry))
    const text = `${zone} ${schema.indexCount} ${schema.duplicates} ${formatSchemaText(schema)}`
    const shared = schemas.get(text) ?? schema
    schemas.set(text, shared)
    const clock = await openZoneUnlessUtc(zone)
    found.set(label, { label, id, schema: shared, rows, zone, clock })
  }
  for (const name of names) {
    const split = splitName({ name, ...(rev !== undefined && { rev }) })
    const at = trees.get(split.rev) ?? (await resolveTreeAt(repo, { ...rest, rev: split.rev }))
    trees.set(split.rev, at)
    const prefix = rev === undefined && split.rev !== undefined ? `${split.rev}:` : ''
    const path = split.path === '.' ? '' : split.path
    const { entry } = await resolvePath(repo, at.tree, path, at.where)
    if (entry.kind === 'series') {
      await add(prefix + path, at, path, entry)
      continue
    }
    if (!isCollection(split)) throw withoutSlash(name, path)
    for await (const inside of walkTree(repo.objects, at.tree, path)) {
      await add(prefix + inside.path, at, inside.path, inside.entry)
    }
  }
  if (found.size === 0) {
    throw new VarveError('series-not-found', `there is no series in ${names.join(' ')}`, {
      data: { names },
    })
  }
  const asOf = new Map(
    [...trees.values()].flatMap((at) => (at.asOf ? [[at.asOf.id, at.asOf]] : [])),
  )
  return { sources: sortedByLabel([...found.values()]), asOf: [...asOf.values()] }
}

/** The zones of series, the settings of each folder read once. */
class ZonesOfFolders {
  readonly #repo: Repository
  readonly #folders = new Map<string, Settings>()

  constructor(repo: Repository) {
    this.#repo = repo
  }

  async zoneOf(tree: Id, path: string, { settings }: TreeEntry): Promise<string | undefined> {
    const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0))
    const key = `${tree} ${folder}`
    const outer = this.#folders.get(key) ?? (await this.#read(tree, folder))
    this.#folders.set(key, outer)
    if (settings === undefined) return zoneOf(outer)
    return zoneOf(mergeSettings(outer, await readSettings(this.#repo.objects, settings)))
  }

  async #read(tree: Id, folder: string): Promise<Settings> {
    return folder === '' ? NO_SETTINGS : settingsFor(this.#repo.objects, tree, folder)
  }
}

/** By bytes: the label is the first index column. */
function sortedByLabel(sources: readonly Source[]): Source[] {
  return sources
    .map((source) => ({ source, key: textToBytes(source.label) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ source }) => source)
}

function withoutSlash(name: string, path: string): VarveError {
  return new VarveError('usage', `${path}/ is a collection, not a series`, {
    data: { collection: path },
    hint: `${name}/ stands for all that is in it`,
  })
}

function planUnion(sources: readonly Source[], asked: ColumnsAsked): ColumnPlan {
  const { columns, where } = asked
  const union = new SchemaUnion()
  const added = new Set<Schema>()
  for (const { schema, label } of sources) {
    if (added.has(schema)) continue
    added.add(schema)
    union.add(schema, label)
  }
  const what = sources.length === 1 ? sources[0]!.label : `these ${sources.length} series`
  const needed = where === undefined ? [] : columnsOfWhere(where)
  const known = new Set([...added].flatMap((schema) => schema.columns.map(({ name }) => name)))
  known.add(SERIES_COLUMN)
  for (const name of [...(columns ?? []), ...needed]) {
    if (!known.has(name)) throw columnNotFound(name, [...known], what)
  }
  const wanted = columns && new Set([...columns, ...needed])
  const schema = union.schema((name) => wanted === undefined || wanted.has(name))
  return planColumns(schema, asked, what)
}

/** What is read of each of several series. */
class ManyReading {
  readonly #repo: Repository
  readonly #sources: readonly Source[]
  readonly #schema: Schema
  readonly #texts: BoundTexts
  readonly #asked: ColumnsAsked
  readonly #parts = new Map<Schema, Part>()

  constructor(
    repo: Repository,
    sources: readonly Source[],
    { reading, filter }: ColumnPlan,
    { from, to, at, closed }: BoundTexts,
    asked: ColumnsAsked,
  ) {
    this.#repo = repo
    this.#schema = reading
    this.#texts = { from, to, at, closed }
    this.#asked = asked
    // Also of series that the condition leaves out: bounds that are wrong are an error all the same.
    for (const source of sources) this.#partOf(source)
    const labels = filter && keyRange(filter.bounds)
    this.#sources =
      labels === undefined
        ? sources
        : sources.filter(({ label }) => contains(labels, encodeKeyPrefix(['string'], [label])))
  }

  /** Rows in the range, where nothing needs to be read for it. */
  get rows(): number | undefined {
    let rows = 0
    for (const source of this.#sources) {
      if (this.#partOf(source).bounded) return undefined
      rows += source.rows
    }
    return rows
  }

  /** The rows of a window over all of the range. */
  async *frames(window: RowWindow): AsyncGenerator<Frame> {
    let skip = window.offset ?? 0
    let left = window.limit ?? Number.POSITIVE_INFINITY
    if (window.tail !== undefined) {
      let total = 0
      for (const source of this.#sources) total += await this.#count(source)
      const { start, end } = windowRange(window, total)
      skip = start
      left = end - start
    }
    for (const source of this.#sources) {
      if (left === 0) return
      if (skip > 0) {
        const rows = await this.#count(source)
        const over = Math.min(skip, rows)
        if (over === rows) {
          skip -= over
          continue
        }
      }
      const { bounds, columns } = this.#partOf(source)
      const series = await readSeries(this.#repo.objects, source.id)
      const options = { ...bounds, columns, offset: skip, limit: left }
      for await (const frame of readRows(this.#repo.objects, series, options)) {
        left -= frame.rows
        yield frameInUnion(frame, source.label, this.#schema)
      }
      skip = 0
    }
  }

  async #count(source: Source): Promise<number> {
    const { bounds, bounded } = this.#partOf(source)
    if (!bounded) return source.rows
    return countRows(this.#repo.objects, await readSeries(this.#repo.objects, source.id), bounds)
  }

  #partOf({ schema, clock }: Source): Part {
    const known = this.#parts.get(schema)
    if (known !== undefined) return known
    const own = new Set(schema.columns.map(({ name }) => name))
    const { columns, indexCount } = this.#schema
    const bounds = intersectBounds(boundsFor(schema, this.#texts, clock), this.#whereBounds(schema))
    const part = {
      bounds,
      bounded: bounds.from !== undefined || bounds.to !== undefined,
      columns: columns.slice(indexCount).flatMap(({ name }) => (own.has(name) ? [name] : [])),
    }
    this.#parts.set(schema, part)
    return part
  }

  /** Values of the condition are of the type that the column has in all series together. */
  #whereBounds(schema: Schema): KeyBounds {
    const same = schema.columns[0]!.type === this.#schema.columns[1]!.type
    const { where, zone } = this.#asked
    return where === undefined || !same ? {} : boundsOfWhere(where, schema, zone)
  }
}

/** What is read of the series of one schema. */
interface Part {
  readonly bounds: KeyBounds
  readonly bounded: boolean
  readonly columns: readonly string[]
}
