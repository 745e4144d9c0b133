import type { ColumnType } from '../core/column.ts'
import { canWiden } from '../core/column-ops.ts'
import type { Keys } from '../core/key.ts'
import type { ObjectReader } from '../core/objects.ts'
import { ProllyCursor } from '../core/prolly.ts'
import { formatOf, type Series } from '../core/series.ts'
import { diffPieces } from '../core/series-diff-rows.ts'
import { LoadedSegment } from '../core/series-load.ts'
import { matchSchemas } from '../core/series-match.ts'
import { isAfter, isBefore, type KeyRange } from '../core/series-range.ts'

interface NumberedSegment {
  readonly keys: Keys
  /** The number of its first row. */
  readonly base: number
}

/** Rows of a series by number, found by their keys. */
export class NumberedRows {
  readonly rows: number
  readonly #segments: readonly NumberedSegment[]

  private constructor(segments: readonly NumberedSegment[], rows: number) {
    this.#segments = segments
    this.rows = rows
  }

  static async of(reader: ObjectReader, series: Series, range: KeyRange): Promise<NumberedRows> {
    const segments: NumberedSegment[] = []
    let rows = 0
    const cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
    let more = await (range.from === undefined ? cursor.first() : cursor.seek(range.from))
    for (; more; more = await cursor.next()) {
      const entry = cursor.entry!
      if (isAfter(range, entry.key)) break
      const keys = await new LoadedSegment(reader, series.schema, entry).keys()
      const from = isBefore(range, entry.key) ? keys.lowerBound(range.from!) : 0
      const to = isAfter(range, entry.last) ? keys.lowerBound(range.to!) : keys.length
      if (from >= to) continue
      segments.push({ keys: keys.slice(from, to), base: rows })
      rows += to - from
    }
    return new NumberedRows(segments, rows)
  }

  keyAt(row: number): Uint8Array {
    const { keys, base } = this.#segments.findLast((segment) => segment.base <= row)!
    return keys.at(row - base)
  }

  /** Calls `found` with the number of each of some ascending keys that is here, and its place among them. */
  match(keys: Keys, wanted: Int32Array, found: (row: number, place: number) => void): void {
    let segment = 0
    let low = 0
    for (let place = 0; place < wanted.length; place++) {
      const at = wanted[place]!
      for (; segment < this.#segments.length; segment++, low = 0) {
        const { keys: own } = this.#segments[segment]!
        if (own.compare(own.length - 1, keys, at) >= 0) break
      }
      if (segment === this.#segments.length) return
      const { keys: own, base } = this.#segments[segment]!
      low = lowerBound(own, low, keys, at)
      if (own.compare(low, keys, at) === 0) found(base + low, place)
    }
  }
}

/** The first of ascending keys from `low` on that is not less than another. */
function lowerBound(own: Keys, low: number, keys: Keys, at: number): number {
  // Most are found near the last.
  let step = 1
  let high = low
  while (high < own.length && own.compare(high, keys, at) < 0) {
    low = high + 1
    high += step
    step *= 2
  }
  let end = Math.min(high, own.length)
  while (low < end) {
    const middle = (low + end) >>> 1
    if (own.compare(middle, keys, at) < 0) low = middle + 1
    else end = middle
  }
  return low
}

/** Where the columns that are looked for are in a version: undefined where it lacks one. */
export type ColumnPlaces = readonly (number | undefined)[]

export interface ComparedWithParent {
  /** Where the parent has the columns. */
  readonly places: ColumnPlaces
  /** Numbers of the rows that the parent has otherwise or not at all; `all` where no key can be compared. */
  readonly changed: 'all' | readonly number[]
  /** For each column, which of `changed` differ in it: all of them where that is not told apart. */
  readonly columns: readonly (Uint8Array | 'all')[]
}

/**
 * Which rows of a version are not as in its parent, by their numbers in the version that was asked about.
 *
 * @param keyTypes of the version that was asked about
 */
export async function compareWithParent(
  reader: ObjectReader,
  parent: Series,
  fresh: Series,
  places: ColumnPlaces,
  options: {
    readonly rows: NumberedRows
    readonly range: KeyRange
    readonly keyTypes: readonly ColumnType[]
    readonly byColumn: boolean
  },
): Promise<ComparedWithParent> {
  const { rows, range, keyTypes, byColumn } = options
  const match = await matchSchemas(reader, parent, fresh)
  const fits = ({ schema }: Series) =>
    keyTypes.every((type, i) => canWiden(schema.columns[i]!.type, type))
  const before = new Map(match.pairs.map((pair) => [pair.new, pair.old]))
  const inParent = places.map((place) => (place === undefined ? undefined : before.get(place)))
  if (match.indexTypes === undefined || !fits(parent) || !fits(fresh)) {
    return { places: inParent, changed: 'all', columns: places.map(() => 'all') }
  }
  const wanted = new Map(places.map((place, column) => [place, column]))
  const pairs = match.pairs.filter((pair) => pair.new !== undefined && wanted.has(pair.new))
  const changed: number[] = []
  const marks = places.map((): number[] => [])
  const matched = { ...match, indexTypes: keyTypes, pairs }
  for await (const piece of diffPieces(reader, parent, fresh, matched, {
    range,
    cells: byColumn,
  })) {
    if (piece.new === undefined) continue
    const numbers =
      piece.rows === 'all'
        ? Int32Array.from({ length: piece.new.rows }, (_, i) => i)
        : piece.rows.new
    const { old, cells } = piece.rows === 'all' ? { old: undefined, cells: undefined } : piece.rows
    const here = Int32Array.from(numbers.keys()).filter((place) => numbers[place]! >= 0)
    const found = await piece.new.keysOf(here.map((place) => numbers[place]!))
    rows.match(found.keys, found.places, (row, at) => {
      const place = here[at]!
      changed.push(row)
      if (!byColumn) return
      const isNew = old === undefined || old[place]! < 0
      pairs.forEach((pair, i) => {
        const isMarked = isNew || cells?.[i]?.[place] === 1
        marks[wanted.get(pair.new)!]!.push(isMarked ? 1 : 0)
      })
    })
  }
  return {
    places: inParent,
    changed,
    columns: marks.map((list) => (byColumn ? Uint8Array.from(list) : 'all')),
  }
}
