import { createHash } from 'node:crypto'
import { ByteWriter, equalBytes } from './bytes.ts'
import type { Column } from './column.ts'
import { canonicalLength } from './column-codec.ts'
import { concatColumns } from './column-ops.ts'
import { VarveError } from './errors.ts'
import type { Id, ObjectKind } from './id.ts'
import type { ObjectReader } from './objects.ts'
import { checkNode, type ProllyFormat, type ProllyNode } from './prolly.ts'
import { isLeaf, readChild } from './prolly-node.ts'
import type { Schema } from './schema.ts'
import { formatOf, groupOf, rankOf, readSeries } from './series.ts'
import { type SegmentColumns, walkColumns } from './series-columns.ts'
import { LoadedSegment, readChunk } from './series-load.ts'
import type { SegmentEntry } from './series-segment.ts'
import { BlockRun } from './series-write.ts'
import { cutChunks, partition, type Run, SPLIT_LIMITS, type SplitLimits } from './split.ts'

export interface SeriesVerifierOptions {
  readonly limits?: SplitLimits
  /** Told of each object that is not the series itself, once or more. */
  readonly onObject?: (kind: ObjectKind, id: Id) => Promise<void> | void
}

/**
 * Checks series: that all they are made of is there and reads, that rows are where their keys say,
 * and that segments and chunks are cut where the format cuts them. What passes is what building the
 * series from its rows would give; what many series share, as versions of one do, is read once.
 */
export class SeriesVerifier {
  readonly #reader: ObjectReader
  readonly #limits: SplitLimits
  readonly #onObject: NonNullable<SeriesVerifierOptions['onObject']>
  /** Digests of segments that were looked at, with the schema that they were read under. */
  readonly #segments = new Set<string>()

  constructor(reader: ObjectReader, options: SeriesVerifierOptions = {}) {
    this.#reader = reader
    this.#limits = options.limits ?? SPLIT_LIMITS
    this.#onObject = options.onObject ?? (() => undefined)
  }

  /** All that is wrong with a series that was not wrong with one before it. */
  async *verify(id: Id): AsyncGenerator<VarveError> {
    try {
      const { schema, root } = await readSeries(this.#reader, id)
      yield* this.#verifyTree(schema, root)
    } catch (error) {
      yield faultOf(error)
    }
  }

  async *#verifyTree(schema: Schema, root: ProllyNode<SegmentColumns>): AsyncGenerator<VarveError> {
    const segments: SegmentEntry[] = []
    let whole = true
    for await (const found of this.#entries(formatOf(schema), root, true)) {
      if (found instanceof VarveError) {
        whole = false
        yield found
        continue
      }
      segments.push(found)
      yield* this.#verifySegment(schema, found)
    }
    // Where a part is missing, what is left is not cut as the whole was.
    if (whole) yield* attempt(() => checkCuts(schema, segments, this.#limits))
  }

  async *#entries(
    format: ProllyFormat<SegmentColumns>,
    node: ProllyNode<SegmentColumns>,
    isLast: boolean,
  ): AsyncGenerator<SegmentEntry | VarveError> {
    yield* attempt(() => checkNode(node, isLast))
    if (isLeaf(node)) {
      yield* node.entries
      return
    }
    const end = node.entries.length - 1
    for (const [i, entry] of node.entries.entries()) {
      let child: ProllyNode<SegmentColumns>
      try {
        await this.#onObject('segments', entry.child)
        child = await readChild(this.#reader, format, node.level, entry)
      } catch (error) {
        yield faultOf(error)
        continue
      }
      yield* this.#entries(format, child, isLast && i === end)
    }
  }

  async *#verifySegment(schema: Schema, entry: SegmentEntry): AsyncGenerator<VarveError> {
    const digest = digestOf(schema, entry)
    if (this.#segments.has(digest)) return
    this.#segments.add(digest)
    const count = schema.columns.length
    try {
      const parts = walkColumns(this.#reader, entry.value, count, entry.weight, () => false)
      for await (const { kind, id } of parts) await this.#onObject(kind, id)
      const loaded = new LoadedSegment(this.#reader, schema, entry)
      const keys = await loaded.keys()
      await loaded.locateAll()
      const run = new BlockRun(schema, { rows: keys.length, keys, columns: [] })
      for (let position = 0; position < count; position++) {
        yield* await this.#verifyColumn(schema, loaded, run, position)
      }
    } catch (error) {
      yield faultOf(error)
    }
  }

  async #verifyColumn(
    schema: Schema,
    loaded: LoadedSegment,
    run: BlockRun,
    position: number,
  ): Promise<VarveError[]> {
    const { name, type } = schema.columns[position]!
    try {
      const [chunks] = await loaded.chunkLists([position])
      const parts: Column[] = []
      for (const chunk of chunks!) parts.push(await readChunk(this.#reader, chunk, type))
      const column = concatColumns(parts)
      const rows = cutChunks([run], (from, to) => canonicalLength(column, from, to), this.#limits)
      if (rows.length !== chunks!.length || rows.some((count, i) => count !== chunks![i]!.rows)) {
        throw corrupt(`column ${JSON.stringify(name)} is cut into chunks in other places`)
      }
      if (position < schema.indexCount && hasMinusZero(column)) {
        throw corrupt(`index column ${JSON.stringify(name)} has a −0`)
      }
      return []
    } catch (error) {
      return [faultOf(error)]
    }
  }
}

/** Throws unless segments are what the radix split makes of their rows, and ranks go on. */
function checkCuts(schema: Schema, segments: readonly SegmentEntry[], limits: SplitLimits): void {
  if (schema.duplicates) checkRanks(schema, segments)
  const runs = segments.map((segment) => new WholeSegment(segment))
  for (const group of partition(runs, -1, -1, limits.segmentRows)) {
    if (group.length > 1) throw corrupt('segments that fit together are apart')
  }
}

/** A segment that the split must leave whole. */
class WholeSegment implements Run<WholeSegment> {
  readonly rows: number
  readonly first: Uint8Array
  readonly last: Uint8Array

  constructor({ weight, key, last }: SegmentEntry) {
    this.rows = weight
    this.first = key
    this.last = last
  }

  rowsBefore(): never {
    throw corrupt('a segment holds rows that belong into two')
  }

  slice(): never {
    throw corrupt('a segment holds rows that belong into two')
  }
}

function checkRanks(schema: Schema, segments: readonly SegmentEntry[]): void {
  let before: Uint8Array | undefined
  for (const { key, last } of segments) {
    const goesOn = before !== undefined && equalBytes(groupOf(schema, before), groupOf(schema, key))
    if (rankOf(key) !== (goesOn ? rankOf(before!) + 1 : 0)) {
      throw corrupt('rows with equal keys are not numbered one after another')
    }
    before = last
  }
}

function hasMinusZero({ type, values }: Column): boolean {
  if (type !== 'float64' && type !== 'float32') return false
  return (values as Float64Array | Float32Array).some((value) => Object.is(value, -0))
}

function digestOf(schema: Schema, entry: SegmentEntry): string {
  const writer = new ByteWriter().u8(schema.duplicates ? 1 : 0).varint(schema.indexCount)
  for (const { type } of schema.columns) writer.text(type)
  formatOf(schema).encodeEntry(writer, entry)
  return createHash('sha256').update(writer.finish()).digest('base64')
}

function* attempt(check: () => void): Generator<VarveError> {
  try {
    check()
  } catch (error) {
    yield faultOf(error)
  }
}

function faultOf(error: unknown): VarveError {
  if (error instanceof VarveError && error.code !== 'interrupted') return error
  throw error
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', reason)
}
