import { hash } from 'node:crypto'
import { ByteWriter, equalBytes } from './bytes.ts'
import type { Column } from './column.ts'
import { canonicalLength } from './column-codec.ts'
import { type ColumnFacts, hexOf } from './column-facts.ts'
import { concatColumns } from './column-ops.ts'
import { VarveError } from './errors.ts'
import type { Id, ObjectKind } from './id.ts'
import type { ObjectReader } from './objects.ts'
import { checkNode, type ProllyNode } from './prolly.ts'
import { isLeaf, type ProllyLeaf, readChild } from './prolly-node.ts'
import type { Schema } from './schema.ts'
import { formatOf, groupOf, rankOf, readSeries } from './series.ts'
import { type ChunkList, type SegmentColumns, walkColumns } from './series-columns.ts'
import { LoadedSegment, readChunk } from './series-load.ts'
import type { SegmentEntry } from './series-segment.ts'
import { BlockRun } from './series-write.ts'
import { cutChunks, partition, type Run, SPLIT_LIMITS, type SplitLimits } from './split.ts'

export interface SeriesVerifierOptions {
  readonly limits?: SplitLimits
  /** Told of each object that is not the series itself, once or more. */
  readonly onObject?: (kind: ObjectKind, id: Id) => Promise<void> | void
  /** What is known of a column that was read and checked before: where that is enough, it is not read again. */
  readonly factsOf?: (id: Id) => ColumnFacts | undefined | Promise<ColumnFacts | undefined>
  /** Is told of columns whose facts will be asked for, some segments before. */
  readonly onNext?: (column: Id) => Promise<void>
}

/** Segments that are announced before they are looked at. */
const AHEAD = 16

/** Something wrong with a series, and in which part of it. */
export interface SeriesFault {
  readonly error: VarveError
  /** The range of keys: of a segment, or of the node of the tree of segments that is not there. */
  readonly range?: SeriesRange
  /** The column's name. */
  readonly column?: string
}

export interface SeriesRange {
  readonly schema: Schema
  /** First and last key. */
  readonly first: Uint8Array
  readonly last: Uint8Array
  readonly rows: number
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
  readonly #factsOf: NonNullable<SeriesVerifierOptions['factsOf']>
  readonly #onNext: SeriesVerifierOptions['onNext']
  /** Digests of segments that were looked at, with the schema that they were read under. */
  readonly #segments = new Set<string>()

  constructor(reader: ObjectReader, options: SeriesVerifierOptions = {}) {
    this.#reader = reader
    this.#limits = options.limits ?? SPLIT_LIMITS
    this.#onObject = options.onObject ?? (() => undefined)
    this.#factsOf = options.factsOf ?? (() => undefined)
    this.#onNext = options.onNext
  }

