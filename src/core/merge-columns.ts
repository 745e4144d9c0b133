import { type Column, isNull } from './column.ts'
import { rowEquality } from './column-ops.ts'
import type { ObjectReader } from './objects.ts'
import { ProllyCursor } from './prolly.ts'
import type { ColumnSpec, Schema } from './schema.ts'
import { formatOf, type Series } from './series.ts'
import { LoadedSegment } from './series-load.ts'
import { commonType } from './series-match.ts'

/** A column of a merged series, and where it is in each version; a version may lack it. */
export interface MergedColumn extends ColumnSpec {
  readonly base: number | undefined
  readonly ours: number | undefined
  readonly theirs: number | undefined
}

/** What the columns of a merged series are, in the order of {@link ColumnsMerge.start}. */
export interface ColumnsMerge {
  readonly schema: Schema
  readonly columns: readonly MergedColumn[]
  /** The side whose columns it has: the other side's changes are made in it. */
  readonly start: 'ours' | 'theirs'
  /** Value columns of the base that a side dropped while the other kept them. */
  readonly dropped: readonly {
    readonly name: string
    readonly base: number
    readonly side: 'ours' | 'theirs'
    readonly kept: number
  }[]
}

export interface Versions<T> {
  readonly base: T
  readonly ours: T
  readonly theirs: T
}

/**
 * Merges the columns of two versions of a series: added, dropped, renamed and widened ones. Text, the
 * reason, where they do not go together. Without a base all columns are added ones.
 */
export async function mergeColumns(
  reader: ObjectReader,
  { base, ours, theirs }: { base: Series | undefined; ours: Series; theirs: Series },
): Promise<ColumnsMerge | string> {
  const a = ours.schema
  const b = theirs.schema
  const from = base?.schema ?? { ...a, columns: a.columns.slice(0, a.indexCount) }
  if (a.duplicates !== b.duplicates) return 'equal keys are allowed on one side alone'
  if (from.duplicates !== a.duplicates) return 'equal keys are allowed, or no longer allowed, now'
  if (a.indexCount !== b.indexCount || from.indexCount !== a.indexCount) {
    return 'the index columns are others'
  }
  const columns: MergedColumn[] = []
  const dropped: ColumnsMerge['dropped'][number][] = []
  const inOurs = await matchColumns(reader, base, from, ours)
  const inTheirs = await matchColumns(reader, base, from, theirs)
  for (const [at, spec] of from.columns.entries()) {
    const x = inOurs[at]
    const y = inTheirs[at]
    if (x === undefined && y === undefined) continue
    if (x === undefined || y === undefined) {
      const side = x === undefined ? 'ours' : 'theirs'
      dropped.push({ name: spec.name, base: at, side, kept: (x ?? y)! })
      continue
    }
    const known = base === undefined ? undefined : spec
    const merged = mergeSpec(known, a.columns[x]!, b.columns[y]!)
    if (typeof merged === 'string') return merged
    // What the base has in a type that has no place in the merged one counts as no value.
    const fits = base !== undefined && commonType(spec.type, merged.type) === merged.type
    columns.push({ ...merged, base: fits ? at : undefined, ours: x, theirs: y })
  }
  const taken = (matched: readonly (number | undefined)[]) => new Set(matched)
  const added = (schema: Schema, matched: ReadonlySet<number | undefined>) =>
    new Map(
      schema.columns.flatMap((spec, at) => (matched.has(at) ? [] : [[spec.name, { spec, at }]])),
    )
  const ourNew = added(a, taken(inOurs))
  const theirNew = added(b, taken(inTheirs))
  for (const [name, { spec, at }] of ourNew) {
    const other = theirNew.get(name)
    theirNew.delete(name)
    const type = other === undefined ? spec.type : commonType(spec.type, other.spec.type)
    if (type === undefined) {
      return `column ${name} was added as ${spec.type} here and as ${other!.spec.type} there`
    }
    columns.push({ name, type, base: undefined, ours: at, theirs: other?.at })
  }
  for (const [name, { spec, at }] of theirNew) {
    columns.push({ name, type: spec.type, base: undefined, ours: undefined, theirs: at })
  }
  const start =
    base !== undefined && sameSchema(from, a) && !sameSchema(from, b) ? 'theirs' : 'ours'
  columns.sort((p, q) => placeIn(p, start) - placeIn(q, start))
  const names = new Set(columns.map(({ name }) => name))
  if (names.size < columns.length) {
    const twice = columns.find(({ name }) => !names.delete(name))!
    return `two columns would be called ${twice.name}`
  }
  const specs = columns.map(({ name, type }) => ({ name, type }))
  return { schema: { ...a, columns: specs }, columns, start, dropped }
}

