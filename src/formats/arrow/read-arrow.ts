import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch'
import { Footer } from 'apache-arrow/fb/footer'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { Schema } from 'apache-arrow/fb/schema'
import { ByteBuffer } from 'flatbuffers'
import type { Column } from '../../core/column.ts'
import type { Spill } from '../../core/spill.ts'
import { openUnpacked } from '../decompress.ts'
import { pandasIndex } from '../pandas-metadata.ts'
import { type RandomAccess, randomAccess } from '../random-access.ts'
import type { InputTable, TypedTable } from '../table.ts'
import { isPacked } from '../table-formats.ts'
import { ValueFault, valueFaultIn } from '../value-fault.ts'
import { type ArrowColumn, dictionaryColumn, dictionaryValues, openColumn } from './arrow-column.ts'
import { arrowFault, guarded } from './arrow-fault.ts'
import {
  type ArrowMessage,
  footerBytes,
  MAX_METADATA_BYTES,
  readMessages,
} from './arrow-messages.ts'
import { type ArrowField, type ArrowSchema, readSchema } from './arrow-schema.ts'
import { BatchBody, type Unzstd } from './batch-body.ts'
import { ByteReader } from './byte-reader.ts'

const PIECE_ROWS = 16_384
const READ_BYTES = 1024 * 1024

/**
 * Opens an Arrow IPC stream or file. It is read from its beginning to its end, one record batch in
 * memory at a time; of compressed ones the columns that are asked for.
 */
