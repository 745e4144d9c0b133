import type { Id } from './id.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import { buildTree, ProllyCursor } from './prolly.ts'
import { PutsAhead } from './puts-ahead.ts'
import type { Schema } from './schema.ts'
import { checkSchema } from './schema-codec.ts'
import { formatOf, type Series, type SeriesResult, writeSeries } from './series.ts'
import { type Frames, rowBlocks } from './series-blocks.ts'
import { readColumns, type SegmentColumns } from './series-columns.ts'
import type { SegmentEntry } from './series-segment.ts'
import { BlockRun, type EarlierSegment, type StartedSegment, startSegment } from './series-write.ts'
import { RadixSplitter, SPLIT_LIMITS, type SplitLimits } from './split.ts'

/** Segments whose columns are on their way while the next rows are read. */
const SEGMENTS_AHEAD = 8

export interface BuildOptions {
  readonly limits?: SplitLimits
  /** The series in whose place it stands. */
  readonly earlier?: (Series & { readonly id: Id }) | undefined
}

/**
 * Stores a series of the rows in `frames`, which come in key order, in frames of any size, each
 * with the series' columns (absent value columns are null). Holds some segments and a frame in memory.
 *
 * `bad-input`, with the key in `data`, where a key is out of order, or repeated although the schema
 * does not allow duplicates; `schema-mismatch` where a frame's columns are not the schema's.
 */
export async function buildSeries(
  writer: ObjectWriter,
  schema: Schema,
  frames: Frames,
  { limits = SPLIT_LIMITS, earlier }: BuildOptions = {},
): Promise<SeriesResult> {
  checkSchema(schema)
  const segments = buildSegments(writer, schema, frames, limits, earlier)
  const sameNodes = earlier?.schema.columns.length === schema.columns.length
  const before = sameNodes ? earlier.root : undefined
  const root = await buildTree(writer, formatOf(schema), segments, before)
  return writeSeries(writer, schema, root, earlier?.id)
}

async function* buildSegments(
  writer: ObjectWriter,
  schema: Schema,
  frames: Frames,
  limits: SplitLimits,
  earlier: Series | undefined,
): AsyncGenerator<SegmentEntry> {
  const before = earlier && new EarlierSegments(writer, earlier, schema)
  const puts = new PutsAhead(writer)
  const started: StartedSegment[] = []
  const start = async (runs: BlockRun[]): Promise<void> => {
    const place = await before?.at(runs[0]!.first)
    started.push(await startSegment(puts, schema, runs, limits, place))
  }
  const splitter = new RadixSplitter<BlockRun>(limits.segmentRows)
  for await (const block of rowBlocks(schema, frames)) {
    for (const runs of splitter.push(new BlockRun(schema, block))) {
      await start(runs)
      if (started.length > SEGMENTS_AHEAD) yield await started.shift()!()
    }
  }
  for (const runs of splitter.finish()) await start(runs)
  for (const finish of started) yield await finish()
}

/** The segments of a series by the keys that they hold. */
class EarlierSegments {
  readonly #reader: ObjectReader
  readonly #series: Series
  readonly #cursor: ProllyCursor<SegmentColumns>
  /** For each column of what takes its place the position of the same column here, or −1. */
  readonly #positions: readonly number[]

  constructor(reader: ObjectReader, series: Series, { columns }: Schema) {
    this.#reader = reader
    this.#series = series
    this.#cursor = new ProllyCursor(reader, formatOf(series.schema), series.root)
    this.#positions = columns.map(({ name, type }) =>
      series.schema.columns.findIndex((column) => column.name === name && column.type === type),
    )
  }

  /** The one that holds a key, or the next, or the last. */
  async at(key: Uint8Array): Promise<EarlierSegment | undefined> {
    if (!(await this.#cursor.seek(key)) && !(await this.#cursor.previous())) return undefined
    const { value, weight } = this.#cursor.entry!
    const known = this.#positions.filter((position) => position >= 0)
    const count = this.#series.schema.columns.length
    const found = await readColumns(this.#reader, value, count, weight, known)
    const byPosition = new Map(known.map((position, i) => [position, found[i]]))
    return { columns: value, lists: this.#positions.map((position) => byPosition.get(position)) }
  }
}
