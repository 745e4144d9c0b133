import { hasCode } from './errors.ts'
import { widenScalar } from './merge-cells.ts'
import type { ColumnsMerge, MergedColumn, Versions } from './merge-columns.ts'
import type { MergedGroup, Take } from './merge-group.ts'
import type { ObjectReader } from './objects.ts'
import type { Series } from './series.ts'
import { GroupReader } from './series-groups.ts'

/** Rows of all versions in the merged columns. */
export class VersionedRows {
  readonly #readers: Versions<GroupReader | undefined>
  readonly #series: Versions<Series | undefined>
  readonly #columns: readonly MergedColumn[]

  constructor(
    reader: ObjectReader,
    versions: { readonly base: Series | undefined; readonly ours: Series; readonly theirs: Series },
    { columns }: ColumnsMerge,
  ) {
    this.#series = versions
    this.#columns = columns
    this.#readers = {
      base: versions.base && new GroupReader(reader, versions.base),
      ours: new GroupReader(reader, versions.ours),
      theirs: new GroupReader(reader, versions.theirs),
    }
  }

  async of(group: Uint8Array): Promise<Versions<MergedGroup>> {
    return {
      base: await this.read('base', group),
      ours: await this.read('ours', group),
      theirs: await this.read('theirs', group),
    }
  }

  /** A column that the version lacks is null. */
  async read(which: Take, group: Uint8Array): Promise<MergedGroup> {
    const reader = this.#readers[which]
    if (reader === undefined) return []
    const specs = this.#series[which]!.schema.columns
    return (await reader.rows(group)).map((row) =>
      this.#columns.map((column) => {
        const at = column[which]
        if (at === undefined) return null
        try {
          return widenScalar(row[at]!, specs[at]!.type, column.type)
        } catch (error) {
          // What the base had, and neither side has in its type any more, is no value.
          if (which === 'base' && hasCode(error, 'invalid-value')) return null
          throw error
        }
      }),
    )
  }
}