  /** Takes the segments of a series for right: nothing of it is looked at again where others have it too. */
  async trust(id: Id): Promise<void> {
    const { schema, root } = await readSeries(this.#reader, id)
    for await (const found of this.#leaves(schema, root, true)) {
      if ('error' in found) continue
      for (const entry of found.entries) this.#segments.add(digestOf(schema, entry))
    }
  }

  /** All that is wrong with a series that was not wrong with one before it. */
  async *verify(id: Id): AsyncGenerator<SeriesFault> {
    try {
      const { schema, root } = await readSeries(this.#reader, id)
      yield* this.#verifyTree(schema, root)
    } catch (error) {
      yield { error: faultOf(error) }
    }
  }

  async *#verifyTree(
    schema: Schema,
    root: ProllyNode<SegmentColumns>,
  ): AsyncGenerator<SeriesFault> {
    const segments: SegmentEntry[] = []
    let whole = true
    const ahead: SegmentEntry[] = []
    for await (const found of this.#leaves(schema, root, true)) {
      if ('error' in found) {
        whole = false
        for (const entry of ahead.splice(0)) yield* this.#verifySegment(schema, entry)
        yield found
        continue
      }
      for (const entry of found.entries) {
        segments.push(entry)
        const digest = digestOf(schema, entry)
        if (this.#segments.has(digest)) continue
        this.#segments.add(digest)
        if (this.#isKnownSegment(schema, entry)) {
          const told = this.#tellColumns(entry)
          if (told !== undefined) await told
          continue
        }
        await this.#announce(entry)
        ahead.push(entry)
        if (ahead.length > AHEAD) yield* this.#verifySegment(schema, ahead.shift()!)
      }
    }
    for (const entry of ahead) yield* this.#verifySegment(schema, entry)
    // Where a part is missing, what is left is not cut as the whole was.
    if (whole) yield* attempt(() => checkCuts(schema, segments, this.#limits))
  }

  async *#leaves(
    schema: Schema,
    node: ProllyNode<SegmentColumns>,
    isLast: boolean,
  ): AsyncGenerator<ProllyLeaf<SegmentColumns> | SeriesFault> {
    yield* attempt(() => checkNode(node, isLast))
    if (isLeaf(node)) {
      yield node
      return
    }
    const end = node.entries.length - 1
    for (const [i, entry] of node.entries.entries()) {
      let child: ProllyNode<SegmentColumns>
      try {
        await this.#onObject('segments', entry.child)
        child = await readChild(this.#reader, formatOf(schema), node.level, entry)
      } catch (error) {
        yield { error: faultOf(error), range: rangeOf(schema, entry) }
        continue
      }
      yield* this.#leaves(schema, child, isLast && i === end)
    }
  }

  async #announce({ value }: SegmentEntry): Promise<void> {
    if (this.#onNext === undefined || typeof value === 'string') return
    for (const chunks of value) if (chunks.length === 1) await this.#onNext(chunks[0]!.id)
  }

  /** Whether nothing of a segment has to be read, or waited for, to know that it is right. */
  #isKnownSegment(schema: Schema, entry: SegmentEntry): boolean {
    const { value } = entry
    // What is announced is found out meanwhile, and not at hand.
    if (this.#onNext !== undefined || typeof value === 'string') return false
    if (value.length !== schema.columns.length) return false
    const known: ColumnFacts[] = []
    for (const [position, chunks] of value.entries()) {
      const facts = chunks.length === 1 ? this.#factsOf(chunks[0]!.id) : undefined
      if (facts === undefined || facts instanceof Promise) return false
      if (!this.#isRight(schema, position, facts, entry)) return false
      known.push(facts)
    }
    return keysAreRight(schema, known[0], entry)
  }

  /** Of the columns of a segment that stand in its entry. */
  #tellColumns({ value }: SegmentEntry): Promise<unknown> | undefined {
    const waiting: Promise<void>[] = []
    for (const chunks of value as readonly ChunkList[]) {
      for (const { id } of chunks) {
        const told = this.#onObject('column', id)
        if (told instanceof Promise) waiting.push(told)
      }
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting)
  }

  async *#verifySegment(schema: Schema, entry: SegmentEntry): AsyncGenerator<SeriesFault> {
    const count = schema.columns.length
    const range = rangeOf(schema, entry)
    try {
      const parts = walkColumns(this.#reader, entry.value, count, entry.weight, () => false)
      for await (const { kind, id } of parts) await this.#onObject(kind, id)
      const loaded = new LoadedSegment(this.#reader, schema, entry)
      const lists = await loaded.chunkLists(schema.columns.map((_, position) => position))
      const unknown: number[] = []
      for (const [position, list] of lists.entries()) {
        if (!(await this.#isKnown(schema, position, list, entry))) unknown.push(position)
      }
      if (unknown.length === 0 && (await this.#keysAreKnown(schema, lists[0], entry))) return
      const run = await this.#keysOf(schema, loaded)
      const keys = 'error' in run ? undefined : run
      let keysAreRead = true
      for (const position of unknown) {
        for (const error of await this.#verifyColumn(schema, loaded, keys, position)) {
          if (position < schema.indexCount) keysAreRead = false
          yield { error, range, column: schema.columns[position]!.name }
        }
      }
      if ('error' in run && keysAreRead) yield { ...run, range }
    } catch (error) {
      yield { error: faultOf(error), range }
    }
  }

  /** Whether a column is known to be one that a segment may have there, in one chunk. */
  async #isKnown(
    schema: Schema,
    position: number,
    chunks: ChunkList,
    entry: SegmentEntry,
  ): Promise<boolean> {
    const facts = chunks.length === 1 ? await this.#factsOf(chunks[0]!.id) : undefined
    return facts !== undefined && this.#isRight(schema, position, facts, entry)
  }

  #isRight(
    schema: Schema,
    position: number,
    facts: ColumnFacts,
    { weight }: SegmentEntry,
  ): boolean {
    const { type } = schema.columns[position]!
    if (facts.type !== type || facts.rows !== weight) return false
    const mayHaveMinusZero = type === 'float64' || type === 'float32'
    if (position < schema.indexCount && mayHaveMinusZero) return false
    return weight === 1 || facts.bytes <= this.#limits.chunkBytes
  }

  /** Whether the keys of a segment are known to be in order, and those of its entry. */
  async #keysAreKnown(
    schema: Schema,
    chunks: ChunkList | undefined,
    entry: SegmentEntry,
  ): Promise<boolean> {
    if (chunks?.length !== 1) return false
    return keysAreRight(schema, await this.#factsOf(chunks[0]!.id), entry)
  }

  /** The rows by their keys, or what is wrong with those, which may be a column of them. */
  async #keysOf(schema: Schema, loaded: LoadedSegment): Promise<BlockRun | { error: VarveError }> {
    try {
      const keys = await loaded.keys()
      return new BlockRun(schema, { rows: keys.length, keys, columns: [] })
    } catch (error) {
      return { error: faultOf(error) }
    }
  }

  /** @param run the rows by their keys, where those can be read */
  async #verifyColumn(
    schema: Schema,
    loaded: LoadedSegment,
    run: BlockRun | undefined,
    position: number,
  ): Promise<VarveError[]> {
    const { name, type } = schema.columns[position]!
    const [chunks] = await loaded.chunkLists([position])
    const parts: Column[] = []
    const faults: VarveError[] = []
    for (const chunk of chunks!) {
      try {
        parts.push(await readChunk(this.#reader, chunk, type))
      } catch (error) {
        faults.push(faultOf(error))
      }
    }
    if (faults.length > 0) return faults
    const column = concatColumns(parts)
    if (run !== undefined) {
      const rows = cutChunks([run], (from, to) => canonicalLength(column, from, to), this.#limits)
      if (rows.length !== chunks!.length || rows.some((count, i) => count !== chunks![i]!.rows)) {
        const quoted = JSON.stringify(name)
        faults.push(corrupt(`column ${quoted} is cut into chunks in other places`))
      }
    }
    if (position < schema.indexCount && hasMinusZero(column)) {
      faults.push(corrupt(`index column ${JSON.stringify(name)} has a −0`))
    }
    return faults
  }
}

/** Whether facts of a first column say that the keys of a segment are in order, and those of its entry. */
function keysAreRight(
  schema: Schema,
  facts: ColumnFacts | undefined,
  { key, last, weight }: SegmentEntry,
): boolean {
  const keys = facts?.keys
  if (schema.indexCount !== 1 || keys === undefined) return false
  const { first, ascends, tail } = keys
  if (first !== hexOf(groupOf(schema, key)) || keys.last !== hexOf(groupOf(schema, last))) {
    return false
  }
  if (!schema.duplicates) return ascends
  return rankOf(last) === (tail === weight ? rankOf(key) : 0) + tail - 1
}

function rangeOf(
  schema: Schema,
  { key: first, last, weight: rows }: { key: Uint8Array; last: Uint8Array; weight: number },
): SeriesRange {
  return { schema, first, last, rows }
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
  const writer = new ByteWriter(512).u8(schema.duplicates ? 1 : 0).varint(schema.indexCount)
  for (const { type } of schema.columns) writer.text(type)
  formatOf(schema).encodeEntry(writer, entry)
  return hash('sha256', writer.finish(), 'hex')
}

function* attempt(check: () => void): Generator<SeriesFault> {
  try {
    check()
  } catch (error) {
    yield { error: faultOf(error) }
  }
}

function faultOf(error: unknown): VarveError {
  if (error instanceof VarveError && error.code !== 'interrupted') return error
  throw error
}

function corrupt(reason: string): VarveError {
  return new VarveError('corrupt-object', reason)
}