/** Where a column stands in one side; behind all others, in their order, where that lacks it. */
function placeIn(column: MergedColumn, start: 'ours' | 'theirs'): number {
  const other = start === 'ours' ? column.theirs : column.ours
  return column[start] ?? 1_000_000_000 + other!
}

export function sameSchema(a: Schema, b: Schema): boolean {
  return (
    a.indexCount === b.indexCount &&
    a.duplicates === b.duplicates &&
    a.columns.length === b.columns.length &&
    a.columns.every(({ name, type }, i) => {
      const other = b.columns[i]!
      return name === other.name && type === other.type
    })
  )
}

function mergeSpec(
  base: ColumnSpec | undefined,
  ours: ColumnSpec,
  theirs: ColumnSpec,
): ColumnSpec | string {
  const name = threeWay(base?.name, ours.name, theirs.name)
  if (name === undefined) {
    const what = base === undefined ? 'an index column is' : `column ${base.name} is now`
    return `${what} called ${ours.name} here and ${theirs.name} there`
  }
  const type = commonType(ours.type, theirs.type)
  if (type === undefined) return `column ${name} is ${ours.type} here and ${theirs.type} there`
  return { name, type }
}

function threeWay(base: string | undefined, ours: string, theirs: string): string | undefined {
  if (ours === theirs || base === theirs) return ours
  return base === ours ? theirs : undefined
}

/** For each column of the base, where it is in a version of it. */
async function matchColumns(
  reader: ObjectReader,
  base: Series | undefined,
  from: Schema,
  fresh: Series,
): Promise<(number | undefined)[]> {
  const { columns, indexCount } = fresh.schema
  const places = new Map(columns.map(({ name }, at) => [name, at]))
  const found = from.columns.map(({ name }, at) => {
    if (at < indexCount) return at
    const place = places.get(name)
    return place !== undefined && place >= indexCount ? place : undefined
  })
  if (base === undefined || !found.includes(undefined)) return found
  const taken = new Set(found)
  const left = new Set(columns.map((_, at) => at).filter((at) => !taken.has(at)))
  for (const [at, place] of found.entries()) {
    if (place !== undefined || left.size === 0) continue
    const renamed = await findRenamed(reader, base, fresh, at, left)
    if (renamed === undefined) continue
    found[at] = renamed
    left.delete(renamed)
  }
  return found
}

/**
 * The new column that a missing one was renamed to: one of its type that has the same value in more
 * than half of the rows that it had one in, as far as the first and last segments show.
 */
async function findRenamed(
  reader: ObjectReader,
  base: Series,
  fresh: Series,
  missing: number,
  left: ReadonlySet<number>,
): Promise<number | undefined> {
  const { type } = base.schema.columns[missing]!
  let best: number | undefined
  let most = 0.5
  for (const place of left) {
    if (fresh.schema.columns[place]!.type !== type) continue
    let same = 0
    let all = 0
    for (const end of ['first', 'last'] as const) {
      const old = await endSegment(reader, base, end)
      if (old === undefined) break
      const next = await segmentAt(reader, fresh, old.entry.key)
      if (next === undefined) continue
      const [met, equal] = await countEqual(old, missing, next, place)
      all += met
      same += equal
    }
    if (all > 0 && same / all > most) {
      best = place
      most = same / all
    }
  }
  return best
}

async function endSegment(reader: ObjectReader, series: Series, end: 'first' | 'last') {
  const cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
  return (await cursor[end]()) ? new LoadedSegment(reader, series.schema, cursor.entry!) : undefined
}

async function segmentAt(reader: ObjectReader, series: Series, key: Uint8Array) {
  const cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
  return (await cursor.seek(key))
    ? new LoadedSegment(reader, series.schema, cursor.entry!)
    : undefined
}

/** Rows of the same keys with a value in the old column, and how many of them have it in the new. */
async function countEqual(
  old: LoadedSegment,
  position: number,
  fresh: LoadedSegment,
  place: number,
): Promise<[number, number]> {
  const x = await old.keys()
  const y = await fresh.keys()
  const a: Column = await old.column(position)
  const b: Column = await fresh.column(place)
  const equal = rowEquality(a, b)
  let met = 0
  let same = 0
  for (let i = 0, j = 0; i < x.length && j < y.length; ) {
    const order = x.compare(i, y, j)
    if (order === 0 && !isNull(a, i)) {
      met++
      if (equal(i, j)) same++
    }
    if (order <= 0) i++
    if (order >= 0) j++
  }
  return [met, same]
}