export async function openArrow(input: InputTable, spill?: Spill): Promise<TypedTable> {
  const { name: file } = input
  const reader = new ByteReader(openUnpacked(input), input.bytes)
  const messages = readMessages(reader, file)
  try {
    const first = await messages.next()
    if (first.done !== true && first.value.isFile && !isSchema(first.value)) {
      // Some writers put the schema of a file at its end alone.
      return await openBackwards(input, reader, spill)
    }
    reader.forget()
    const schema = schemaOf(first.done === true ? undefined : first.value, file)
    return typedTable(schema, messages, file, async () => {
      await messages.return()
      await reader.close()
    })
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** Opens a file whose schema is in the list of what is where at its end. */
async function openBackwards(
  input: InputTable,
  opened: ByteReader,
  spill: Spill | undefined,
): Promise<TypedTable> {
  const { name: file, once } = input
  const isDirect = once !== true && !isPacked(file)
  const access = await randomAccess(
    isDirect ? input : { name: file, open: () => opened.again() },
    spill,
  )
  await opened.close()
  const reader = new ByteReader(piecesOf(access), access.bytes)
  reader.forget()
  const messages = readMessages(reader, file)
  const close = async (): Promise<void> => {
    await messages.return()
    await reader.close()
    await access.close()
  }
  try {
    const end = await access.read(Math.max(0, access.bytes - 10), access.bytes)
    const length = footerBytes(end, access.bytes, file)
    if (length > MAX_METADATA_BYTES) throw arrowFault(file, `a list of ${length} bytes at its end`)
    const footer = await access.read(access.bytes - 10 - length, access.bytes - 10)
    const schema = guarded(file, 'its schema', () => {
      const list = Footer.getRootAsFooter(new ByteBuffer(footer))
      const schema = list.schema()
      if (schema === null) throw arrowFault(file, 'it has no schema')
      return readSchema(schema, list.version(), length, file)
    })
    return typedTable(schema, messages, file, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function* piecesOf(access: RandomAccess): AsyncGenerator<Uint8Array, void, void> {
  for (let from = 0; from < access.bytes; from += READ_BYTES) {
    yield access.read(from, Math.min(from + READ_BYTES, access.bytes))
  }
}

function typedTable(
  schema: ArrowSchema,
  messages: AsyncIterable<ArrowMessage>,
  file: string,
  close: () => Promise<void>,
): TypedTable {
  const index = indexOf(schema)
  const zone = schema.fields.find((field) => isZoneName(field.zone))?.zone
  return {
    columns: schema.fields.map(({ name, type, unsupported, local }) => ({
      name,
      type: type?.type ?? 'null',
      ...(local && { local }),
      ...(unsupported !== undefined && { unsupported }),
    })),
    ...(index !== undefined && { index }),
    ...(schema.metadata.get('varve:duplicates') === 'true' && { duplicates: true }),
    ...(zone !== undefined && { zone }),
    batches: (names) => batches(messages, schema, names, file),
    close,
  }
}

function isSchema({ message }: ArrowMessage): boolean {
  return message.headerType() === MessageHeader.Schema
}

function schemaOf(first: ArrowMessage | undefined, file: string): ArrowSchema {
  return guarded(file, 'its schema', () => {
    const schema =
      first !== undefined && isSchema(first)
        ? (first.message.header(new Schema()) as Schema | null)
        : null
    if (first === undefined || schema === null) throw arrowFault(file, 'it has no schema')
    return readSchema(schema, first.message.version(), first.metadataBytes, file)
  })
}

/** The index that varve, or pandas, wrote down beside the columns. */
function indexOf({ metadata }: ArrowSchema): readonly string[] | undefined {
  const own = metadata.get('varve:index')
  return own === undefined ? pandasIndex(metadata.get('pandas')) : namesIn(own)
}

function namesIn(json: string): readonly string[] | undefined {
  try {
    const names: unknown = JSON.parse(json)
    const areNames = Array.isArray(names) && names.every((name) => typeof name === 'string')
    return areNames ? names : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether a zone is one of the tz database by its form; UTC and offsets need no note. */
function isZoneName(zone: string | undefined): boolean {
  return (
    zone !== undefined &&
    /^[A-Za-z_]+(?:\/[\w+-]+)+$/.test(zone) &&
    !/^Etc\/(UTC|GMT|UCT)$/.test(zone)
  )
}

async function* batches(
  messages: AsyncIterable<ArrowMessage>,
  schema: ArrowSchema,
  names: readonly string[],
  file: string,
): AsyncGenerator<readonly Column[], void, void> {
  const wanted = new Map(names.map((name) => [name, schema.fields.find((f) => f.name === name)!]))
  const dictionaries = new Dictionaries(schema, [...wanted.values()], file)
  for await (const message of messages) {
    const kind = message.message.headerType()
    if (kind === MessageHeader.DictionaryBatch) await dictionaries.add(message)
    if (kind === MessageHeader.Schema) throw arrowFault(file, 'it has a second schema')
    if (kind !== MessageHeader.RecordBatch) continue
    const batch = guarded(file, 'a record batch', () =>
      message.message.header(new RecordBatch()),
    ) as RecordBatch | null
    if (batch === null) throw arrowFault(file, 'a record batch is empty')
    const body = await bodyOf(batch, message, file)
    const columns = guarded(file, 'a record batch', () =>
      openColumns(body, schema, new Set(wanted.values()), dictionaries, file),
    )
    const chosen = names.map((name) => columns.get(wanted.get(name)!)!)
    for (let from = 0, to = 0; from < body.rows; from = to) {
      yield guarded(file, 'a record batch', () => {
        to = Math.min(from + PIECE_ROWS, body.rows)
        for (const column of chosen) to = column.limit(from, to)
        return chosen.map((column, at) => pieceOf(column, from, to, file, names[at]!))
      })
    }
  }
}

function pieceOf(
  column: ArrowColumn,
  from: number,
  to: number,
  file: string,
  name: string,
): Column {
  try {
    return column.piece(from, to)
  } catch (error) {
    throw error instanceof ValueFault ? valueFaultIn(file, name, error) : error
  }
}

function openColumns(
  body: BatchBody,
  schema: ArrowSchema,
  wanted: ReadonlySet<ArrowField>,
  dictionaries: Dictionaries,
  file: string,
): Map<ArrowField, ArrowColumn> {
  const columns = new Map<ArrowField, ArrowColumn>()
  for (const field of schema.fields) {
    if (!wanted.has(field)) {
      body.skip(field.nodes)
      continue
    }
    const { dictionary } = field
    if (dictionary === undefined) columns.set(field, openColumn(body, field.type!, file))
    else {
      const numbers = openColumn(body, { type: dictionary.index, layout: 'same' }, file)
      columns.set(field, dictionaryColumn(numbers, dictionaries.values(field), file))
    }
  }
  return columns
}

async function bodyOf(batch: RecordBatch, message: ArrowMessage, file: string): Promise<BatchBody> {
  const unzstd = BatchBody.isZstd(batch) ? await loadUnzstd() : undefined
  const body = await message.body()
  return guarded(
    file,
    'a record batch',
    () => new BatchBody(batch, body, message.metadataBytes, file, unzstd),
  )
}

/** The dictionaries of the columns that are wanted, as they are where the stream has come to. */
class Dictionaries {
  readonly #fields = new Map<bigint, ArrowField>()
  readonly #parts = new Map<bigint, Column[]>()
  /** Of those that were asked for, since they last changed. */
  readonly #whole = new Map<bigint, Column>()
  readonly #file: string

  constructor(schema: ArrowSchema, wanted: readonly ArrowField[], file: string) {
    this.#file = file
    for (const field of schema.fields) {
      if (field.dictionary !== undefined && wanted.includes(field)) {
        this.#fields.set(field.dictionary.id, field)
      }
    }
  }

  /** Takes a dictionary batch: one that takes the place of what was, or adds to it. */
  async add(message: ArrowMessage): Promise<void> {
    const file = this.#file
    const { batch, field, isDelta } = guarded(file, 'a dictionary', () => {
      const header = message.message.header(new DictionaryBatch()) as DictionaryBatch | null
      const data = header?.data() ?? null
      if (header === null || data === null) throw arrowFault(file, 'a dictionary is empty')
      return { batch: data, field: this.#fields.get(header.id()), isDelta: header.isDelta() }
    })
    if (field === undefined) return
    const body = await bodyOf(batch, message, file)
    const part = guarded(file, 'a dictionary', () => {
      const column = openColumn(body, field.type!, file)
      if (column.limit(0, body.rows) < body.rows) {
        throw arrowFault(file, 'a dictionary has more bytes of text than varve reads')
      }
      return pieceOf(column, 0, body.rows, file, field.name)
    })
    const { id } = field.dictionary!
    this.#parts.set(id, isDelta ? [...(this.#parts.get(id) ?? []), part] : [part])
    this.#whole.delete(id)
  }

  /** The values of a column's dictionary, as {@link dictionaryColumn} takes them. */
  values(field: ArrowField): Column {
    const { id } = field.dictionary!
    let whole = this.#whole.get(id)
    if (whole === undefined) {
      whole = dictionaryValues(this.#parts.get(id) ?? [], field.type!.type)
      this.#whole.set(id, whole)
    }
    return whole
  }
}

let unzstd: Promise<Unzstd> | undefined

/** Loads a library the first time something compressed is met. */
function loadUnzstd(): Promise<Unzstd> {
  unzstd ??= load()
  return unzstd
}

async function load(): Promise<Unzstd> {
  const zstd = await (await import('../../zstd/load.ts')).loadZstdLibrary()
  return (frame, target) => {
    const length = zstd.decompress(target, frame)
    if (length !== target.length) throw new RangeError('a zstd frame of another length')
  }
}
