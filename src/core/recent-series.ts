import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import { readSeries, type Series } from './series.ts'

/** Two that are compared, and the one that is next compared with the older of them. */
const KEPT = 3

/** Versions of a series, each likely to be asked for again at once. */
export class RecentSeries {
  readonly #reader: ObjectReader
  /** In order of use, the oldest first. */
  readonly #series = new Map<Id, Series>()

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  async read(id: Id): Promise<Series> {
    const series = this.#series.get(id) ?? (await readSeries(this.#reader, id))
    this.#series.delete(id)
    this.#series.set(id, series)
    for (const oldest of this.#series.keys()) {
      if (this.#series.size <= KEPT) break
      this.#series.delete(oldest)
    }
    return series
  }
}
