import type { Column } from '../../core/column.ts'
import { VarveError } from '../../core/errors.ts'
import type { Spill } from '../../core/spill.ts'
import { SEGMENT_ROWS } from '../../core/split.ts'
import { badInput, quoteText } from '../bad-input.ts'
import { type RandomAccess, randomAccess, tooLarge } from '../random-access.ts'
import type { InputTable, TypedTable } from '../table.ts'
import { ValueFault, valueFaultIn } from '../value-fault.ts'
import { type Codecs, loadCodecs } from './codecs.ts'
import { type ColumnKind, columnKind, type Refusal } from './column-kind.ts'
import { ColumnReader, TooLargePage } from './column-reader.ts'
import { columnFloors } from './floors.ts'
import { type Footer, type RowGroup, readFooter } from './footer.ts'
import { Pages, type ParseHeader } from './pages.ts'
import { readNotes, type TableNotes } from './table-notes.ts'
import type { UnpackDeltas } from './unpack-whole.ts'

/** Rows that are handed on at once, where they are not long: as many as a series takes at once. */
const BATCH_ROWS = SEGMENT_ROWS
const BATCH_BYTES = 1 << 25
/** Bytes that are read at once, of one column and of all. */
const AHEAD = 1 << 20
const AHEAD_OF_ALL = 1 << 26
const LISTED = 12

/** A column of the file. */
interface FileColumn {
  /** As the file calls it. */
  readonly field: string
  /** As varve does. */
  readonly name: string
  readonly kind: ColumnKind | Refusal
}

/**
 * Opens a Parquet file. Columns that varve has no type for are refused, with the reason, unless
 * `reading.columns` leaves them out.
 */
export async function openParquet(input: InputTable, spill?: Spill): Promise<TypedTable> {
  const source = await randomAccess(input, spill)
  try {
    const footer = await faultsAt(input.name, () => readFooter(source, input.name))
    const fields = footer.columns.map((column) => column.name)
    const notes = readNotes(footer.texts, fields)
    const columns = footer.columns.map((element) =>
      fileColumn(element.name, columnKind(element), notes),
    )
    refuse(input, columns)
    return {
      columns: columns.map(({ name, kind }) => ({
        name,
        type: 'type' in kind ? kind.type : 'null',
        local: 'type' in kind && kind.local,
      })),
      index: notes.index?.map((field) => notes.names.get(field) ?? field),
      zone: notes.zone,
      duplicates: notes.duplicates,
      floors(name) {
        const at = columns.findIndex((column) => column.name === name)
        return columnFloors(footer.groups, at, columns[at]!.kind as ColumnKind)
      },
      batches: (names) => batches(source, input.name, footer, columns, names),
      close: () => source.close(),
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

function fileColumn(field: string, kind: ColumnKind | Refusal, notes: TableNotes): FileColumn {
  const name = notes.names.get(field) ?? field
  if (!('type' in kind)) return { field, name, kind }
  const local = kind.local && !notes.utc.has(field)
  // Parquet has no seconds: varve writes them as milliseconds.
  if (kind.type === 'timestamp_ms' && notes.types.get(field) === 'timestamp_s') {
    return { field, name, kind: { ...kind, local, type: 'timestamp_s', as: 'seconds' } }
  }
  return { field, name, kind: { ...kind, local } }
}

function refuse({ name: file, reading }: InputTable, columns: readonly FileColumn[]): void {
  const wanted = columns.filter(({ name }) => reading?.columns?.includes(name) ?? true)
  for (const { name, kind } of wanted) {
    if ('type' in kind) continue
    const others = columns.filter(({ kind }) => 'type' in kind).map(({ name }) => name)
    const list = others.length <= LISTED && !others.some((name) => name.includes(','))
    throw badInput({
      file,
      found: `${kind.found} in column ${quoteText(name)}`,
      expected: 'a column of values that varve has a type for',
      reason: kind.reason,
      hint: `leave it out: --columns ${list && others.length > 0 ? others.join(',') : 'takes the names of those to read'}`,
      data: { field: name },
    })
  }
}

async function* batches(
  source: RandomAccess,
  file: string,
  { columns: elements, groups }: Footer,
  columns: readonly FileColumn[],
  names: readonly string[],
): AsyncGenerator<readonly Column[], void, void> {
  const wanted = names.map((name) => {
    const at = columns.findIndex((column) => column.name === name)
    return { at, name, kind: columns[at]!.kind as ColumnKind }
  })
  const decoders = await loadDecoders(groups, wanted)
  const ahead = Math.max(AHEAD / 16, Math.min(AHEAD, Math.floor(AHEAD_OF_ALL / elements.length)))
  for (const group of groups) {
    const readers = wanted.map(({ at, kind, name }) => {
      const { meta, from, to } = group.chunks[at]!
      const pages = new Pages(source, decoders.header, from, to, ahead)
      return { name, reader: new ColumnReader(kind, meta, pages, decoders.codecs, decoders.deltas) }
    })
    const most = batchRows(group, wanted)
    for (let left = group.rows; left > 0; ) {
      let count = Math.min(left, most)
      for (const { reader, name } of readers) {
        const limit = count
        count = await faultsAt(file, () => reader.most(limit), name)
      }
      const batch: Column[] = []
      for (const { reader, name } of readers) {
        batch.push(await faultsAt(file, () => reader.take(count), name))
      }
      yield batch
      left -= count
    }
  }
}

/** Rows of a group that are handed on at once, by the bytes that they have unpacked. */
function batchRows({ rows, chunks }: RowGroup, wanted: readonly { readonly at: number }[]): number {
  const bytes = wanted.reduce(
    (sum, { at }) => sum + Number(chunks[at]!.meta.total_uncompressed_size),
    0,
  )
  const each = Math.max(8 * wanted.length, bytes / Math.max(1, rows))
  return Math.max(16, Math.min(BATCH_ROWS, Math.floor(BATCH_BYTES / each)))
}

interface Decoders {
  readonly codecs: Codecs
  readonly header: ParseHeader
  readonly deltas: UnpackDeltas
}

async function loadDecoders(
  groups: readonly RowGroup[],
  wanted: readonly { readonly at: number }[],
): Promise<Decoders> {
  const used = groups.flatMap(({ chunks }) => wanted.map(({ at }) => chunks[at]!.meta.codec))
  const [codecs, { parquetHeader }, { deltaBinaryUnpack }] = await Promise.all([
    loadCodecs(new Set(used)),
    import('hyparquet/src/column.js'),
    import('hyparquet/src/delta.js'),
  ])
  return { codecs, header: parquetHeader, deltas: deltaBinaryUnpack }
}

/** What a decoder throws about bytes as `bad-input` or `too-large`, naming the file. */
async function faultsAt<T>(file: string, decode: () => Promise<T>, column?: string): Promise<T> {
  try {
    return await decode()
  } catch (error) {
    if (error instanceof VarveError || !(error instanceof Error)) throw error
    const where = column === undefined ? '' : ` in column ${quoteText(column)}`
    if (error instanceof TooLargePage) throw tooLarge(file, `${error.message}${where}`, { column })
    if (error instanceof ValueFault && column !== undefined) {
      throw valueFaultIn(file, column, error)
    }
    throw badInput({
      file,
      found: `bytes that are not${where}`,
      expected: 'a Parquet file',
      // What the engine says when a decoder stumbles means nothing to a reader.
      reason: isStumble(error) ? 'they are damaged' : error.message,
      cause: error,
    })
  }
}

function isStumble(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError
}
