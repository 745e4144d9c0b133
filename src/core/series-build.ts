import type { ObjectWriter } from './objects.ts'
import { buildTree } from './prolly.ts'
import type { Schema } from './schema.ts'
import { checkSchema } from './schema-codec.ts'
import { formatOf, type SeriesResult, writeSeries } from './series.ts'
import { type Frames, rowBlocks } from './series-blocks.ts'
import type { SegmentEntry } from './series-segment.ts'
import { BlockRun, writeSegment } from './series-write.ts'
import { RadixSplitter, SPLIT_LIMITS, type SplitLimits } from './split.ts'

/**
 * Stores a series of the rows in `frames`, which come in key order, in frames of any size, each
 * with the series' columns (absent value columns are null). Holds a segment and a frame in memory.
 *
 * `bad-input`, with the key in `data`, where a key is out of order, or repeated although the schema
 * does not allow duplicates; `schema-mismatch` where a frame's columns are not the schema's.
 */
export async function buildSeries(
  writer: ObjectWriter,
  schema: Schema,
  frames: Frames,
  limits: SplitLimits = SPLIT_LIMITS,
): Promise<SeriesResult> {
  checkSchema(schema)
  const root = await buildTree(
    writer,
    formatOf(schema),
    buildSegments(writer, schema, frames, limits),
  )
  return writeSeries(writer, schema, root)
}

async function* buildSegments(
  writer: ObjectWriter,
  schema: Schema,
  frames: Frames,
  limits: SplitLimits,
): AsyncGenerator<SegmentEntry> {
  const splitter = new RadixSplitter<BlockRun>(limits.segmentRows)
  for await (const block of rowBlocks(schema, frames)) {
    for (const runs of splitter.push(new BlockRun(schema, block))) {
      yield await writeSegment(writer, schema, runs, limits)
    }
  }
  for (const runs of splitter.finish()) yield await writeSegment(writer, schema, runs, limits)
}
