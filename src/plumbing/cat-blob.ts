import type { Column, ColumnType } from '../core/column.ts'
import { decodeColumn } from '../core/column-codec.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { readSeries } from '../core/series.ts'
import { readRows } from '../core/series-read.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Bytes without a type, or the values of a column in one piece or several. */
export type BlobContent =
  | { readonly kind: 'blob'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'column'
      readonly type: ColumnType
      readonly columns: AsyncIterable<Column>
    }

/** What is in a `blob` or a `column`; `bad-input` for an object of another kind. */
export async function catBlob(store: ObjectStore, id: Id): Promise<BlobContent> {
  const { kind, bytes } = await store.readAny(id)
  if (kind === 'blob') return { kind, bytes }
  if (kind === 'column') {
    const column = decodeColumn(bytes)
    return { kind, type: column.type, columns: single(column) }
  }
  throw new VarveError('bad-input', `${id} is a ${kind}, not a blob or a column`, {
    data: { id, kind, expected: ['blob', 'column'] },
    hint: `varve cat-object -p ${id} shows what it holds`,
  })
}

/** The values of one column of a series, over all its segments; `column-not-found` without it. */
export async function catSeriesColumn(
  store: ObjectStore,
  series: Id,
  name: string,
): Promise<BlobContent> {
  const opened = await readSeries(store, series)
  const position = opened.schema.columns.findIndex((column) => column.name === name)
  if (position === -1) {
    throw new VarveError('column-not-found', `there is no column ${JSON.stringify(name)}`, {
      data: { column: name, columns: opened.schema.columns.map((column) => column.name) },
    })
  }
  const { indexCount, columns } = opened.schema
  const wanted = position < indexCount ? [] : [name]
  const at = Math.min(position, indexCount)
  async function* pieces(): AsyncGenerator<Column> {
    for await (const frame of readRows(store, opened, { columns: wanted })) {
      yield frame.columns[at]!
    }
  }
  return { kind: 'column', type: columns[position]!.type, columns: pieces() }
}

async function* single(column: Column): AsyncGenerator<Column> {
  yield column
}
