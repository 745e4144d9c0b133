import type { Scalar } from './column.ts'
import { scalarAt } from './column-ops.ts'
import type { ObjectReader } from './objects.ts'
import { ProllyCursor } from './prolly.ts'
import { formatOf, type Series } from './series.ts'
import type { SegmentColumns } from './series-columns.ts'
import { LoadedSegment } from './series-load.ts'
import { afterPrefix } from './series-range.ts'

/**
 * Looks up rows of a series by their group: the key without its rank, which is the whole key where
 * equal keys are not allowed. Meant for ascending groups: it holds the segment it read last.
 */
export class GroupReader {
  readonly #reader: ObjectReader
  readonly #series: Series
  readonly #cursor: ProllyCursor<SegmentColumns>
  #loaded: LoadedSegment | undefined

  constructor(reader: ObjectReader, series: Series) {
    this.#reader = reader
    this.#series = series
    this.#cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
  }

  /** The rows of a group, all columns of each, by rank. */
  async rows(group: Uint8Array): Promise<Scalar[][]> {
    const rows: Scalar[][] = []
    const count = this.#series.schema.columns.length
    for await (const [segment, from, to] of this.#places(group)) {
      await segment.locateAll()
      const start = rows.length
      for (let row = from; row < to; row++) rows.push([])
      for (let position = 0; position < count; position++) {
        const column = await segment.column(position)
        for (let row = from; row < to; row++) rows[start + row - from]!.push(scalarAt(column, row))
      }
    }
    return rows
  }

  /** How many rows a group has. Reads index columns alone. */
  async count(group: Uint8Array): Promise<number> {
    let rows = 0
    for await (const [, from, to] of this.#places(group)) rows += to - from
    return rows
  }

  async *#places(group: Uint8Array): AsyncGenerator<[LoadedSegment, number, number]> {
    const end = afterPrefix(group)
    let more = await this.#cursor.seek(group)
    while (more) {
      const segment = this.#open()
      const keys = await segment.keys()
      const from = keys.lowerBound(group)
      const to = keys.lowerBound(end)
      if (to > from) yield [segment, from, to]
      if (to < keys.length || !this.#series.schema.duplicates) return
      more = await this.#cursor.next()
    }
  }

  #open(): LoadedSegment {
    const entry = this.#cursor.entry!
    if (this.#loaded?.entry !== entry) {
      this.#loaded = new LoadedSegment(this.#reader, this.#series.schema, entry)
    }
    return this.#loaded
  }
}
