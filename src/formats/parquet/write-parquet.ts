import type { FileMetaData } from 'hyparquet'
import { sliceFrame } from '../../core/frame.ts'
import type { Frame, Schema } from '../../core/schema.ts'
import type { WriteTableOptions } from '../table.ts'
import { ChunkWriter, type PageTools } from './chunk-writer.ts'
import { loadCodecs } from './codecs.ts'
import { notesOf } from './table-notes.ts'
import { elementsOf, hasNanoseconds } from './write-schema.ts'

/** A row group ends with the page behind which it has so many rows, or so many bytes, packed. */
const GROUP_ROWS = 131_072
const GROUP_BYTES = 1 << 26
const PAGE_ROWS = 32_768
const MAGIC = new TextEncoder().encode('PAR1')

/**
 * Writes frames as a Parquet file, row group by row group: of one, only the packed pages are held.
 * The index holds no nulls; what Parquet has no word for is noted beside the table, and pandas finds
 * its index.
 */
export async function* writeParquet(
  schema: Schema,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  { zone }: WriteTableOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const [codecs, { ByteWriter }, { writePageHeader }, { writeMetadata }] = await Promise.all([
    loadCodecs(new Set(['ZSTD'])),
    import('hyparquet-writer/src/bytewriter.js'),
    import('hyparquet-writer/src/datapage.js'),
    import('hyparquet-writer/src/metadata.js'),
  ])
  const newWriter = () => new ByteWriter(256)
  const tools: PageTools = { codecs, newWriter, writeHeader: writePageHeader }
  const elements = elementsOf(schema)
  const groups: FileMetaData['row_groups'] = []
  const open = (before: readonly ChunkWriter[]) =>
    schema.columns.map(
      ({ type }, i) => new ChunkWriter(elements[i]!, fileType(type), tools, before[i]),
    )
  const unmarked = new Set<string>()
  let chunks = open([])
  let rows = 0
  let offset = MAGIC.length

  const endGroup = function* (): Generator<Uint8Array, void, void> {
    const from = offset
    const columns: FileMetaData['row_groups'][number]['columns'] = []
    for (const writer of chunks) {
      const { pieces, chunk } = writer.finish(offset)
      columns.push(chunk)
      for (const piece of pieces) {
        yield piece
        offset += piece.length
      }
    }
    const bytes = columns.reduce(
      (sum, column) => sum + column.meta_data!.total_uncompressed_size,
      0n,
    )
    groups.push({
      columns,
      total_byte_size: bytes,
      num_rows: BigInt(rows),
      total_compressed_size: BigInt(offset - from),
      file_offset: BigInt(from),
    })
    chunks = open(chunks)
    rows = 0
  }

  yield MAGIC
  for await (const frame of frames) {
    for (let from = 0; from < frame.rows; from += PAGE_ROWS) {
      const page = sliceFrame(frame, from, Math.min(frame.rows, from + PAGE_ROWS))
      for (const [i, column] of page.columns.entries()) {
        const { name, type } = schema.columns[i]!
        if (type === 'timestamp_ns' && !unmarked.has(name) && hasNanoseconds(column)) {
          unmarked.add(name)
        }
        chunks[i]!.add(column)
      }
      rows += page.rows
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)
      if (rows >= GROUP_ROWS || bytes >= GROUP_BYTES) yield* endGroup()
    }
  }
  if (rows > 0) yield* endGroup()

  const end = new ByteWriter()
  const notes = notesOf(schema, zone, [...unmarked])
  writeMetadata(end, {
    version: 2,
    created_by: 'varve',
    schema: [{ name: 'schema', num_children: elements.length }, ...elementsOf(schema, unmarked)],
    num_rows: groups.reduce((sum, group) => sum + group.num_rows, 0n),
    row_groups: groups,
    metadata_length: 0,
    key_value_metadata: [...notes].map(([key, value]) => ({ key, value })),
  })
  end.appendBytes(MAGIC)
  yield end.getBytes()
}

/** The type that a column's values have in the file. */
function fileType(type: Schema['columns'][number]['type']) {
  return type === 'timestamp_s' ? 'timestamp_ms' : type
}
